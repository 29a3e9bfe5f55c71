"""Women who reached the hospitals of the study."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.design._chance import chance, standardised
from biasim.errors import UnknownColumn
from biasim.types import Bools, Cohort
from biasim.units import OF_TREATMENT, OddsRatio, Probability, Switch

PREFERENCE = "preference"


def referred(
    cohort: Cohort,
    rng: np.random.Generator,
    *,
    share: Probability = 0.25,
    by: Literal["operated", "intended", "preference"] = "operated",
    odds_ratio_by: Annotated[OddsRatio, Switch(1.0)] = 6.0,
    odds_ratio_recorded: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    odds_ratio_hidden: Annotated[OddsRatio, Switch(1.0)] = 2.5,
) -> Annotated[Bools, OF_TREATMENT]:
    """Women who enter with a chance that depends on their operation and on their prognosis: a study in referral centres.

    Where the bias comes from
    -------------------------
    Entry is a common consequence of surgery and of prognosis, and the study looks only at those who entered: a collider.
    Among them the two go together, although they have nothing to do with each other in the region. When the operated are
    more likely to enter (odds ratio by surgery above 1) and so are women who do badly (odds ratio hidden or odds ratio
    recorded above 1, as where complications lead to the hospital), the unoperated of the study are those who had to do
    badly to get in, which favours surgery. When it is the fitter who travel to the centre (odds ratio hidden below 1), it
    favours no surgery. One of the two alone selects, and confounds nothing; nor do two that multiply, as they nearly do
    where hardly anybody enters. With `by: preference`, a cause of surgery takes the place of the operation: the M of the
    textbooks, a weaker bias. Adjusting for the prognosis that entry depends on closes the path, where it is recorded.
    Source: Hernan, Hernandez-Diaz and Robins 2004, doi 10.1097/01.ede.0000135174.63482.43; Greenland 2003, doi
    10.1097/01.ede.0000042804.12056.6c.

    Parameters
    ----------
    share
        Probability of entering for an unoperated woman of average prognosis. Default: assumed.
    by : {"operated", "intended", "preference"}
        What entry depends on beside prognosis: the operation, being meant for it, or how readily her centre operates.
    odds_ratio_by
        Odds ratio of entering for the operated (or intended) against the others; per standard deviation of the
        preference. Default: assumed.
    odds_ratio_recorded
        Odds ratio of entering per standard deviation of worse recorded prognosis. Default: none of it.
    odds_ratio_hidden
        Odds ratio of entering per standard deviation of worse hidden prognosis. Default: assumed.

    Returns
    -------
    Bools
        Shape (n,). Truths stay those of all women of the region, since entry is no baseline.

    Raises
    ------
    UnknownColumn
        With `by: preference` where the patients have no such column.
    """
    patients, uniform = cohort.patients, rng.random(cohort.size)
    if by == "preference" and PREFERENCE not in patients.columns:
        reason = "these patients have no column 'preference'; take patients.two_scores_with_marks"
        raise UnknownColumn("eligibility.referred.by", PREFERENCE, list(patients.columns), reason)
    values = standardised(patients.columns[PREFERENCE]) if by == "preference" else (
        cohort.operated if by == "operated" else cohort.treatment.intended).astype(float)
    return uniform < chance(
        share,
        (odds_ratio_by, values),
        (odds_ratio_recorded, standardised(patients.recorded_log_hazard)),
        (odds_ratio_hidden, standardised(patients.hidden_log_hazard)),
    )
