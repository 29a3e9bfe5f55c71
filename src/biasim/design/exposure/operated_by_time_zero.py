"""Exposed: operated before follow-up starts."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Exposure, Floats


def operated_by_time_zero(cohort: Cohort, time_zero: Floats, rng: np.random.Generator) -> Exposure:
    """Women operated at or before time zero count as exposed.

    Where the bias comes from
    -------------------------
    Nowhere by itself: exposure is known when follow-up starts. Operations after time zero count as
    unexposed, which pulls a true effect towards none.

    Returns
    -------
    Exposure
        `decided` is the month of surgery for the exposed and time zero for all others.
    """
    operated_at = cohort.operated_at
    return Exposure(exposed=operated_at <= time_zero, decided=np.minimum(operated_at, time_zero))
