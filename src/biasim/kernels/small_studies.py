"""Do small studies say something else than large ones? Tests of a funnel's symmetry, and what its missing side would hold."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from scipy.special import erfc, stdtr

from biasim.kernels.pooling import HETEROGENEITY, Heterogeneity
from biasim.types import Bools, Floats

EXACT = 100  # studies from which the normal approximation serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Asymmetry:
    """A test of asymmetry: slope or rank correlation with the standard error, its statistic, two-sided p; nan where none is."""

    value: float
    statistic: float
    p: float


def egger(estimate: Floats, standard_error: Floats) -> Asymmetry:
    """Regression of the estimates on their standard errors, weights 1 / variance, t on k - 2 degrees of freedom.

    The slope is the intercept of Egger's regression of estimate / error on 1 / error. Egger, Davey Smith, Schneider and Minder
    1997, doi 10.1136/bmj.315.7109.629.
    """
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64)
    k = len(y)
    precision, ratio = 1.0 / s, y / s
    middle = precision - precision.mean() if k else precision
    spread = float(middle @ middle)
    if k < 3 or spread <= 1e-24 * float(precision @ precision):
        return Asymmetry(value=nan, statistic=nan, p=nan)
    slope = float(middle @ ratio) / spread
    intercept = float(ratio.mean()) - slope * float(precision.mean())
    residual = ratio - intercept - slope * precision
    variance = float(residual @ residual) / (k - 2) * (1.0 / k + float(precision.mean()) ** 2 / spread)
    if variance <= 0.0:
        return Asymmetry(value=intercept, statistic=nan, p=nan)
    t = intercept / sqrt(variance)
    return Asymmetry(value=intercept, statistic=t, p=2.0 * float(stdtr(k - 2, -abs(t))))


def begg(estimate: Floats, standard_error: Floats) -> Asymmetry:
    """Kendall's rank correlation of the standardised estimates with their variances.

    Exact without ties below 100 studies, as R's `cor.test(exact = TRUE)`, normal otherwise. The statistic counts concordant
    less discordant pairs. Begg and Mazumdar 1994, doi 10.2307/2533446.
    """
    y, v = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64) ** 2
    k = len(y)
    w = 1.0 / v
    left = v - 1.0 / w.sum() if k else v
    if k < 3 or (left <= 0.0).any():
        return Asymmetry(value=nan, statistic=nan, p=nan)
    standardised = (y - w @ y / w.sum()) / np.sqrt(left)
    signs = np.sign(standardised[:, None] - standardised) * np.sign(v[:, None] - v)
    s, pairs = float(np.triu(signs, 1).sum()), k * (k - 1) / 2
    ties = [np.unique(values, return_counts=True)[1].astype(np.float64) for values in (standardised, v)]
    tied = [float((count * (count - 1)).sum()) / 2 for count in ties]
    scale = sqrt((pairs - tied[0]) * (pairs - tied[1]))
    if scale == 0.0:
        return Asymmetry(value=nan, statistic=s, p=nan)
    if not any(tied) and k < EXACT:
        return Asymmetry(value=s / scale, statistic=s, p=_kendall_p(s, k))
    return Asymmetry(value=s / scale, statistic=s, p=float(erfc(abs(s) / sqrt(2.0 * _variance(k, *ties)))))


def _kendall_p(s: float, k: int) -> float:
    """Two-sided chance of a score as far from 0, all orders alike: counts of orders by inversions, one study at a time."""
    chance = np.ones(1)
    for j in range(2, k + 1):
        chance = np.convolve(chance, np.full(j, 1.0 / j))
    concordant = round((s + k * (k - 1) / 2) / 2)
    below, above = chance[: concordant + 1].sum(), chance[concordant:].sum()
    return min(1.0, 2.0 * float(min(below, above)))


def _variance(k: int, first: Floats, second: Floats) -> float:
    """Variance of Kendall's score with ties of these sizes."""

    def sums(count: Floats) -> tuple[float, float, float]:
        pairs = count * (count - 1)
        return float((pairs * (2 * count + 5)).sum()), float(pairs.sum()), float((pairs * (count - 2)).sum())

    (a5, a2, a3), (b5, b2, b3) = sums(first), sums(second)
    whole = (k * (k - 1) * (2 * k + 5) - a5 - b5) / 18
    return whole + a2 * b2 / (2 * k * (k - 1)) + a3 * b3 / (9 * k * (k - 1) * (k - 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The studies, and mirror images of those that seem to lack a partner."""

    estimate: Floats
    standard_error: Floats
    filled: Bools  # the images
    missing_right: bool  # on which side they lie


def trim_and_fill(
    estimate: Floats,
    standard_error: Floats,
    *,
    heterogeneity: Heterogeneity = "reml",
    missing_right: bool | None = None,
    most: int = 100,
) -> Filled:
    """Studies without a partner on the other side of the centre, by the L0 estimator, and the images that would give them one.

    Images lie to the right where that is asked for, or where nothing is and Egger's slope is negative (small studies lie to
    the left). Duval and Tweedie 2000, doi 10.1111/j.0006-341X.2000.00455.x; steps as `trimfill` of R's metafor 3.8.
    """
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64)
    k = len(y)
    right = bool(egger(y, s).value < 0.0) if missing_right is None else missing_right
    order = np.argsort(-y if right else y, kind="stable")
    side = (-y if right else y)[order]
    variance, images, before = s[order] ** 2, 0, -1
    for _ in range(most):
        if images == before or k < 3:
            break
        before = images
        kept = slice(0, k - images)
        tau2 = HETEROGENEITY[heterogeneity](side[kept], variance[kept])
        w = 1.0 / (variance[kept] + tau2)
        centred = side - float(w @ side[kept]) / float(w.sum())
        ranks = _ranks(np.abs(centred))
        signed = float(ranks[centred > 0.0].sum())
        images = max(0, min(k - 1, round((4.0 * signed - k * (k + 1)) / (2 * k - 1))))
    if not images:
        return Filled(estimate=y, standard_error=s, filled=np.zeros(k, dtype=bool), missing_right=right)
    mirrored = side[k - images :] - centred[k - images :] * 2.0
    return Filled(
        estimate=np.append(y, -mirrored if right else mirrored),
        standard_error=np.append(s, s[order][k - images :]),
        filled=np.arange(k + images) >= k,
        missing_right=right,
    )


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, in order of appearance where values are equal."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(1, len(values) + 1)
    return ranks
