"""Treatment: surgery that becomes rarer, or more common, over the calendar years."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.cohort.levels import logit
from biasim.cohort.treatment._choice import by_scores, outside_trial, plan, probability
from biasim.cohort.treatment.upfront_or_delayed import Wait
from biasim.types import Course, Patients, Treatment
from biasim.units import CalendarYear, OddsRatio, OpenProbability, Switch

FOUR_MONTHS = Wait(median=4.0, spread=0.5)
STEEPEST = 500.0  # log odds beyond which a probability is 0 or 1 anyway


def by_year(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    share: OpenProbability = 0.4,
    reference_year: CalendarYear = 2007.0,
    odds_ratio_per_year: Annotated[OddsRatio, Switch(1.0)] = 0.88,
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    hidden_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    wait: Wait = FOUR_MONTHS,
) -> Treatment:
    """The choice of `by_prognosis`, whose odds change by the same factor every year, and which knows no response.

    Draws are those of `by_prognosis`. Patients with occult metastases are all meant for surgery. A very large or very small
    odds ratio per year is a new policy: nobody operated on before the reference year and everybody after, or the reverse.

    Equation
    --------
    logit P(meant) = logit(share) + log(OR_y) (whole year of diagnosis - reference year) + log(OR) z_recorded + log(OR_h) z_hidden

    Where the bias comes from
    -------------------------
    Calendar time: operated and unoperated are of different years, and inherit whatever else changes over the years. With an
    odds ratio per year below 1 while therapy improves the operated had the outdated therapy: favours no surgery; above 1 it
    favours surgery. Where nothing else changes it does nothing. Confounding by indication as in `by_prognosis`: an odds ratio or
    a hidden odds ratio below 1 favours surgery.

    Parameters
    ----------
    share
        Share meant for surgery at average prognosis in the reference year. Default: 0.4, near the 39.1 % of 2009
        (warschkow2016_seer).
    reference_year
        The calendar year of that share. Default: assumed, the middle of fifteen years from 2000 on.
    odds_ratio_per_year
        Odds ratio of surgery of one calendar year against the year before. Default: 0.88, derived (calibration table,
        logit_slope_surgery: -0.13, -0.085 and -0.123).
    odds_ratio
        Odds ratio of surgery per standard deviation of worse recorded prognosis. Default: assumed, none.
    hidden_odds_ratio
        The same for the hidden prognosis. Default: assumed, none.
    wait
        Median and spread of the lognormal months from diagnosis to the planned date. Default: assumed, as in `by_prognosis`.
    """
    draw, months = plan(patients, rng, wait.median, wait.spread)
    log_odds = logit(share) + log(odds_ratio_per_year) * (np.floor(patients.diagnosed) - reference_year)
    log_odds = log_odds + by_scores(patients, odds_ratio, hidden_odds_ratio)
    chosen = draw < probability(np.clip(log_odds, -STEEPEST, STEEPEST))
    return outside_trial(patients.occult | chosen, months)
