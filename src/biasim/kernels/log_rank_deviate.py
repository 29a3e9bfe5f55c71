"""The log-rank test of two groups as a standard normal deviate, for those who ask for it many times."""

from __future__ import annotations

from math import sqrt

import numpy as np

from biasim.kernels.log_rank import log_rank
from biasim.kernels.tied_times import starts
from biasim.types import Bools, Floats


def log_rank_deviate(time: Floats, event: Bools, group: Bools, *, entry: Floats | None = None) -> float:
    """Observed less expected deaths of `group` over the root of the variance: positive when it dies faster; 0 without variance.

    Its square is the chi-squared of `log_rank`, ties included; without late entry it takes a third of the time.
    """
    if entry is not None and entry.any():
        found = log_rank(time, event, group, entry=entry)
        return _deviate(float((found.observed - found.expected)[1]), float(found.variance[1, 1]))
    if not event.any():
        return 0.0
    order = np.argsort(time, kind="stable")
    first = np.flatnonzero(starts(time[order]))
    member, died = group[order], event[order]
    at_risk = (len(time) - first).astype(np.float64)
    within = np.append(0, np.cumsum(member))
    at_risk_within = (within[-1] - within[first]).astype(np.float64)
    if len(first) == len(time):
        deaths = died.astype(np.float64)
    else:
        deaths = np.add.reduceat(died, first, dtype=np.float64)
    share = at_risk_within / at_risk
    spread = deaths * share * (1.0 - share)
    if len(first) < len(time):
        spread *= (at_risk - deaths) / np.maximum(at_risk - 1.0, 1.0)
    return _deviate(float(np.count_nonzero(member & died) - deaths @ share), float(spread.sum()))


def _deviate(difference: float, variance: float) -> float:
    return difference / sqrt(variance) if variance > 0.0 else 0.0
