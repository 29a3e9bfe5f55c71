"""The recorded covariates, and whether the operation left clear margins."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from biasim.design._chance import chance, standardised
from biasim.design.measurement._columns import gather
from biasim.types import Cohort, Measured
from biasim.units import OddsRatio, Probability, Switch


def with_margins(
    cohort: Cohort,
    rng: np.random.Generator,
    *,
    clear: Probability = 0.75,
    odds_ratio_recorded: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    odds_ratio_hidden: Annotated[OddsRatio, Switch(1.0)] = 0.5,
) -> Measured:
    """The recorded covariates, and a column `clear_margins`: 1 where an operation took place and left no tumour behind.

    Where the bias comes from
    -------------------------
    Margins are a consequence of surgery and of how far the cancer has spread, part of which nobody records. A study that
    adjusts for them compares the operated with unclear margins, who carry more disease, with all of the unoperated: favours
    no surgery. A study that calls only those with clear margins operated selects the ones with less disease: favours
    surgery. Where the margins are a matter of chance, neither does anything. They do not act on survival.

    Parameters
    ----------
    clear
        Probability of clear margins for an operated woman of average prognosis.
    odds_ratio_recorded
        Odds ratio of clear margins per standard deviation of the recorded log hazard. Default: none of it.
    odds_ratio_hidden
        Odds ratio of clear margins per standard deviation of the hidden log hazard. Default: assumed.

    Returns
    -------
    Measured
        Recorded columns, then `clear_margins`, 0 for the unoperated. It is known for everybody only once the last of the
        operations is over, which is the month that `known_from` holds for it.
    """
    patients = cohort.patients
    probability = chance(
        clear,
        (odds_ratio_recorded, standardised(patients.recorded_log_hazard)),
        (odds_ratio_hidden, standardised(patients.hidden_log_hazard)),
    )
    margins = cohort.operated & (rng.random(cohort.size) < probability)
    measured = gather(cohort, [*patients.recorded, "clear_margins"], {"clear_margins": margins})
    last = cohort.operated_at[cohort.operated].max(initial=0.0)
    return replace(measured, known_from=np.append(np.zeros(len(patients.recorded)), last))
