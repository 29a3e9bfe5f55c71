"""Cox regression: coefficients, model-based and robust covariance, for late entry, strata, weights and clusters.

Conventions are those of `coxph` of R's survival package 3.5, so that values equal its values: a row is at risk in
(entry, time]; Efron's method gives each of the tied deaths their mean weight; times apart by rounding only are one time
(`tied_times`); a column that is a linear combination of earlier ones is aliased and its coefficient is nan; the robust
covariance is that of the weighted dfbeta residuals, of Efron's likelihood for Efron fits, summed within clusters, late entry
included. Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x; Lin and Wei 1989, doi 10.1080/01621459.1989.10478874.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from biasim.kernels._cox_newton import Solution, solve
from biasim.kernels._cox_numpy import Problem, cluster_gram, score_residuals
from biasim.kernels._cox_risk_sets import risk_sets
from biasim.kernels._cox_rows import checked, standardised
from biasim.types import Bools, Floats, Integers, Status

Ties = Literal["efron", "breslow"]
ENDLESS = 1e-6  # of the longest component: what of a direction without a maximum is not rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxFit:
    """A fitted Cox model of p covariates. Where the status is not OK, coefficients and covariances are nan.

    With SEPARATION the likelihood has no finite maximum: coefficients that run off are inf or -inf, the others nan.
    With NO_PATIENTS and NO_EVENTS there is no likelihood either: it is 0, the empty product's logarithm.
    """

    coefficients: Floats  # (p,) nan where aliased
    covariance: Floats  # (p, p) inverse information; nan where aliased
    robust_covariance: Floats | None  # (p, p) sandwich of dfbeta residuals
    log_likelihood_null: float
    log_likelihood: float
    score_test: float  # chi-square statistic of all coefficients being 0
    iterations: int
    status: Status
    aliased: Bools  # (p,) linear combinations of earlier columns within the risk sets


def fit(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    robust: bool = False,
    ties: Ties = "efron",
) -> CoxFit:
    """Fit a Cox model to n rows (time, event; covariates (n, p)), each at risk in (entry, time].

    Rows with zero weight, and rows whose entry is not before their time, are as if absent. `strata` and `cluster` hold one
    label per row, of any type; `robust` without `cluster` takes each row as a cluster, `cluster` alone implies `robust`.
    Raises ValueError for shapes that do not match and for values that are not finite (a time may be inf, an entry -inf).
    """
    robust = robust or cluster is not None
    rows = checked(time, event, covariates, entry=entry, weights=weights, strata=strata, cluster=cluster)
    if len(rows.time) == 0:
        return _without_estimate(rows.covariates.shape[1], robust, Status.NO_PATIENTS)
    sets = risk_sets(rows.time, rows.event, rows.entry, rows.strata) if rows.event.any() else None
    if sets is None or sets.times == 0:
        return _without_estimate(rows.covariates.shape[1], robust, Status.NO_EVENTS)
    x, scale = standardised(rows.covariates, sets.rows)
    weight = None if rows.weights is None else rows.weights[sets.rows]
    solution = solve(Problem(x, weight, sets, _efron(ties)))
    labels = None if rows.cluster is None else rows.cluster[sets.rows]
    return _report(solution, scale, robust, labels)


def _efron(ties: str) -> bool:
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties: {ties!r}; expected 'efron' or 'breslow'")
    return ties == "efron"


def _without_estimate(width: int, robust: bool, status: Status) -> CoxFit:
    unknown = np.full((width, width), np.nan)
    return CoxFit(
        coefficients=np.full(width, np.nan),
        covariance=unknown,
        robust_covariance=unknown.copy() if robust else None,
        log_likelihood_null=0.0,
        log_likelihood=0.0,
        score_test=np.nan,
        iterations=0,
        status=status,
        aliased=np.zeros(width, dtype=bool),
    )


def _report(solution: Solution, scale: Floats, robust: bool, cluster: Integers | None) -> CoxFit:
    """The solution in the caller's units."""
    width, kept, usable = len(scale), solution.kept, solution.status == Status.OK
    coefficients = np.full(width, np.nan)
    covariance = np.full((width, width), np.nan)
    sandwich = covariance.copy() if robust else None
    if usable and kept.any():
        inverse = np.linalg.inv(solution.information)
        within, units = np.ix_(kept, kept), np.outer(scale[kept], scale[kept])
        coefficients[kept] = solution.beta[kept] * scale[kept]
        covariance[within] = inverse * units
        if robust:
            influence = inverse @ score_residuals(solution.point)[kept]
            sandwich[within] = cluster_gram(influence, cluster) * units
    elif solution.status == Status.SEPARATION:
        endless = np.abs(solution.beta) > ENDLESS * np.abs(solution.beta).max()
        coefficients[endless] = np.copysign(np.inf, solution.beta[endless])
    return CoxFit(
        coefficients=coefficients,
        covariance=covariance,
        robust_covariance=sandwich,
        log_likelihood_null=solution.null,
        log_likelihood=solution.log_likelihood if usable else np.nan,
        score_test=solution.score_test,
        iterations=solution.iterations,
        status=solution.status,
        aliased=~kept,
    )
