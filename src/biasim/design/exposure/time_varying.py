"""Exposed from surgery on."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, ExposureOverTime, Floats


def time_varying(cohort: Cohort, time_zero: Floats, rng: np.random.Generator) -> ExposureOverTime:
    """Person-time counts as exposed from surgery on and as unexposed before.

    Where the bias comes from
    -------------------------
    Nowhere by itself: no month is immortal. Women are still chosen for surgery, by what is recorded
    and what is not, and a response to therapy that comes before surgery is not a baseline
    covariate.

    Returns
    -------
    ExposureOverTime
        `decided` is the month of surgery, inf for those never operated.
    """
    operated_at = cohort.operated_at
    return ExposureOverTime(exposed=np.isfinite(operated_at), decided=operated_at)
