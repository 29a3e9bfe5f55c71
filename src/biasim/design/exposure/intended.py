"""Exposed: meant for surgery."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Exposure, Floats


def intended(cohort: Cohort, time_zero: Floats, rng: np.random.Generator) -> Exposure:
    """Women meant for surgery count as exposed, operated or not: in a trial, the arm.

    Where the bias comes from
    -------------------------
    Nowhere: the intention does not wait for the operation, so nobody has to survive to be counted.
    Who is meant for surgery may still depend on prognosis (see `treatment`), and women who never
    reach their operation pull a true effect towards none. A registry does not hold intentions:
    outside a trial this is what a perfect emulation could have asked.

    Returns
    -------
    Exposure
        `decided` is the month of randomisation in a trial, 0 elsewhere.
    """
    treatment = cohort.treatment
    decided = np.where(treatment.randomised, treatment.randomised_at, 0.0)
    return Exposure(exposed=treatment.intended, decided=decided)
