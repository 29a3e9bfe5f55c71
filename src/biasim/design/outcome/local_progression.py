"""Progression of the primary tumour."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.design._local import primary_progresses
from biasim.types import Cohort, Effect, Outcome
from biasim.units import LOCAL_PROGRESSION, Switch


def local_progression(
    cohort: Cohort, rng: np.random.Generator, *, read_as: Annotated[Literal["itself", "death"], Switch("itself")] = "itself"
) -> Annotated[Outcome, LOCAL_PROGRESSION]:
    """Local progression; death without it ends observation and competes (cause 2).

    What is judged against it is the cause-specific hazard ratio of local progression, as a perfect trial would report it.

    Where the bias comes from
    -------------------------
    It answers another question. Surgery of the primary tumour can truly prevent local progression and prolong no life: read as
    death, as if women lived longer for it, it favours surgery. As itself it is unbiased: every progression is seen in the month
    in which it happens. Who dies early cannot progress later, so the share who ever progress depends on survival as well.

    Parameters
    ----------
    read_as
        What readers take the result for, and what it is judged against: itself, or death. Default: itself, assumed.

    Returns
    -------
    Outcome
        `at` is progression, or death where that comes first.

    Raises
    ------
    UnknownColumn
        In a world in which nobody's primary tumour progresses.
    """
    local = primary_progresses(cohort, "local_progression")
    event = local.operated <= cohort.death
    effect = Effect(after=np.zeros(1), log_ratio=np.full((cohort.size, 1), local.log_ratio))
    cause = np.where(event, np.int8(1), np.int8(2))
    return Outcome(at=np.minimum(local.operated, cohort.death), event=event, cause=cause, effect=effect)
