"""Exposed: operated, and through a number of cycles of systemic therapy."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.design.exposure.ever_operated import ever_operated
from biasim.design.exposure.intended import intended
from biasim.types import Cohort, Exposure, Floats
from biasim.units import Count, PositiveMonths, Switch

TRULY = {"ever_operated": ever_operated, "intended": intended}


def after_cycles(
    cohort: Cohort,
    time_zero: Floats,
    rng: np.random.Generator,
    *,
    of: Literal["ever_operated", "intended"] = "ever_operated",
    cycles: Annotated[Count, Switch(0)] = 6,
    every: PositiveMonths = 0.69,
) -> Exposure:
    """Women count as exposed when they had surgery and completed a number of cycles of systemic therapy, before or after it.

    Where the bias comes from
    -------------------------
    The cycles take time, and only a woman who lives, and is followed, until the last of them can be exposed: `cycles`
    times `every` months are a guarantee. Women operated who die within it have not completed their treatment and join
    the unexposed, of whom no cycle is asked. Favours surgery, the more so the more cycles are asked for and the longer
    each lasts. With no cycles nothing is guaranteed by them; what `of` says may look into the future by itself:
    `ever_operated` where women wait for surgery, `intended` never.
    Source: guarantee time, Giobbie-Hurder 2013, doi 10.1200/JCO.2013.49.5283.

    Parameters
    ----------
    of : {"ever_operated", "intended"}
        Who would be exposed if no cycle were asked for.
    cycles
        Cycles to be completed, the first of them begun at diagnosis. Default: assumed.
    every
        Months that a cycle lasts; three weeks are 0.69. Default: assumed.

    Returns
    -------
    Exposure
        `decided` is the month in which the last cycle ends, or as without cycles if that is later; inf for women who
        did not live or were not followed until then.
    """
    truly, end = TRULY[of](cohort, time_zero, rng), cycles * every
    through = np.minimum(cohort.death, cohort.lost) > end
    decided = np.where(through, np.maximum(truly.decided, end), np.inf)
    return Exposure(exposed=truly.exposed & through, decided=np.where(truly.exposed, decided, truly.decided))
