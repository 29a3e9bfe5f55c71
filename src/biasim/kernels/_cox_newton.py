"""Newton-Raphson with safe steps for the partial likelihood, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.answers import Status
from biasim.kernels._cox_numpy import Point, Problem, cluster_gram, evaluate, score_residuals
from biasim.kernels._cox_result import CoxFit, running_off
from biasim.kernels._cox_risk_sets import RiskSets
from biasim.kernels._cox_rows import Rows, standardised
from biasim.kernels._cox_separation import runs_off, settled
from biasim.types import Bools, Floats, Integers

COLLINEAR = float(
    np.finfo(np.float64).eps ** 0.75
)  # 1.8e-12 of a second moment is rounding; R: coxph.control(toler.chol)
CLEAR = 0.03  # root of a pivot that nothing can be wrong with
CLOSE = 1e-20  # squared Newton step, in standard errors, after which coefficients and errors are exact to rounding
STALLED = 1e-14  # below this, steps that do not shrink any more are rounding
FLAT = 1e-3  # a gain this small, or this LATE, with linear predictors moving by more than MOVING: perhaps no maximum
LATE = 4
MOVING = 0.5
WIDEST = 20.0  # how far one step may move linear predictors apart
LONG = 12  # a maximum found after so many steps is worth a second look
ITERATIONS = 60
HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Coefficients of the `kept` columns, k of p, as laid out in the problem of the `point`."""

    status: Status
    kept: Bools  # (p,)
    beta: Floats  # (k,) the direction without a maximum where separated
    information: Floats  # (k, k)
    null: float
    score_test: float
    iterations: int
    point: Point


def independent(information: Floats, moments: Floats) -> Bools:
    """Columns that are not linear combinations of earlier ones within the risk sets, by Cholesky pivots.

    A pivot counts if it exceeds what rounding may leave of it, which small earlier pivots magnify.
    """
    kept = np.ones(len(moments), dtype=bool)
    size = np.sqrt(np.where(moments > 0.0, moments, 1.0))
    try:
        if np.linalg.cholesky(information / np.outer(size, size)).diagonal().min(initial=1.0) > CLEAR:
            return kept
    except np.linalg.LinAlgError:
        pass
    rest, noise = information.copy(), COLLINEAR * moments
    for j in range(len(moments)):
        pivot = rest[j, j]
        kept[j] = pivot > noise[j]
        if kept[j]:
            share = rest[j + 1 :, j] / pivot
            noise[j + 1 :] += share**2 * noise[j]
            rest[j + 1 :, j + 1 :] -= np.outer(share, rest[j, j + 1 :])
    return kept


def newton_step(information: Floats, gradient: Floats, *, trusted: bool) -> tuple[Floats, bool]:
    """The Newton step, with a ridge as small as makes the information positive, and whether none was needed."""
    try:
        step = np.linalg.solve(information, gradient)
        if not (trusted and step @ gradient > FLAT):
            np.linalg.cholesky(information)
        return step, True
    except np.linalg.LinAlgError:
        scale = np.sqrt(np.maximum(information.diagonal(), np.finfo(np.float64).tiny))
    correlation = information / np.outer(scale, scale)
    for ridge in (1e-13, 1e-10, 1e-7, 1e-4, 1e-1, 1e3):
        matrix = correlation + ridge * np.eye(len(scale))
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            continue
        break
    return np.linalg.solve(matrix, gradient / scale) / scale, False


def advance(point: Point, beta: Floats, step: Floats) -> tuple[Point | None, Floats]:
    """The next point, the step halved until the likelihood does not fall; None where no step helps."""
    slack = 1e-10 * (1.0 + abs(point.log_likelihood))
    for _ in range(HALVINGS):
        following = beta + step
        trial = evaluate(point.problem, following)
        if trial.log_likelihood >= point.log_likelihood - slack:
            return trial, following
        step = step / 2
    return None, beta


def solve(problem: Problem) -> Solution:
    """Maximise the partial likelihood from coefficients of zero."""
    beta = np.zeros(len(problem.x))
    point = evaluate(problem, beta)
    gradient, information, moments = point.derivatives()
    kept, null = independent(information, moments), point.log_likelihood
    if not kept.all():
        gradient, information, beta = gradient[kept], information[np.ix_(kept, kept)], beta[kept]
        problem = problem.only(kept)
    found = {"kept": kept, "null": null}
    if not kept.any():
        status = Status.SINGULAR if len(kept) else Status.OK
        return Solution(
            status=status, beta=beta, information=information, score_test=0.0, iterations=0, point=point, **found
        )
    point.problem = problem
    return Solution(**_climb(point, beta, gradient, information), **found)


def _climb(point: Point, beta: Floats, gradient: Floats, information: Floats) -> dict[str, object]:
    problem, previous, status = point.problem, np.inf, Status.NOT_CONVERGED
    iteration, endless, score_test = 0, None, 0.0
    while iteration < ITERATIONS:
        step, exact = newton_step(information, gradient, trusted=iteration < LATE)
        decrement = float(step @ gradient) / problem.unit
        score_test = score_test if iteration else decrement * problem.unit
        moving = problem.spread(step)
        if moving > MOVING and (decrement < FLAT or iteration >= LATE):
            endless = runs_off(step, problem)
            if endless is not None:
                break
        if exact and (decrement <= CLOSE or (decrement <= STALLED and decrement > previous / 4)):
            status, beta = Status.OK, beta + step
            break
        following, beta = advance(point, beta, step * (WIDEST / moving) if moving > WIDEST else step)
        if following is None:
            break
        point, previous, iteration = following, decrement, iteration + 1
        gradient, information, _ = point.derivatives()
    endless = settled(problem) if endless is None and (status != Status.OK or iteration >= LONG) else endless
    status, beta = (status, beta) if endless is None else (Status.SEPARATION, endless)
    return {"status": status, "beta": beta, "information": information, "score_test": score_test,
            "iterations": iteration, "point": point}  # fmt: skip


def lay_out(rows: Rows, sets: RiskSets, efron: bool) -> tuple[Problem, Floats]:
    """The problem, and the powers of two that its covariates were multiplied by."""
    x, scale = standardised(rows.covariates, sets.rows)
    return Problem(x, None if rows.weights is None else rows.weights[sets.rows], sets, efron), scale


def fit(rows: Rows, sets: RiskSets, *, efron: bool, robust: bool) -> CoxFit:
    """Fit in numpy; results in the caller's units."""
    problem, scale = lay_out(rows, sets, efron)
    cluster = None if rows.cluster is None else rows.cluster[sets.rows]
    return answer(problem, scale, robust=robust, cluster=cluster)


def answer(problem: Problem, scale: Floats, *, robust: bool, cluster: Integers | None = None) -> CoxFit:
    """Solve a problem whose covariates were multiplied by `scale`; `cluster` numbers its rows (m,), None: each is one."""
    with np.errstate(all="ignore"):
        found = solve(problem)
    width, kept, usable = len(scale), found.kept, found.status == Status.OK
    coefficients, covariance = np.full(width, np.nan), np.full((width, width), np.nan)
    sandwich = covariance.copy() if robust else None
    if usable and kept.any():
        inverse = np.linalg.inv(found.information)
        within, units = np.ix_(kept, kept), np.outer(scale[kept], scale[kept])
        coefficients[kept] = found.beta * scale[kept]
        covariance[within] = (inverse + inverse.T) / 2 * units
        if robust:
            influence = inverse @ score_residuals(found.point)
            sandwich[within] = cluster_gram(influence, cluster) * units
    elif found.status == Status.SEPARATION:
        coefficients[kept] = running_off(found.beta)
    return CoxFit(
        coefficients=coefficients,
        covariance=covariance,
        robust_covariance=sandwich,
        log_likelihood_null=found.null,
        log_likelihood=found.point.log_likelihood if usable else np.nan,
        score_test=found.score_test,
        iterations=found.iterations,
        status=found.status,
        aliased=~kept,
    )
