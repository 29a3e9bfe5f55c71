"""Everybody is watched equally long."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Floats
from biasim.units import PositiveMonths


def months(cohort: Cohort, time_zero: Floats, rng: np.random.Generator, *, months: PositiveMonths = 60.0) -> Floats:
    """Follow-up ends this many months after time zero.

    Where the bias comes from
    -------------------------
    Nowhere: the end is the same for all and known beforehand. A hazard ratio that changes over time
    is averaged over these months only.

    Parameters
    ----------
    months
        Length of follow-up from time zero.

    Returns
    -------
    Floats
        Shape (n,), months from diagnosis.
    """
    return time_zero + months
