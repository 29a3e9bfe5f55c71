"""Exposed: operated at any time."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Exposure, Floats


def ever_operated(cohort: Cohort, time_zero: Floats, rng: np.random.Generator) -> Exposure:
    """Every woman operated during follow-up counts as exposed from time zero on.

    Where the bias comes from
    -------------------------
    Exposure is decided at surgery and looks into the future: to be exposed a woman must first live
    until her operation, and those months are immortal, while women who die waiting are counted as
    unexposed. Favours surgery, the more so the longer the wait.
    Source: Suissa 2008, doi 10.1093/aje/kwm324.

    Returns
    -------
    Exposure
        `decided` is the month of surgery, inf for those never operated.
    """
    operated_at = cohort.operated_at
    return Exposure(exposed=np.isfinite(operated_at), decided=operated_at)
