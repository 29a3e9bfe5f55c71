"""The compiled path of a Cox fit: hands the arrays to the extension and names what comes back."""

from __future__ import annotations

import numpy as np

from biasim.answers import Status
from biasim.kernels import backend
from biasim.kernels._cox_newton import LONG, lay_out
from biasim.kernels._cox_result import CoxFit, running_off
from biasim.kernels._cox_risk_sets import RiskSets
from biasim.kernels._cox_rows import Rows
from biasim.kernels._cox_separation import runs_off, settled
from biasim.types import Bools, Floats

CONVERGED, DOUBTFUL, NOT_CONVERGED, SINGULAR = range(4)  # as in _cox_fit.h
STATUS = (Status.OK, Status.SEPARATION, Status.NOT_CONVERGED, Status.SINGULAR)


def fit(rows: Rows, sets: RiskSets, *, efron: bool, robust: bool) -> CoxFit:
    """Fit in C; results in the caller's units. In doubt whether there is a maximum, the certificate is asked."""
    covariates = np.ascontiguousarray(rows.covariates)
    width = covariates.shape[1]
    beta, direction, kept = np.zeros(width), np.empty(width), np.empty(width, dtype=bool)
    covariance = np.full((width, width), np.nan)
    sandwich = np.full((width, width), np.nan) if robust else None
    groups = 0 if rows.cluster is None or not robust else int(rows.cluster.max()) + 1
    inputs = (covariates, sets.rows, sets.first, sets.last, sets.dead, sets.strata, sets.leaving, rows.weights,
              rows.cluster, beta, direction, kept, covariance, sandwich, efron, groups)  # fmt: skip
    iterations, endless = 0, None
    while True:
        state, null, log_likelihood, score_test, iterations = backend.COX.fit(*inputs, iterations)
        if state in (DOUBTFUL, NOT_CONVERGED) or iterations >= LONG:
            endless = _endless(direction if state == DOUBTFUL else None, kept, rows, sets, efron)
        if state != DOUBTFUL or endless is not None:
            break
    if endless is not None:
        state = DOUBTFUL
        covariance.fill(np.nan)
    if state != CONVERGED:
        beta.fill(np.nan)
        sandwich = covariance.copy() if robust else None
    if not kept.all():
        beta[~kept] = np.nan
    if endless is not None:
        beta[kept] = running_off(endless)
    return CoxFit(
        coefficients=beta,
        covariance=covariance,
        robust_covariance=sandwich,
        log_likelihood_null=null,
        log_likelihood=log_likelihood if state == CONVERGED else np.nan,
        score_test=score_test,
        iterations=iterations,
        status=STATUS[state],
        aliased=~kept,
    )


def _endless(direction: Floats | None, kept: Bools, rows: Rows, sets: RiskSets, efron: bool) -> Floats | None:
    with np.errstate(all="ignore"):
        problem = lay_out(rows, sets, efron)[0].only(kept)
        return settled(problem) if direction is None else runs_off(direction[kept], problem)
