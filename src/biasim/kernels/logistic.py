"""Logistic regression by Newton's method with safe steps."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan

import numpy as np
from scipy.special import expit

from biasim.answers import Status
from biasim.kernels import _logistic_newton, backend
from biasim.types import Bools, Floats

DEPENDENT = 1e-11  # a column whose residual norm is this share of its own norm is aliased (R: glm.fit, dqrdc2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A fitted model with p covariates; the intercept comes first in `coefficients`, `covariance` and `aliased`.

    Columns that are linear combinations of the intercept and EARLIER columns are aliased: coefficient nan, as in R's glm,
    and without part in `linear_predictor`. Unless `status` is OK the numbers are those at which the search stopped (nan if
    it never began).
    """

    coefficients: Floats  # (p + 1,)
    covariance: Floats  # (p + 1, p + 1) inverse of the information
    linear_predictor: Floats  # (n,)
    probability: Floats  # (n,)
    log_likelihood: float
    iterations: int
    status: Status
    aliased: Bools  # (p + 1,)


def fit(covariates: Floats, outcome: Bools, *, weights: Floats | None = None) -> LogisticFit:
    """Maximum likelihood of P(outcome) = expit(intercept + covariates), covariates (n, p), outcome (n,).

    Non-negative weights multiply the log likelihood; rows of weight 0 take no part but get a linear predictor.
    Status: NO_PATIENTS without any weight, NOBODY_EXPOSED / NOBODY_UNEXPOSED when the outcome is constant, SEPARATION
    when a combination of covariates predicts some outcomes perfectly, so that there is no finite maximum (Albert and
    Anderson 1984, doi 10.1093/biomet/71.1.1).
    """
    x, y = np.asarray(covariates, dtype=np.float64), np.asarray(outcome, dtype=bool).astype(np.float64)
    if not np.isfinite(x).all():
        raise ValueError("covariates: nan or infinite values; expected numbers")
    used, part = x, y
    w, unit = None, 1.0
    if weights is not None:
        w = np.asarray(weights, dtype=np.float64)
        if not (w >= 0.0).all():
            raise ValueError("weights: a negative weight or nan; expected non-negative numbers")
        held = w > 0.0
        if not held.all():
            used, part, w = x[held], y[held], w[held]
        unit = float(w.mean()) if len(w) else 1.0
        w = w / unit
    if len(part) == 0:
        return _nothing(x, Status.NO_PATIENTS)
    exposed = np.count_nonzero(part)
    if exposed in (0, len(part)):
        return _nothing(x, Status.NOBODY_UNEXPOSED if exposed else Status.NOBODY_EXPOSED)
    share = exposed / len(part) if w is None else float(w @ part / w.sum())
    design, back, kept = _standardised(used, w)
    start = np.zeros(len(design))
    start[0] = log(share / (1.0 - share))
    newton = _logistic_newton.compiled if backend.compiled() and _logistic_newton.EXTENSION else _logistic_newton.newton
    found = newton(design, part, w, start)
    if found is None:
        design, back, kept = _orthogonalised(design, back, kept, used, w)
        found = newton(design, part, w, start[: len(design)])
    gamma, inverse, log_likelihood, iterations, status = found
    return _assemble(x, kept, back @ gamma, back @ (inverse / unit) @ back.T, log_likelihood * unit, iterations, status)


def _nothing(x: Floats, status: Status) -> LogisticFit:
    """A fit that could not begin."""
    size = x.shape[1] + 1
    return LogisticFit(
        coefficients=np.full(size, nan),
        covariance=np.full((size, size), nan),
        linear_predictor=np.full(len(x), nan),
        probability=np.full(len(x), nan),
        log_likelihood=nan,
        iterations=0,
        status=status,
        aliased=np.zeros(size, dtype=bool),
    )


def _assemble(
    x: Floats, kept: Bools, beta: Floats, covariance: Floats, log_likelihood: float, iterations: int, status: Status
) -> LogisticFit:
    """Put the kept coefficients (intercept first) back in their places; `kept` is (p + 1,)."""
    coefficients, full, slopes = beta, covariance, beta[1:]
    if not kept.all():
        size = len(kept)
        coefficients, full = np.full(size, nan), np.full((size, size), nan)
        coefficients[kept], full[np.ix_(kept, kept)] = beta, covariance
        slopes = np.where(kept, coefficients, 0.0)[1:]
    predictor = x @ slopes + beta[0]
    return LogisticFit(
        coefficients=coefficients,
        covariance=full,
        linear_predictor=predictor,
        probability=expit(predictor),
        log_likelihood=log_likelihood,
        iterations=iterations,
        status=status,
        aliased=~kept,
    )


def _standardised(x: Floats, w: Floats | None) -> tuple[Floats, Floats, Bools]:
    """Design (k, n): ones, then every column centred and scaled; the matrix back to raw coefficients; columns kept.

    Columns without spread are aliased with the intercept. Scaling makes the answer indifferent to units.
    """
    size, columns = x.shape
    total = size if w is None else w.sum()
    design = np.empty((columns + 1, size))
    design[0] = 1.0
    inner = design[1:]
    inner[:] = x.T
    centre = inner.mean(axis=1) if w is None else inner @ w / total
    inner -= centre[:, None]
    scale = np.sqrt(np.vecdot(inner, inner if w is None else inner * w) / total)
    kept = np.append(True, scale > DEPENDENT * np.hypot(scale, centre))
    if not kept.all():
        design, scale, centre = design[kept], scale[kept[1:]], centre[kept[1:]]
    design[1:] *= (1.0 / scale)[:, None]
    back = np.diag(np.append(1.0, 1.0 / scale))
    back[0, 1:] = -centre / scale
    return design, back, kept


def _orthogonalised(
    design: Floats, back: Floats, kept: Bools, x: Floats, w: Floats | None
) -> tuple[Floats, Floats, Bools]:
    """Replace the standardised columns by orthonormal ones in their order, leaving out those that earlier ones span."""
    root = np.ones(design.shape[1]) if w is None else np.sqrt(w)
    columns = np.flatnonzero(kept)
    length = np.sqrt(len(root))  # of a standardised column; raw columns far from 0 are longer and less precise
    raw = np.append(1.0, np.sqrt(np.mean((x * root[:, None]) ** 2, axis=0)))[columns] * np.abs(np.diag(back))
    basis, mixes, chosen = [], [], []
    for j, column in enumerate(design):
        mix = np.zeros(len(columns))
        mix[j] = 1.0
        rest = column * root
        for _ in range(2):  # twice is enough: Giraud, Langou, Rozloznik 2005, doi 10.1016/j.camwa.2005.08.009
            for old, old_mix in zip(basis, mixes, strict=True):
                along = old @ rest
                rest = rest - along * old
                mix = mix - along * old_mix
        norm = np.sqrt(rest @ rest)
        if norm > DEPENDENT * length * max(1.0, raw[j]):
            basis.append(rest / norm)
            mixes.append(mix / norm)
            chosen.append(j)
    result = kept.copy()
    result[np.delete(columns, chosen)] = False
    mixing = np.array(mixes)[:, chosen] * length
    return np.array(basis) * (length / root), back[np.ix_(chosen, chosen)] @ mixing.T, result
