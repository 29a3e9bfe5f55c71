"""Two arms compared by Fleming-Harrington weights: the tests, their joint distribution, and a weighted hazard ratio.

The weight of a death at t is S(t-)^rho (1 - S(t-))^gamma of the pooled curve: rho looks early, gamma late. Harrington and
Fleming 1982, doi 10.1093/biomet/69.3.553; Fleming and Harrington 1991, Counting Processes and Survival Analysis, chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from biasim.answers import Status
from biasim.kernels.log_rank import deaths_and_at_risk
from biasim.kernels.normal_box import outside
from biasim.types import Bools, Floats

COMBO = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # constant, early, late and middle differences
FLAT = 1e-12  # of the weighted deaths: a score this small is 0
FARTHEST = 30.0  # log hazard ratio: beyond it lies a ratio that has no finite estimate
ITERATIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoArms:
    """The death times at which both arms are at risk, shape (m,)."""

    deaths: Floats  # (2, m) unexposed, exposed
    at_risk: Floats  # (2, m)
    before: Floats  # S(t-) of both arms together

    def weight(self, rho: float, gamma: float) -> Floats:
        return self.before**rho * (1.0 - self.before) ** gamma

    def score(self) -> Floats:
        """Deaths of the exposed less those expected, at each time."""
        return self.deaths[1] - self.deaths.sum(axis=0) * self.at_risk[1] / self.at_risk.sum(axis=0)

    def variance(self) -> Floats:
        """Hypergeometric variance of the score, at each time."""
        total, died = self.at_risk.sum(axis=0), self.deaths.sum(axis=0)
        return died * (total - died) / np.maximum(total - 1.0, 1.0) * self.at_risk.prod(axis=0) / total**2


def two_arms(time: Floats, event: Bools, exposed: Bools, *, entry: Floats | None = None) -> TwoArms:
    """The data laid out by death time."""
    deaths, at_risk, before = deaths_and_at_risk(time, event, exposed, entry=entry)
    return TwoArms(deaths=deaths, at_risk=at_risk, before=before)


def scores(arms: TwoArms, exponents: tuple[tuple[float, float], ...]) -> tuple[Floats, Floats]:
    """Scores (k,) of the weighted log-rank tests with these (rho, gamma), and their covariance (k, k)."""
    weights = np.array([arms.weight(rho, gamma) for rho, gamma in exponents])
    return weights @ arms.score(), (weights * arms.variance()) @ weights.T


def chi_squared(score: float, variance: float) -> tuple[float, float]:
    """One test's statistic on one degree of freedom and its p-value; nan without variance."""
    if not variance > 0.0:
        return np.nan, np.nan
    return score**2 / variance, float(chdtrc(1.0, score**2 / variance))


def largest(arms: TwoArms, exponents: tuple[tuple[float, float], ...] = COMBO) -> tuple[float, float]:
    """The max-combo test: the largest absolute z of several weighted tests, and its p from their joint normal distribution.

    Tests without variance are left out; nan where none has any.
    """
    score, covariance = scores(arms, exponents)
    usable = covariance.diagonal() > 0.0
    if not usable.any():
        return np.nan, np.nan
    spread = np.sqrt(covariance.diagonal()[usable])
    highest = float(np.abs(score[usable] / spread).max())
    return highest, outside(highest, covariance[np.ix_(usable, usable)] / np.outer(spread, spread))


def log_ratio(arms: TwoArms, rho: float, gamma: float) -> tuple[Status, float, float]:
    """Log hazard ratio at which the weighted score is 0, and its model-based standard error.

    With weights w and U(b) = sum w (d1 - d e^b n1 / (n0 + e^b n1)) the error is sqrt(sum w^2 v) / sum w v at the root, v
    being the variance of one term: for constant weights Cox regression with Breslow's ties. Sasieni 1993, Journal of the
    American Statistical Association 88:144 (weighted partial likelihood).
    """
    weight = arms.weight(rho, gamma)
    counted = weight > 0.0
    weight, (others, exposed) = weight[counted], arms.at_risk[:, counted]
    died = arms.deaths[:, counted]
    if not weight.size:
        return Status.NO_EVENTS, np.nan, np.nan
    if not (died.any(axis=1)).all():
        return Status.SEPARATION, np.nan, np.nan
    total, own = died.sum(axis=0), float(weight @ died[1])
    log_odds, low, high, value = np.log(exposed / others), -FARTHEST, FARTHEST, 0.0
    for _ in range(ITERATIONS):
        share = 1.0 / (1.0 + np.exp(-(log_odds + value)))
        spread = total * share * (1.0 - share)
        score = own - float(weight @ (total * share))
        low, high = (value, high) if score > 0.0 else (low, value)
        slope = float(weight @ spread)
        if abs(score) <= FLAT * own or high - low < FLAT:
            return Status.OK, value, float(np.sqrt(weight**2 @ spread)) / slope
        value = following if slope > 0.0 and low < (following := value + score / slope) < high else (low + high) / 2
    return Status.NOT_CONVERGED, np.nan, np.nan
