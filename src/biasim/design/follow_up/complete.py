"""Everybody is watched until death."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Floats


def complete(cohort: Cohort, time_zero: Floats, rng: np.random.Generator) -> Floats:
    """Follow-up lasts until death, unless the patient is lost.

    Where the bias comes from
    -------------------------
    Nowhere: no patient is taken out by the study.

    Returns
    -------
    Floats
        Shape (n,), all inf.
    """
    return np.full(cohort.size, np.inf)
