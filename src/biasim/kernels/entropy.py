"""Entropy balancing: the weights nearest to equal ones under which means hit their targets.

Hainmueller 2012, doi 10.1093/pan/mpr025. The weights are w_i proportional to exp(l' z_i), z_i the distance of row i from the
target, and l minimises the convex dual log sum exp(l' z_i): Newton's method with safe steps.
"""

from __future__ import annotations

import numpy as np

from biasim.answers import Status
from biasim.types import Floats

BALANCED = 1e-10  # largest distance of a weighted mean from its target, in units of the column's spread
RIDGE = 1e-12  # of the columns' own variance, 1: those that others span, and those that no weight is left to, get no wild step
LONGEST = 100.0  # change of any log weight in one step
ROUNDING = 1e-13  # of the dual: a step is not refused for less
MAX_ITERATIONS = 200


def entropy_weights(values: Floats, target: Floats) -> tuple[Floats, Status]:
    """Weights (n,) of sum 1 under which the columns of `values` (n, p) have the means `target` (p,), and how it ended.

    SEPARATION when there are none: some combination of the columns lies on one side of the target in every row.
    NOT_CONVERGED when the search ends without either.
    """
    values, target = np.asarray(values, dtype=np.float64), np.asarray(target, dtype=np.float64)
    size = len(values)
    if not size:
        return np.zeros(0), Status.NO_PATIENTS
    away = values - target
    unit = np.sqrt(np.mean(away * away, axis=0))  # about the target: a constant column off its target counts, too
    away = away[:, unit > 0.0] / unit[unit > 0.0]
    predictor = np.zeros(size)
    weights, potential = _softened(predictor)
    for _ in range(MAX_ITERATIONS):
        slope = weights @ away
        if np.abs(slope).max(initial=0.0) < BALANCED:
            return weights, Status.OK
        if predictor.max() < 0.0:  # every row is beyond the target in one direction
            return weights, Status.SEPARATION
        step = _step(away, weights, slope)
        moved = away @ step
        length = min(1.0, LONGEST / max(float(np.abs(moved).max()), LONGEST))
        gain = float(slope @ step)
        while True:
            weights, new = _softened(predictor + length * moved)
            if new <= potential + 1e-4 * length * gain + ROUNDING * (1.0 + abs(potential)) or length < 1e-12:
                break
            length /= 2.0
        predictor, potential = predictor + length * moved, new
    return weights, Status.NOT_CONVERGED


def _softened(predictor: Floats) -> tuple[Floats, float]:
    """exp(predictor) divided by its sum, and the log of that sum."""
    top = float(predictor.max())
    raw = np.exp(predictor - top)
    total = float(raw.sum())
    return raw / total, top + float(np.log(total))


def _step(away: Floats, weights: Floats, slope: Floats) -> Floats:
    """Newton's step down the dual."""
    centred = away - slope
    curvature = (centred * weights[:, None]).T @ centred
    return -np.linalg.solve(curvature + RIDGE * np.eye(len(slope)), slope)
