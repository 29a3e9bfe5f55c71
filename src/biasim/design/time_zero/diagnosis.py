"""Follow-up from diagnosis."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Floats


def diagnosis(cohort: Cohort) -> Floats:
    """Follow-up starts at diagnosis.

    Where the bias comes from
    -------------------------
    Nowhere by itself: the clock is right for whatever is known at diagnosis. An exposure decided
    later makes the months in between immortal; the exposure part says so.

    Returns
    -------
    Floats
        Shape (n,), all 0 months.
    """
    return np.zeros(cohort.size)
