"""Is the likelihood monotone in a direction? Asked when Newton's steps stay long while the likelihood has stopped to rise.

The partial likelihood has no finite maximum if and only if there is a direction d along which, at every death time, every
death has the largest d'x of its risk set, and some row a smaller one. Newton's steps tend to such a direction where there is
one; so a step is a candidate, and this certificate decides. A large but finite effect never passes it.
Albert and Anderson 1984, doi 10.1093/biomet/71.1.1; Heinze and Schemper 2001, doi 10.1111/j.0006-341X.2001.00114.x.
"""

from __future__ import annotations

import numpy as np

from biasim.kernels._cox_numpy import Problem, evaluate
from biasim.kernels._cox_risk_sets import RiskSets
from biasim.types import Floats

ROUNDING = 1e-8  # of the spread of d'x: what a death may lack of the largest value
FAR = 600.0  # the linear predictor at which only rows tied with the largest still count
PAIRS = 2_000_000
TIED = 1e-7  # of the second moments: information that tied rows hold


def runs_off(direction: Floats, problem: Problem) -> Floats | None:
    """A direction (p,) near the given one along which the likelihood rises for ever, or None.

    A step that has not settled yet still moves rows apart that are tied in the limit: what information these rows hold,
    far out along the step, spans what is wrong with it, and is taken off.
    """
    if is_monotone(direction, problem):
        return direction
    spread = float(np.ptp(direction @ problem.x))
    if not np.isfinite(spread) or spread == 0.0:
        return None
    _, information, moments = evaluate(problem, direction * (FAR / spread)).derivatives()
    size = np.sqrt(np.where(moments > 0.0, moments, 1.0))
    information = information / np.outer(size, size)
    if not np.isfinite(information).all():
        return None
    values, vectors = np.linalg.eigh(information)
    settled = vectors[:, values < TIED]
    direction = settled @ (settled.T @ (direction * size)) / size
    return direction if is_monotone(direction, problem) else None


def settled(problem: Problem) -> Floats | None:
    """A direction (p,) along which the likelihood rises for ever, by linear programming; None where there is none.

    The last word where Newton's steps ended without one: few rows, many covariates, sums that cancel. Not asked of problems
    with more than PAIRS comparisons within risk sets.
    """
    from scipy.optimize import linprog

    sets, x = problem.sets, problem.x
    death, row, size = sets.first, np.flatnonzero(sets.dead), np.zeros(sets.times + 1, dtype=np.int64)
    np.add.at(size, sets.first, 1)
    np.add.at(size, sets.last, -1)
    if np.cumsum(size)[death[row]].sum() * len(x) > PAIRS:
        return None
    lead = [x[:, i, None] - x[:, (sets.first <= death[i]) & (sets.last > death[i])] for i in row]
    lead = np.unique(np.concatenate(lead, axis=1), axis=1).T
    found = linprog(-lead.sum(axis=0), A_ub=-lead, b_ub=np.zeros(len(lead)), bounds=(-1.0, 1.0))
    return found.x if found.x is not None and is_monotone(found.x, problem) else None


def is_monotone(direction: Floats, problem: Problem) -> bool:
    """Whether the likelihood rises for ever along `direction` (p,)."""
    score, sets = direction @ problem.x, problem.sets
    if not np.isfinite(score).all():
        return False
    highest = _largest(score, sets)
    when = sets.first[sets.dead]
    lacking = highest[when] - score[sets.dead]
    span = float((highest + _largest(-score, sets)).max())
    return span > 0.0 and bool(lacking.max() <= ROUNDING * span)


def _largest(score: Floats, sets: RiskSets) -> Floats:
    """(times,) largest value in each risk set. A row's interval is covered by two overlapping powers of two."""
    times = sets.times
    length = sets.last - sets.first
    level = np.frexp(length.astype(np.float64))[1] - 1
    table = np.full(times, -np.inf)
    for power in range(int(level.max()), -1, -1):
        if power < int(level.max()):
            half = 1 << power
            lower = table.copy()
            lower[half:] = np.maximum(lower[half:], table[:-half])
            table = lower
        mine = level == power
        np.maximum.at(table, sets.first[mine], score[mine])
        np.maximum.at(table, sets.last[mine] - (1 << power), score[mine])
    return table
