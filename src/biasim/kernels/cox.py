"""Cox regression: coefficients, model-based and robust covariance, for late entry, strata, weights and clusters.

Conventions are those of `coxph` of R's survival package 3.5, so that values equal its values: a row is at risk in
(entry, time]; Efron's method gives each of the tied deaths their mean weight; times apart by rounding only are one time
(`tied_times`); a column that is a linear combination of earlier ones is aliased and its coefficient is nan; the robust
covariance is that of the weighted dfbeta residuals, of Efron's likelihood for Efron fits, summed within clusters, late entry
included. Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x; Lin and Wei 1989, doi 10.1080/01621459.1989.10478874.
"""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from biasim.answers import Status
from biasim.kernels import _cox_compiled, _cox_newton, backend
from biasim.kernels._cox_result import CoxFit, unanswered
from biasim.kernels._cox_risk_sets import risk_sets
from biasim.kernels._cox_rows import checked

Ties = Literal["efron", "breslow"]


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
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties: {ties!r}; expected 'efron' or 'breslow'")
    robust = robust or cluster is not None
    rows = checked(time, event, covariates, entry=entry, weights=weights, strata=strata, cluster=cluster)
    if len(rows.time) == 0:
        return unanswered(rows.covariates.shape[1], robust, Status.NO_PATIENTS)
    sets = risk_sets(rows.time, rows.event, rows.entry, rows.strata) if rows.event.any() else None
    if sets is None or sets.times == 0:
        return unanswered(rows.covariates.shape[1], robust, Status.NO_EVENTS)
    engine = _cox_compiled if backend.compiled() else _cox_newton
    return engine.fit(rows, sets, efron=ties == "efron", robust=robust)
