"""Exposed: operated, as the record has it."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.design._chance import chance, standardised
from biasim.design.exposure.ever_operated import ever_operated
from biasim.design.exposure.intended import intended
from biasim.design.exposure.operated_by_time_zero import operated_by_time_zero
from biasim.types import Cohort, Exposure, Floats
from biasim.units import OddsRatio, Probability, Switch

TRULY = {"ever_operated": ever_operated, "operated_by_time_zero": operated_by_time_zero, "intended": intended}


def misrecorded(
    cohort: Cohort,
    time_zero: Floats,
    rng: np.random.Generator,
    *,
    of: Literal["ever_operated", "operated_by_time_zero", "intended"] = "ever_operated",
    sensitivity: Annotated[Probability, Switch(1.0)] = 0.8,
    specificity: Annotated[Probability, Switch(1.0)] = 0.95,
    odds_ratio_missed: Annotated[OddsRatio, Switch(1.0)] = 2.5,
    odds_ratio_added: Annotated[OddsRatio, Switch(1.0)] = 1.0,
) -> Exposure:
    """Women count as exposed when the record says that the primary tumour was removed, which it may say wrongly.

    Where the bias comes from
    -------------------------
    A sensitivity below 1 leaves operated women among the unexposed (surgery elsewhere that is not in the record), a
    specificity below 1 puts unoperated ones among the exposed (biopsies and palliative operations taken for a removal). By
    chance alone, both odds ratios 1, this mixes the groups: it pulls a true effect towards none, and any other bias with it,
    and makes none of its own. An odds ratio missed above 1 leaves out operations of women who do badly, whose record nobody
    completes: they join the unexposed, which favours surgery. An odds ratio added above 1 counts women who do badly as
    operated, as palliative surgery does, which favours no surgery. Below 1 both work the other way. An odds ratio biases
    only where there are errors to be spread, with a sensitivity or a specificity below 1. With `ever_operated` a missed
    operation takes immortal months out of the exposed, which hides part of that bias.
    Source: exceptions to the rule that errors by chance pull towards none, doi 10.1093/aje/kwac035.

    Parameters
    ----------
    of : {"ever_operated", "operated_by_time_zero", "intended"}
        What the record is about; `intended` errs in what a trial would know, without immortal months.
    sensitivity
        Probability that the operation of a woman of average prognosis is in the record. Default: assumed.
    specificity
        Probability that the record of an unoperated woman of average prognosis has none. Default: assumed.
    odds_ratio_missed
        Odds ratio of a missed operation per standard deviation of worse prognosis, recorded and hidden. Default: assumed.
    odds_ratio_added
        Odds ratio of an operation that never was, per standard deviation of worse prognosis. Default: none of it.

    Returns
    -------
    Exposure
        `decided` is as without error, and time zero for operations that never were.
    """
    missed, added = rng.random((2, cohort.size))
    truly, worse = TRULY[of](cohort, time_zero, rng), standardised(cohort.patients.log_hazard)
    left_out = missed < chance(1.0 - sensitivity, (odds_ratio_missed, worse))
    made_up = (added < chance(1.0 - specificity, (odds_ratio_added, worse))) & np.isfinite(time_zero)
    exposed = np.where(truly.exposed, ~left_out, made_up)
    return Exposure(exposed=exposed, decided=np.where(~truly.exposed & made_up, time_zero, truly.decided))
