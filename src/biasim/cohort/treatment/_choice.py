"""What the ways of choosing patients for surgery share: probabilities from log odds, and a choice of nobody."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.cohort.scores import standardised
from biasim.types import Bools, Floats, Patients, Treatment


def probability(log_odds: Floats | float) -> Floats:
    """The inverse logit."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def probability_with_share(log_odds: Floats, share: float) -> Floats:
    """Probabilities with these log odds plus the one intercept that makes their mean `share`, to 1e-12.

    Newton steps, kept inside a bracket that the extremes of the log odds give.
    """
    if share <= 0.0 or share >= 1.0:
        return np.full(log_odds.shape, float(share))
    middle = log(share / (1.0 - share))
    low, high = middle - log_odds.max(initial=0.0), middle - log_odds.min(initial=0.0)
    intercept = middle - log_odds.mean() if log_odds.size else middle
    for _ in range(100):
        chance = probability(intercept + log_odds)
        excess = chance.mean() - share if log_odds.size else 0.0
        if abs(excess) < 1e-12 or high - low < 1e-12:
            break
        low, high = (low, intercept) if excess > 0.0 else (intercept, high)
        slope = (chance * (1.0 - chance)).mean()
        step = intercept - excess / slope if slope > 0.0 else low
        intercept = step if low < step < high else 0.5 * (low + high)
    return chance


def plan(patients: Patients, rng: np.random.Generator, median_wait: float, wait_spread: float) -> tuple[Floats, Floats]:
    """For every patient the uniform that will decide, and the month planned for her: lognormal. Shape (n,) each."""
    draw = rng.random(patients.size)
    return draw, median_wait * np.exp(wait_spread * rng.standard_normal(patients.size))


def by_scores(patients: Patients, odds_ratio: float, hidden_odds_ratio: float) -> Floats:
    """Log odds by the recorded and the hidden prognosis, each in standard deviations of those not occult. Shape (n,)."""
    seen = ~patients.occult
    log_odds = log(odds_ratio) * standardised(patients.recorded_log_hazard, seen)
    return log_odds + log(hidden_odds_ratio) * standardised(patients.hidden_log_hazard, seen)


def chosen(patients: Patients, draw: Floats, wait: Floats, log_odds: Floats, share: float) -> Treatment:
    """Surgery for those whom these log odds choose, a share of all not occult, and for all who are: thought curable."""
    seen = ~patients.occult
    intended = patients.occult.copy()
    intended[seen] = draw[seen] < probability_with_share(log_odds[seen], share)
    return outside_trial(intended, wait)


def outside_trial(intended: Bools, wait: Floats) -> Treatment:
    """A choice made in ordinary care: the wait counts only where surgery is intended."""
    return Treatment(
        intended=intended,
        wait=np.where(intended, wait, np.inf),
        randomised=np.zeros(intended.size, bool),
        randomised_at=np.full(intended.size, np.inf),
    )
