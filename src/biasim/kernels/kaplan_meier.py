"""The product-limit curve: survival, its variance, intervals and quantiles.

Kaplan and Meier 1958, doi 10.2307/2281868. Conventions are those of `survfit` of R's survival package 3.5: a row is at risk
in (entry, time]; at one time deaths come before losses; times apart by rounding only are one time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import Literal

import numpy as np
from scipy.special import ndtri

from biasim.kernels import tied_times
from biasim.kernels._kaplan_meier_jackknife import jackknife_variance, left_alive
from biasim.types import Bools, Floats

IntervalKind = Literal["log", "plain", "log-log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A survival curve at its distinct times of death or loss, shape (m,), ascending.

    `variance` is that of `survival`: Greenwood's with the weighted counts, or, where `robust`, the infinitesimal
    jackknife with one cluster per row. Greenwood's is undefined (nan) once survival has reached 0.
    """

    time: Floats
    at_risk: Floats  # weighted number at risk just before `time`
    events: Floats  # weighted deaths at `time`
    censored: Floats  # weighted losses at `time`
    survival: Floats  # just after `time`
    variance: Floats
    robust: bool

    @property
    def last(self) -> float:
        """The last time of death or loss; nan for a curve of nobody."""
        return float(self.time[-1]) if len(self.time) else nan


def curve(
    time: Floats, event: Bools, *, entry: Floats | None = None, weights: Floats | None = None, robust: bool | None = None
) -> Curve:
    """The Kaplan-Meier curve of n rows.

    Parameters
    ----------
    time, event
        End of observation and whether it is a death, shape (n,).
    entry
        Start of observation; rows are not at risk at their own entry. A row with entry >= time is never at risk.
    weights
        Non-negative. Rows of weight 0 add their time to the grid and nothing else.
    robust
        Which variance to report. None: the infinitesimal jackknife where any weight is not a whole number,
        Greenwood's otherwise (whole weights are taken as frequencies), as `survfit` does.
    """
    time, event, weights = _checked(time, event, entry, weights)
    if robust is None:
        robust = weights is not None and bool(np.any(weights != np.floor(weights)))
    if entry is not None:
        time, entry = tied_times.merge(time, np.asarray(entry, dtype=np.float64))
        kept = entry < time
        if not kept.all():
            time, event, entry = time[kept], event[kept], entry[kept]
            weights = None if weights is None else weights[kept]
    order = np.argsort(time, kind="stable")
    ascending = time[order]
    begins = tied_times.starts(ascending) if entry is None else tied_times.new_values(ascending)
    first = np.flatnonzero(begins)
    grid = ascending[first]
    died = event[order]
    if weights is None:
        total, deaths = _sums(None, first, len(time)), _sums(died, first, len(time))
    else:
        sorted_weights = weights[order]
        total, deaths = _sums(sorted_weights, first, len(time)), _sums(sorted_weights * died, first, len(time))
    at_risk = total[::-1].cumsum()[::-1]
    if entry is not None:
        at_risk = at_risk - _not_yet_entered(entry, weights, grid)
    survival, hazard_variance = _product_limit(at_risk, deaths)
    if robust:
        cell = np.empty(len(time), dtype=np.int64)
        cell[order] = begins.cumsum() - 1
        variance = survival**2 * jackknife_variance(cell, event, entry, weights, grid, at_risk, deaths)
        # between deaths nothing happens to the curve: what differs there is rounding
        variance = variance[np.maximum.accumulate(np.where(deaths > 0.0, np.arange(len(grid)), 0))]
    else:
        with np.errstate(invalid="ignore"):
            variance = survival**2 * hazard_variance  # 0 times inf once survival is 0: nan
    return Curve(
        time=grid, at_risk=at_risk, events=deaths, censored=total - deaths, survival=survival, variance=variance, robust=robust
    )


def _checked(
    time: Floats, event: Bools, entry: Floats | None, weights: Floats | None
) -> tuple[Floats, Bools, Floats | None]:
    """Time, event and weights as arrays of one length; ValueError for what is no number, or no weight."""
    time, event = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    if len(event) != len(time):
        raise ValueError(f"event: {len(event)} entries; expected one per row, {len(time)}")
    tied_times.refuse_nan(time=time, entry=entry, weights=weights)
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        if np.any(weights < 0.0):
            raise ValueError("weights: a negative weight; expected non-negative numbers")
    return time, event, weights


def _sums(values: Floats | Bools | None, first: np.ndarray, size: int) -> Floats:
    """Sums of `values` (ones when None) over the runs that begin at `first`; reduceat refuses an empty array."""
    if size == 0:
        return np.zeros(0)
    if values is None:
        return np.diff(first, append=size).astype(np.float64)
    return np.add.reduceat(values, first, dtype=np.float64)


def _not_yet_entered(entry: Floats, weights: Floats | None, grid: Floats) -> Floats:
    """Weight of the rows whose entry is at or after each time of the grid; all of them have later times."""
    order = np.argsort(entry, kind="stable")
    position = np.searchsorted(entry[order], grid, side="left")
    if weights is None:
        return (len(entry) - position).astype(np.float64)
    later = np.append(weights[order][::-1].cumsum()[::-1], 0.0)
    return later[position]


def _product_limit(at_risk: Floats, deaths: Floats) -> tuple[Floats, Floats]:
    """Survival, and the running sum of d / (n (n - d)): Greenwood's variance of log survival; inf once survival is 0."""
    left = left_alive(at_risk, deaths)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(deaths > 0.0, left / at_risk, 1.0)
        term = np.where(deaths > 0.0, deaths / (at_risk * left), 0.0)
    return factor.cumprod(), term.cumsum()


def at(fitted: Curve, values: Floats, months: Floats | float, *, before: float) -> Floats:
    """A step function of the curve (one value per time of the curve) at `months`; `before` ahead of the first time."""
    position = np.searchsorted(fitted.time, months, side="right")
    return np.append(before, values)[position]


def survival_at(fitted: Curve, months: Floats | float) -> Floats:
    """Survival at `months`; after the last time, the last value (see `reaches`)."""
    return at(fitted, fitted.survival, months, before=1.0)


def variance_at(fitted: Curve, months: Floats | float) -> Floats:
    """Variance of `survival_at`."""
    return at(fitted, fitted.variance, months, before=0.0)


def at_risk_at(fitted: Curve, months: Floats | float) -> Floats:
    """Number at risk just before the next time of death or loss at or after `months`, as R's `summary.survfit`."""
    position = np.searchsorted(fitted.time, months, side="left")
    return np.append(fitted.at_risk, 0.0)[position]


def reaches(fitted: Curve, months: float) -> bool:
    """Whether the curve is known up to `months`: somebody followed that long, or nobody left alive before."""
    return len(fitted.time) > 0 and (months <= fitted.last or fitted.survival[-1] == 0.0)


def interval(fitted: Curve, kind: IntervalKind = "log", *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Pointwise confidence limits (low, high) of the curve, shape (m,) each, cut at 0 and 1.

    `log-log` has none (nan) where survival is 1, `log` and `log-log` none where it is 0.
    """
    survival, z = fitted.survival, ndtri((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "plain":
            width = z * np.sqrt(fitted.variance)
            return np.maximum(survival - width, 0.0), np.minimum(survival + width, 1.0)
        width = z * np.sqrt(fitted.variance) / survival
        if kind == "log":
            return survival * np.exp(-width), np.minimum(survival * np.exp(width), 1.0)
        if kind == "log-log":
            logarithm = np.where(survival < 1.0, np.log(survival), nan)
            return np.exp(logarithm * np.exp(-width / logarithm)), np.exp(logarithm * np.exp(width / logarithm))
    raise ValueError(f"kind: {kind!r}; expected 'log', 'plain' or 'log-log'")


def quantile(fitted: Curve, p: float = 0.5, *, kind: IntervalKind = "log") -> tuple[float, float, float]:
    """The time by which a share `p` has died, with its limits (value, low, high); inf where the curve does not get there.

    Where survival is exactly 1 - p over a stretch of time the middle of the stretch is returned (to the last time, if the
    curve ends there). The limits invert the pointwise interval (Brookmeyer and Crowley 1982, doi 10.2307/2530286).
    """
    low, high = interval(fitted, kind)
    return reached(fitted, p), _crossing(fitted.time, low, p), _crossing(fitted.time, high, p)


def reached(fitted: Curve, p: float = 0.5) -> float:
    """The time by which a share `p` has died, as `quantile` gives it, without limits."""
    return _crossing(fitted.time, fitted.survival, p)


def _crossing(time: Floats, survival: Floats, p: float) -> float:
    """R's `quantile.survfit`: levels within 1.5e-8 are one level, undefined limits are left out, limits need not be monotone."""
    if len(time) == 0:
        return nan
    if p == 0.0:
        return 0.0
    died, moment = 1.0 - np.append(1.0, survival), np.append(0.0, time)
    final = died[-1]
    if not np.all(died[1:] >= died[:-1]):
        levels, index = np.unique(died, return_index=True)
        final = died[index.max()]  # the level that appears last
        died, moment = levels[~np.isnan(levels)], moment[index][~np.isnan(levels)]
    early = np.searchsorted(died + tied_times.TOLERANCE, p, side="left")
    late = np.searchsorted(died - tied_times.TOLERANCE, p, side="left")
    if early == len(died):
        return inf
    if abs(p - final) < tied_times.TOLERANCE:  # the curve ends at this level
        return float((moment[early] + time[-1]) / 2)
    return float((moment[early] + moment[late]) / 2) if late < len(died) else inf
