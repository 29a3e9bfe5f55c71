"""Is the likelihood monotone in a direction? Asked when Newton's steps stay long while the likelihood has stopped to rise.

The partial likelihood has no finite maximum if and only if there is a direction d along which, at every death time, every
death has the largest d'x of its risk set, and some row a smaller one. Newton's steps tend to such a direction where there is
one; so a step is a candidate, and this certificate decides. A large but finite effect never passes it.
Albert and Anderson 1984, doi 10.1093/biomet/71.1.1; Heinze and Schemper 2001, doi 10.1111/j.0006-341X.2001.00114.x.
"""

from __future__ import annotations

import numpy as np

from biasim.kernels._cox_risk_sets import RiskSets
from biasim.types import Floats

ROUNDING = 1e-8  # of the spread of d'x: what a death may lack of the largest value


def is_monotone(score: Floats, sets: RiskSets) -> bool:
    """Whether the likelihood rises for ever along the direction whose values d'x are `score` (m,), in the order of `sets`."""
    spread = float(np.ptp(score)) if len(score) else 0.0
    if not np.isfinite(spread) or spread == 0.0:
        return False
    highest, lowest = _largest(score, sets), -_largest(-score, sets)
    when = sets.first[sets.dead]
    lacking = highest[when] - score[sets.dead]
    span = float((highest - lowest).max())
    return bool(lacking.max() <= ROUNDING * span)


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
