"""Death certified as of the cancer."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.design._chance import chance
from biasim.errors import UnknownColumn
from biasim.types import Cohort, Outcome
from biasim.units import TWO_CAUSES, OddsRatio, Probability, Switch


def death_of_the_cancer(
    cohort: Cohort,
    rng: np.random.Generator,
    *,
    missed: Annotated[Probability, Switch(0.0)] = 0.05,
    missed_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 3.0,
    added: Annotated[Probability, Switch(0.0)] = 0.5,
    added_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 0.5,
) -> Annotated[Outcome, TWO_CAUSES]:
    """Death that the certificate puts down to the cancer; any other death ends observation and competes (cause 2).

    What is judged against it is the cause-specific hazard ratio of death truly of the cancer, as a perfect trial that certifies
    every death rightly would report it.

    Where the bias comes from
    -------------------------
    Who certifies the death knows whether the breast was operated on. Where a death of the cancer is more easily missed in the
    operated (missed odds ratio above 1), or a death of another cause is less readily put down to the cancer in them (added
    odds ratio below 1), that favours surgery; the opposite works against it. With the same error in both groups deaths missed
    bias nothing, and deaths added are deaths on which surgery does not act: a true effect is diluted, and whatever
    confounds those deaths enters the ratio.

    Parameters
    ----------
    missed
        Probability that a death of the cancer is certified as of another cause, in the unoperated. Default: assumed.
    missed_odds_ratio
        Odds ratio of that in the operated. Default: assumed.
    added
        Probability that a death of another cause is certified as of the cancer, in the unoperated: high where a disease known
        to be incurable explains any death. Default: assumed.
    added_odds_ratio
        Odds ratio of that in the operated. Default: assumed.

    Returns
    -------
    Outcome
        Every `at` is a death, an event where it is certified as of the cancer.

    Raises
    ------
    UnknownColumn
        In a world in which every death is of the cancer.

    Source
    ------
    Izci 2021, doi 10.1186/s13690-021-00637-w: of 354 certificates after breast cancer of any stage, 10.7 % named the cancer
    wrongly and 4.5 % missed it; by treatment is not told.
    """
    if cohort.of_other_cause is None:
        reason = "every death in this world is of the cancer, and none can be certified otherwise; it needs survival.two_causes"
        raise UnknownColumn("outcome.death_of_the_cancer", "survival", ["survival.two_causes"], reason)
    operated = cohort.operated.astype(np.float64)
    overlooked = chance(missed, (missed_odds_ratio, operated))
    put_down = chance(added, (added_odds_ratio, operated))
    draw = rng.random(cohort.size)
    event = np.where(cohort.of_other_cause, draw < put_down, draw >= overlooked)
    cause = np.where(event, np.int8(1), np.int8(2))
    return Outcome(at=cohort.death, event=event, cause=cause, effect=cohort.effect)
