"""Treatment: surgery chosen by prognosis, after a lognormal wait."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.cohort.treatment._choice import by_scores, chosen, plan
from biasim.types import Course, Patients, Treatment
from biasim.units import Deviation, OddsRatio, PositiveMonths, Probability, Switch


def by_prognosis(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    share: Probability = 0.5,
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    hidden_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    responder_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    median_wait: PositiveMonths = 4.0,
    wait_spread: Deviation = 0.5,
) -> Treatment:
    """Each patient gets a planned date, and with it a decision that uses what is known on that date.

    Works in any world: prognosis is the patient's log hazard, its recorded and its hidden part
    each in standard deviations. Patients with occult metastases are thought to be curable and
    are all meant for surgery; everything below is about the others.

    Equation
    --------
    logit P(meant) = a + log(OR) z_recorded + log(OR_h) z_hidden + log(OR_r) response; wait ~ lognormal(median, spread)

    Where the bias comes from
    -------------------------
    Confounding by indication: with odds ratios below 1, patients with a worse prognosis are
    operated on less often, which favours surgery; above 1 it works against surgery. A responder
    odds ratio above 1 selects responders, which favours surgery in a world where response
    changes the hazard. The wait makes the time until surgery immortal for any analysis that
    counts it as exposed.

    Parameters
    ----------
    share
        Share meant for surgery; the intercept of the choice is solved on the patients at hand.
    odds_ratio
        Odds ratio of surgery per standard deviation of worse recorded prognosis. Default: none of it.
    hidden_odds_ratio
        The same for the hidden prognosis. Default: none of it.
    responder_odds_ratio
        Odds ratio of responders against stable disease, and of stable disease against
        progressors, where the planned date lies after the response has been evaluated. Default: none of it.
    median_wait
        Median months from diagnosis to the planned date.
    wait_spread
        Standard deviation of the logarithm of the wait.
    """
    draw, wait = plan(patients, rng, median_wait, wait_spread)
    log_odds = by_scores(patients, odds_ratio, hidden_odds_ratio)
    log_odds += log(responder_odds_ratio) * course.response * (wait >= course.evaluated)
    return chosen(patients, draw, wait, log_odds, share)
