"""The women of a randomised trial."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.types import Bools, Cohort
from biasim.units import A_TRIAL, Count


def randomised(cohort: Cohort, rng: np.random.Generator, *, target: Count = 0) -> Annotated[Bools, A_TRIAL]:
    """Women who were randomised, alive at randomisation, up to an accrual target.

    Where the bias comes from
    -------------------------
    Nowhere: chance alone decides the arm, whoever enters. A small target makes the answer
    imprecise, not biased.

    Parameters
    ----------
    target
        Accrual target: the first `target` women in the order of the cohort, which is random with
        respect to everything else, so that the trial recruits evenly over the calendar. 0 takes
        all. In a list of criteria the target counts women who satisfy all of them and are alive
        and under follow-up at time zero: `observe` applies it last.

    Returns
    -------
    Bools
        Shape (n,). Nobody in a world without randomisation (`treatment` other than a trial).
    """
    treatment = cohort.treatment
    eligible = treatment.randomised & (treatment.randomised_at < cohort.death)
    return eligible if target == 0 else eligible & (np.cumsum(eligible) <= target)
