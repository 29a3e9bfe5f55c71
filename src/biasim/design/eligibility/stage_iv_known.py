"""Women whose metastases were known early enough."""

from __future__ import annotations

import numpy as np

from biasim.types import Bools, Cohort
from biasim.units import Months


def stage_iv_known(cohort: Cohort, rng: np.random.Generator, *, by: Months = 0.0) -> Bools:
    """Women known to have stage IV by a month from diagnosis.

    Where the bias comes from
    -------------------------
    Nowhere when `by` lies at or before time zero: this is the criterion that removes stage
    migration, because women whose metastases were found by the operation itself stay out. A study
    that leaves it away admits them, and all of them are operated.

    Parameters
    ----------
    by
        Months from diagnosis by which stage IV must have become known.

    Returns
    -------
    Bools
        Shape (n,).
    """
    return cohort.staging.known <= by
