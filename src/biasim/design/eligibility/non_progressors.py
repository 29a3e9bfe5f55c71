"""Women whose disease did not progress under systemic therapy."""

from __future__ import annotations

import numpy as np

from biasim.types import Bools, Cohort


def non_progressors(cohort: Cohort, rng: np.random.Generator) -> Bools:
    """Women who responded or were stable at the first evaluation of systemic therapy.

    Where the bias comes from
    -------------------------
    Nowhere when time zero lies at or after the evaluation: it is then a plain restriction. With an
    earlier time zero eligibility looks into the future, and the estimate is about women whom
    nobody could have picked out at that moment.

    Returns
    -------
    Bools
        Shape (n,).
    """
    return cohort.course.response >= 0
