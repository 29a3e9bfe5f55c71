"""Are hazards proportional: score test and scaled Schoenfeld residuals of a Cox model, and a smooth curve through them.

Conventions are those of `cox.zph` of R's survival package 3.5: the test asks whether a covariate times g(t) belongs in the model,
and takes the variance of the covariates at each death time as it is, not as constant. The mean of a scaled residual plus the
coefficient is beta(t). Grambsch and Therneau 1994, doi 10.1093/biomet/81.3.515; Therneau and Grambsch 2000,
doi 10.1007/978-1-4757-3294-8, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from biasim.answers import Status
from biasim.kernels import cox, kaplan_meier, tied_times
from biasim.kernels._cox_newton import lay_out
from biasim.kernels._cox_numpy import Point, evaluate
from biasim.kernels._cox_risk_sets import risk_sets
from biasim.kernels._cox_rows import checked
from biasim.types import Floats

Transform = Literal["km", "identity", "rank", "log"]
ROUNDING = 1e-10  # of the second moment: what is left of a variance that is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportionality:
    """Tests of p covariates and the residuals of d deaths, in the order of time.

    Aliased columns, and tests without variance, are nan. Where the status of the fit is not OK there are no deaths and no tests.
    """

    status: Status
    chi2: Floats  # (p,) one degree of freedom each
    p: Floats  # (p,)
    slope: Floats  # (p,) one-step estimate of the change of the coefficient per unit of g(t)
    all_chi2: float  # all covariates together
    all_degrees: int
    all_p: float
    month: Floats  # (d,) of death
    moment: Floats  # (d,) g(month)
    residuals: Floats  # (d, p) scaled, plus the coefficient: one noisy look at beta(t) each
    variance: Floats  # (p,) of one scaled residual


def proportionality(
    time: Floats,
    event: np.ndarray,
    covariates: Floats,
    *,
    transform: Transform = "km",
    entry: Floats | None = None,
    strata: np.ndarray | None = None,
    ties: cox.Ties = "efron",
) -> Proportionality:
    """Test a Cox model of n rows against coefficients that change with g(t).

    `transform` names g: `km` 1 - S(t-) of all rows together, `identity` t, `rank` the rank of t among all rows, `log` log t.
    """
    fit = cox.fit(time, event, covariates, entry=entry, strata=strata, ties=ties)
    rows = checked(time, event, covariates, entry=entry, weights=None, strata=strata, cluster=None)
    kept = ~fit.aliased
    if fit.status is not Status.OK or not kept.any():
        return _untested(len(kept), fit.status if fit.status is not Status.OK else Status.SINGULAR)
    problem, scale = lay_out(rows, risk_sets(rows.time, rows.event, rows.entry, rows.strata), ties == "efron")
    problem, scale, coefficients = problem.only(kept), scale[kept], fit.coefficients[kept]
    dead = problem.sets.rows[problem.deaths]
    month, moment = rows.time[dead], transformed(rows.time, rows.event, rows.entry, transform)[dead]
    with np.errstate(all="ignore"):
        point = evaluate(problem, coefficients / scale)
        chi2, slope, together = _tests(point, moment - moment.mean())
        unit = len(dead) * np.linalg.inv(point.derivatives()[1])
        residuals = (unit @ _schoenfeld(point)).T * scale + coefficients
    found = _untested(len(kept), Status.OK)
    found.chi2[kept], found.p[kept], found.slope[kept] = chi2, _tail(1, chi2), slope * scale
    found.variance[kept] = unit.diagonal() * scale**2
    order = np.argsort(month, kind="stable")
    every = np.full((len(dead), len(kept)), np.nan)
    every[:, kept] = residuals[order]
    degrees = int(kept.sum())
    whole = {"all_chi2": together, "all_degrees": degrees, "all_p": float(_tail(degrees, together))}
    return replace(found, month=month[order], moment=moment[order], residuals=every, **whole)


def _tail(degrees: int, chi2: Floats | float) -> Floats:
    """P of a larger chi-squared; nan where there is none."""
    return np.where(np.isfinite(chi2), chdtrc(float(degrees), np.nan_to_num(chi2)), np.nan)


def smoothed(found: Proportionality, column: int, month: Floats) -> tuple[Floats, Floats] | None:
    """beta(t) of one covariate at `month` (k,) and its standard error, by a natural cubic spline of 4 degrees of freedom.

    Least squares on the residuals against g(t), knots at the first and last death and at the thirds, as `plot.cox.zph` draws it.
    Between deaths g is interpolated. None where there are too few distinct times of death, or no residuals.
    """
    moment = found.moment
    if len(np.unique(moment)) < 5 or not np.isfinite(found.residuals[:, column]).all():
        return None
    knots = np.quantile(moment, (0.0, 1 / 3, 2 / 3, 1.0))
    if not (np.diff(knots) > 0.0).all():
        return None
    orthogonal, triangle = np.linalg.qr(_natural(moment, knots))
    if np.abs(triangle.diagonal()).min() <= ROUNDING * np.abs(triangle.diagonal()).max():
        return None
    shape = np.linalg.solve(triangle.T, _natural(np.interp(month, found.month, moment), knots).T)
    value = (orthogonal.T @ found.residuals[:, column]) @ shape
    return value, np.sqrt(found.variance[column] * (shape**2).sum(axis=0))


def _natural(x: Floats, knots: Floats) -> Floats:
    """Natural cubic splines with these knots (4,): (n, 4), linear beyond the outer knots."""
    x, inner = (x - knots[0]) / (knots[-1] - knots[0]), (knots - knots[0]) / (knots[-1] - knots[0])
    cubes = np.maximum(x[:, None] - inner, 0.0) ** 3
    parts = (cubes[:, :-1] - cubes[:, -1:]) / (1.0 - inner[:-1])
    return np.column_stack((np.ones_like(x), x, parts[:, 0] - parts[:, 2], parts[:, 1] - parts[:, 2]))


def transformed(time: Floats, event: np.ndarray, entry: Floats | None, transform: Transform) -> Floats:
    """g(time) of each row, (n,)."""
    if entry is None:
        (time,) = tied_times.merge(time)
    else:
        time, entry = tied_times.merge(time, entry)
    if transform == "identity":
        return time
    if transform == "log":
        return np.log(np.where(time > 0.0, time, np.nan))
    if transform == "rank":
        ascending = np.sort(time)
        return (np.searchsorted(ascending, time, side="left") + np.searchsorted(ascending, time, side="right") + 1) / 2
    curve = kaplan_meier.curve(time, event, entry=entry)
    return 1.0 - np.append(1.0, curve.survival)[np.searchsorted(curve.time, time, side="left")]


def _tests(point: Point, moment: Floats) -> tuple[Floats, Floats, float]:
    """Chi-squared and slope of each covariate, and chi-squared of all, from the score and the information of x g(t).

    `moment` (deaths,) is g at each death, centred.
    """
    problem, ties = point.problem, point.problem.ties
    g = np.zeros(problem.sets.times)
    g[problem.when] = moment
    information = point.derivatives()[1]
    score = problem.x[:, problem.deaths] @ g[problem.when] - point.sums[:-1] @ (point.hazard * g)
    if ties is not None:
        score -= point.dying[:-1] @ (point.efron[0] * g[ties.tied])
    above, below, own = (_information(point, weight) for weight in (np.maximum(g, 0.0), np.maximum(-g, 0.0), g**2))
    mixed = above - below
    left = own - mixed @ np.linalg.solve(information, mixed)
    variance = np.where(left.diagonal() > ROUNDING * own.diagonal(), left.diagonal(), np.nan)
    everything = np.nan
    if np.isfinite(variance).all():
        spread = np.sqrt(variance)
        try:
            root = np.linalg.cholesky(left / np.outer(spread, spread))
            everything = float(np.sum(np.linalg.solve(root, score / spread) ** 2))
        except np.linalg.LinAlgError:
            everything = np.nan
    return score**2 / variance, score / variance, everything


def _information(point: Point, weight: Floats) -> Floats:
    """The information (p, p) with the part of each death time multiplied by a weight of at least 0, in which it is linear."""
    efron = point.efron
    if efron:
        efron = tuple(part * weight[point.problem.ties.tied] for part in efron)
    return replace(point, hazard=point.hazard * weight, square=point.square * weight, efron=efron).derivatives()[1]


def _schoenfeld(point: Point) -> Floats:
    """Schoenfeld residuals (p, deaths): the covariates of who dies less their mean over the risk set, by Efron where asked."""
    problem, ties = point.problem, point.problem.ties
    mean = point.sums[:-1] * (point.hazard / problem.mass)
    if ties is not None:
        mean[:, ties.tied] += point.dying[:-1] * (point.efron[0] / problem.mass[ties.tied])
    return problem.x[:, problem.deaths] - mean[:, problem.when]


def _untested(width: int, status: Status) -> Proportionality:
    unknown = [np.full(width, np.nan) for _ in range(4)]
    nothing = np.zeros(0)
    return Proportionality(
        status=status, chi2=unknown[0], p=unknown[1], slope=unknown[2], variance=unknown[3], all_chi2=np.nan,
        all_degrees=0, all_p=np.nan, month=nothing, moment=nothing, residuals=np.zeros((0, width)),
    )  # fmt: skip
