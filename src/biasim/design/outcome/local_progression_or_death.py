"""Progression of the primary tumour or death, whichever comes first."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.design._local import primary_progresses
from biasim.types import Cohort, Outcome
from biasim.units import LOCAL_PROGRESSION, Switch


def local_progression_or_death(
    cohort: Cohort, rng: np.random.Generator, *, read_as: Annotated[Literal["itself", "death"], Switch("itself")] = "itself"
) -> Annotated[Outcome, LOCAL_PROGRESSION]:
    """Local progression or death of any cause: the composite that a paper may call progression-free survival.

    Where the bias comes from
    -------------------------
    A ratio of a composite is an average of those of its components. Where surgery prevents local progression and no death, the
    composite is better although nobody lives longer: read as death it favours surgery, as itself it is unbiased.
    Distant progression, on which surgery of the primary tumour may do nothing or harm, is left out here.

    Parameters
    ----------
    read_as
        What readers take the result for, and what it is judged against: itself, or death. Default: itself, assumed.

    Returns
    -------
    Outcome
        Every `at` is an event of cause 1.

    Raises
    ------
    UnknownColumn
        In a world in which nobody's primary tumour progresses.
    """
    local = primary_progresses(cohort, "local_progression_or_death")
    ones = np.ones(cohort.size, dtype=bool)
    effect = cohort.effect if local.log_ratio == 0.0 and cohort.effect.is_none else None
    return Outcome(at=np.minimum(local.operated, cohort.death), event=ones, cause=ones.astype(np.int8), effect=effect)
