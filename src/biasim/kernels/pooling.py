"""Pooling of independent estimates: fixed effect and random effects, with what tells whether they agree.

Everything is on the scale of the estimates (log hazard ratios), with weights 1 / (variance + tau^2). Formulas as in R's metafor
3.8; I^2 is that of Q whatever the estimator of tau^2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan, sqrt
from types import MappingProxyType
from typing import Literal

import numpy as np
from scipy.special import chdtrc, ndtri, stdtrit

from biasim.types import Floats

Heterogeneity = Literal["none", "dersimonian_laird", "paule_mandel", "reml"]
PRECISE = 1e-14  # of tau^2, as a share of the variances
GRID = 100  # values of tau^2 at which a likelihood is looked at together
STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A pooled estimate with its interval; nan where the number of studies does not allow a value."""

    studies: int
    estimate: float
    standard_error: float
    low: float
    high: float
    tau2: float  # variance of the true effects between studies
    q: float  # Cochran's Q, chi-squared on studies - 1 degrees of freedom where all share one effect
    q_p: float
    i2: float  # share of the spread that is not sampling error, (Q - df) / Q, at least 0
    prediction_low: float  # where the effect of another study would lie
    prediction_high: float


def pool(
    estimate: Floats,
    standard_error: Floats,
    *,
    heterogeneity: Heterogeneity = "reml",
    hartung_knapp: bool = False,
    level: float = 0.95,
) -> Pooled:
    """Pool k estimates, (k,), with positive finite standard errors (k,).

    `heterogeneity` estimates tau^2: none takes it as 0 (fixed effect), else DerSimonian and Laird 1986,
    doi 10.1016/0197-2456(86)90046-2; Paule and Mandel 1982, doi 10.6028/jres.087.022; restricted maximum likelihood,
    Viechtbauer 2005, doi 10.3102/10769986030003261. `hartung_knapp` scales the variance by what the weighted residuals
    show and takes the t distribution on k - 1 degrees of freedom; without truncation, so that it may be the narrower
    one too (Sidik and Jonkman 2002, doi 10.1002/sim.1262). The prediction interval has k - 2 degrees of freedom
    (Higgins, Thompson and Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x).
    """
    y, v = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64) ** 2
    k = len(y)
    if not k:
        return Pooled(studies=0, **dict.fromkeys(_NUMBERS, nan))
    q, _ = _generalised_q(y, v, 0.0)
    tau2 = HETEROGENEITY[heterogeneity](y, v) if k > 1 else 0.0
    total, mean = _moments(y, v, tau2)
    variance, quantile = 1.0 / total, float(ndtri((1 + level) / 2))
    if hartung_knapp:
        spread, _ = _generalised_q(y, v, tau2)
        variance, quantile = (variance * spread / (k - 1), float(stdtrit(k - 1, (1 + level) / 2))) if k > 1 else (nan, nan)
    error = sqrt(variance) if variance >= 0.0 else nan
    ahead = float(stdtrit(k - 2, (1 + level) / 2)) * sqrt(tau2 + variance) if k > 2 else nan
    return Pooled(
        studies=k,
        estimate=mean,
        standard_error=error,
        low=mean - quantile * error,
        high=mean + quantile * error,
        tau2=tau2,
        q=q,
        q_p=float(chdtrc(k - 1, q)) if k > 1 else nan,
        i2=max(0.0, 1.0 - (k - 1) / q) if q > 0.0 else 0.0,
        prediction_low=mean - ahead,
        prediction_high=mean + ahead,
    )


_NUMBERS = ("estimate", "standard_error", "low", "high", "tau2", "q", "q_p", "i2", "prediction_low", "prediction_high")


def _moments(y: Floats, v: Floats, tau2: float) -> tuple[float, float]:
    """Sum of the weights and the weighted mean."""
    w = 1.0 / (v + tau2)
    total = float(w.sum())
    return total, float(w @ y) / total


def _generalised_q(y: Floats, v: Floats, tau2: float) -> tuple[float, float]:
    """Weighted sum of squares about the weighted mean, and its derivative by tau^2."""
    w = 1.0 / (v + tau2)
    residual = y - float(w @ y) / float(w.sum())
    return float(w @ residual**2), -float(w**2 @ residual**2)


def _none(y: Floats, v: Floats) -> float:
    return 0.0


def _dersimonian_laird(y: Floats, v: Floats) -> float:
    """The moment estimator: what Q has more than its degrees of freedom."""
    w = 1.0 / v
    q, _ = _generalised_q(y, v, 0.0)
    return max(0.0, (q - (len(y) - 1)) / float(w.sum() - w @ w / w.sum()))


def _paule_mandel(y: Floats, v: Floats) -> float:
    """The tau^2 at which the generalised Q equals its degrees of freedom: it falls and is convex: Newton's steps stay short."""
    tau2 = 0.0
    for _ in range(STEPS):
        q, slope = _generalised_q(y, v, tau2)
        step = (len(y) - 1 - q) / slope if slope else 0.0
        if step <= PRECISE * (tau2 + float(v.min())):
            break
        tau2 += step
    return tau2


def _reml(y: Floats, v: Floats) -> float:
    """Restricted maximum likelihood: the highest of its maxima, looked for on a grid and then narrowed down on finer ones."""
    widest = 10.0 * (float(np.var(y)) + float(v.max()))
    grid = np.append(0.0, np.geomspace(1e-6 * float(v.min()), widest, GRID))
    best = int(np.argmax(_restricted(y, v, grid)))
    for _ in range(STEPS):
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        if high - low <= PRECISE * (high + float(v.min())):
            break
        grid = np.linspace(low, high, GRID)
        rising = _slope(y, v, grid) > 0.0
        if not rising[0]:
            return low  # 0, or as near to the maximum as rounding lets the slope tell
        if rising.all():
            return high
        best = int(np.argmin(rising))  # the first point past the maximum; the one before is still short of it
    return 0.5 * (low + high)


def _restricted(y: Floats, v: Floats, tau2: Floats) -> Floats:
    """Restricted log likelihood, up to a constant, at each tau^2."""
    w = 1.0 / (v + tau2[:, None])
    total = w.sum(axis=1)
    residual = y - (w @ y / total)[:, None]
    return 0.5 * (np.log(w).sum(axis=1) - np.log(total) - (w * residual**2).sum(axis=1))


def _slope(y: Floats, v: Floats, tau2: Floats) -> Floats:
    """Its derivative."""
    w = 1.0 / (v + tau2[:, None])
    total = w.sum(axis=1)
    residual = y - (w @ y / total)[:, None]
    return 0.5 * ((w**2 * residual**2).sum(axis=1) - total + (w**2).sum(axis=1) / total)


HETEROGENEITY: Mapping[str, Callable[[Floats, Floats], float]] = MappingProxyType({
    "none": _none,
    "dersimonian_laird": _dersimonian_laird,
    "paule_mandel": _paule_mandel,
    "reml": _reml,
})
