"""Progression of the primary tumour or death, whichever comes first."""

from __future__ import annotations

import numpy as np

from biasim.design._local import primary_progresses
from biasim.types import Cohort, Outcome


def local_progression_or_death(cohort: Cohort, rng: np.random.Generator) -> Outcome:
    """Local progression or death of any cause: the composite that a paper may call progression-free survival.

    Where the bias comes from
    -------------------------
    A ratio of a composite is an average of those of its components. Where surgery prevents local progression and no death, the
    composite favours surgery although nobody lives longer: rightly as a statement about local progression or death, wrongly as
    one about survival. Distant progression, on which surgery of the primary tumour may do nothing or harm, is left out here.

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
    none = local.log_ratio == 0.0 and cohort.effect.is_none
    return Outcome(
        at=np.minimum(local.operated, cohort.death), event=ones, cause=ones.astype(np.int8), effect=cohort.effect if none else None
    )
