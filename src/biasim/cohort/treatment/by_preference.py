"""Treatment: surgery chosen by prognosis and by the preference of the centre, after a lognormal wait."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.cohort.treatment._choice import by_scores, chosen, plan, standardised
from biasim.errors import UnknownColumn
from biasim.types import Course, Patients, Treatment
from biasim.units import Deviation, OddsRatio, PositiveMonths, Probability, Switch

COLUMN = "preference"


def by_preference(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    share: Probability = 0.5,
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    hidden_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    preference_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    median_wait: PositiveMonths = 4.0,
    wait_spread: Deviation = 0.5,
) -> Treatment:
    """The choice of `by_prognosis`, which also depends on where the patient is treated, and not on response.

    Draws are those of `by_prognosis`. Patients with occult metastases are all meant for surgery.

    Equation
    --------
    logit P(meant) = a + log(OR) z_recorded + log(OR_h) z_hidden + log(OR_p) z_preference; wait ~ lognormal(median, spread)

    Where the bias comes from
    -------------------------
    Confounding by indication as in `by_prognosis`: odds ratios below 1 favour surgery. The preference itself confounds
    nothing unless it bears on death; it is what an instrumental analysis lives on, and the stronger it is the more of the
    choice has nothing to do with prognosis.

    Parameters
    ----------
    share
        Share meant for surgery; the intercept of the choice is solved on the patients at hand.
    odds_ratio
        Odds ratio of surgery per standard deviation of worse recorded prognosis. Default: none of it.
    hidden_odds_ratio
        The same for the hidden prognosis. Default: none of it.
    preference_odds_ratio
        Odds ratio of surgery per standard deviation of the centre's preference; other than 1 it needs a world with the
        column `preference`, as `patients.two_scores_with_marks` makes it. Default: none of it.
    median_wait
        Median months from diagnosis to the planned date.
    wait_spread
        Standard deviation of the logarithm of the wait.

    Raises
    ------
    UnknownColumn
        Where the preference counts and the patients have none.
    """
    draw, wait = plan(patients, rng, median_wait, wait_spread)
    log_odds = by_scores(patients, odds_ratio, hidden_odds_ratio)
    if preference_odds_ratio != 1.0:
        if COLUMN not in patients.columns:
            reason = f"these patients have no column '{COLUMN}'; take patients.two_scores_with_marks, or an odds ratio of 1"
            raise UnknownColumn("treatment.by_preference.preference_odds_ratio", COLUMN, list(patients.columns), reason)
        log_odds += log(preference_odds_ratio) * standardised(patients.columns[COLUMN], ~patients.occult)
    return chosen(patients, draw, wait, log_odds, share)
