"""Newton's method with safe steps for logistic regression, on a well-conditioned design.

Separation shows in the steps: the gain in log likelihood that is left goes to 0 while some linear predictor keeps moving by
about 1 at each step, because the score and the information of the patients predicted perfectly vanish together.
"""

from __future__ import annotations

from math import inf, nan

import numpy as np

from biasim.answers import Status
from biasim.kernels import backend
from biasim.types import Floats

EXTENSION = backend.extension("_propensity")
MAX_ITERATIONS = 60
CONVERGED = 1e-20  # Newton decrement (log likelihood still to be gained, times 2): the step is then 1e-10 standard errors
SETTLED = 1e-8  # a decrement this small with a step this large in some linear predictor, there is no finite maximum
STILL_MOVING = 0.5
SUSPICIOUS_PIVOT = 1e-9  # share of a column's variance that earlier columns leave over: below, decide by orthogonalising

Found = tuple[Floats, Floats, float, int, Status]  # coefficients, covariance, log likelihood, iterations, status


def newton(design: Floats, y: Floats, w: Floats | None, gamma: Floats) -> Found | None:
    """Climb from `gamma`; None if the columns of the design are too close to dependent to be used as they are."""
    best, decrement = -inf, inf
    step, predictor = np.zeros_like(gamma), gamma @ design
    step_predictor = np.zeros_like(predictor)
    for iteration in range(1, MAX_ITERATIONS + 1):
        log_likelihood, residual, spread = _pointwise(predictor, y, w)
        halvings = 0
        while log_likelihood < best - 1e-10 * (1.0 + abs(best)) and halvings < 40:
            step, step_predictor, halvings = step / 2, step_predictor / 2, halvings + 1
            gamma, predictor = gamma - step, predictor - step_predictor
            log_likelihood, residual, spread = _pointwise(predictor, y, w)
        best = log_likelihood
        information = _information(design, spread)
        if iteration == 1 and _smallest_pivot(information) < SUSPICIOUS_PIVOT:
            return None
        previous = decrement
        try:
            step = np.linalg.solve(information, score := design @ residual)
            decrement = float(score @ step)
        except np.linalg.LinAlgError:
            decrement = nan
        if not decrement >= 0.0:  # no information left: where the gain had become small, there is no maximum
            status = Status.SEPARATION if previous < SETTLED else Status.NOT_CONVERGED
            return gamma, np.full(information.shape, nan), best, iteration, status
        step_predictor = step @ design
        gamma, predictor = gamma + step, predictor + step_predictor
        if decrement < SETTLED:
            moving = np.abs(step_predictor).max() > STILL_MOVING
            if moving or decrement < CONVERGED or decrement > previous / 4:  # or as small as rounding allows
                status = Status.SEPARATION if moving else Status.OK
                return gamma, _inverse(information), best, iteration, status
    return gamma, _inverse(information), best, MAX_ITERATIONS, Status.NOT_CONVERGED


def compiled(design: Floats, y: Floats, w: Floats | None, gamma: Floats) -> Found | None:
    """`newton` in C."""
    gamma, covariance = gamma.copy(), np.empty((len(gamma),) * 2)
    design, y = np.ascontiguousarray(design), np.ascontiguousarray(y)
    rules = MAX_ITERATIONS, CONVERGED, SETTLED, STILL_MOVING, SUSPICIOUS_PIVOT
    state, log_likelihood, iterations = EXTENSION.newton(design, y, w, gamma, covariance, *rules)
    status = (Status.OK, Status.SEPARATION, Status.NOT_CONVERGED, None)[state]
    return None if status is None else (gamma, covariance, log_likelihood, iterations, status)


def _pointwise(predictor: Floats, y: Floats, w: Floats | None) -> tuple[float, Floats, Floats]:
    """Log likelihood, and by row its first and minus its second derivative in the linear predictor."""
    small = np.exp(-np.abs(predictor))
    odds = 1.0 / (1.0 + small)
    spread = small * odds
    residual = y - np.where(predictor >= 0.0, odds, spread)
    spread *= odds
    gain = np.minimum(predictor, 0.0) - predictor * (1.0 - y) + np.log(odds)
    if w is None:
        return float(gain.sum()), residual, spread
    return float(w @ gain), w * residual, w * spread


def _information(design: Floats, spread: Floats, block: int = 8192) -> Floats:
    """design diag(spread) design', in blocks that stay in the cache."""
    total = np.zeros((len(design),) * 2)
    for start in range(0, design.shape[1], block):
        part = design[:, start : start + block]
        total += (part * spread[start : start + block]) @ part.T
    return total


def _smallest_pivot(information: Floats) -> float:
    """The smallest share of a column's information that earlier columns leave over; 0 if there is none."""
    try:
        lower = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return 0.0
    return float((lower.diagonal() ** 2 / information.diagonal()).min())


def _inverse(information: Floats) -> Floats:
    """Inverse, exactly symmetric; nan where there is none."""
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return np.full(information.shape, nan)
    return (inverse + inverse.T) / 2
