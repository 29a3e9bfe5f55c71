"""Death of any cause."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Outcome


def death(cohort: Cohort, rng: np.random.Generator) -> Outcome:
    """Death, whatever of; its cause is known where the world has several.

    Where the bias comes from
    -------------------------
    Nowhere: every death is seen, and no one has to judge it.

    Returns
    -------
    Outcome
        Every `at` is a death; cause 1 is the cancer, 2 anything else.
    """
    of_other = np.zeros(cohort.size, dtype=bool) if cohort.of_other_cause is None else cohort.of_other_cause
    event = np.ones(cohort.size, dtype=bool)
    return Outcome(at=cohort.death, event=event, cause=np.int8(1) + of_other, effect=cohort.effect)
