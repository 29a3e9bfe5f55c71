"""Lots among equals: who comes first when scores are tied, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biasim.types import Observed, ObservedOverTime

GOLDEN, FIRST, SECOND = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))  # splitmix64


def lots(observed: Observed) -> NDArray[np.uint64]:
    """A number per row that her own data decide, as if drawn by lot: neither early deaths nor late ones come first.

    Two rows alike in everything get the same lot, and may stand for each other.
    """
    columns = [observed.time, observed.entry, observed.event, observed.exposed, *observed.covariates.T]
    if isinstance(observed, ObservedOverTime):
        columns.append(observed.exposed_from)
    lot = np.zeros(observed.size, dtype=np.uint64)
    for column in columns:
        bits = (np.asarray(column, dtype=np.float64) + 0.0).view(np.uint64)  # + 0.0: -0 and 0 are one number
        lot = (lot ^ bits) + GOLDEN
        lot = (lot ^ (lot >> np.uint64(30))) * FIRST
        lot = (lot ^ (lot >> np.uint64(27))) * SECOND
        lot ^= lot >> np.uint64(31)
    return lot
