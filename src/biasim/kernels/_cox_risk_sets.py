"""Who is at risk at which death time: the one sort of a Cox fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biasim.kernels.tied_times import starts
from biasim.types import Bools, Floats, Integers


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Rows of one fit, in the order in which they join the risk sets when time runs backwards.

    Death times (distinct within a stratum) are numbered from 0, stratum after stratum, the latest first. Row k of `rows`
    is at risk at the death times first[k] <= e < last[k]. Rows at risk at no death time carry no information and are left out.
    """

    rows: Integers  # (m,) positions in the caller's arrays
    first: Integers  # (m,) ascending
    last: Integers  # (m,)
    dead: Bools  # (m,) dies at the death time `first`
    strata: Integers  # (s + 1,) where the death times of each stratum begin, and their number
    leaving: Integers  # (k,) places in `rows` of those who leave before their stratum does, by `last`

    @property
    def times(self) -> int:
        """Number of death times."""
        return int(self.strata[-1])

    @property
    def plain(self) -> bool:
        """One stratum that nobody enters late: sums over risk sets are running sums."""
        return len(self.strata) == 2 and len(self.leaving) == 0


NOBODY: Integers = np.empty(0, dtype=np.int64)


def risk_sets(time: Floats, event: Bools, entry: Floats | None, strata: Integers | None) -> RiskSets:
    """The risk sets of rows at risk in (entry, time], of strata numbered from 0.

    Times apart by rounding only are one time (R: `timefix`, see tied_times). A row whose interval is empty is never at risk.
    """
    if entry is None and strata is None:
        return _one_stratum(time, event)
    return _general(time, event, entry, strata)


def _one_stratum(time: Floats, event: Bools) -> RiskSets:
    order = np.argsort(time, kind="stable")
    new = starts(time[order])
    dead = event[order]
    if not new.all():
        group = np.cumsum(new) - 1
        fatal = np.zeros(group[-1] + 1, dtype=np.int64)
        fatal[group[dead]] = 1
        reached = np.cumsum(fatal)[group]
    else:
        reached = np.cumsum(dead)
    times = int(reached[-1])
    begin = int(np.searchsorted(reached, 1))
    first = times - reached[begin:][::-1]
    last = np.full(len(first), times, dtype=np.int64)
    return RiskSets(order[begin:][::-1], first, last, dead[begin:][::-1], np.array([0, times]), NOBODY)


def _general(time: Floats, event: Bools, entry: Floats | None, strata: Integers | None) -> RiskSets:
    n = len(time)
    rank, width = _ranks(time if entry is None else np.concatenate([time, entry]))
    left, entered = (rank, None) if entry is None else (rank[:n], rank[n:])
    offset = np.zeros(n, dtype=np.int64) if strata is None else strata * width
    event = event if entered is None else event & (left > entered)
    key = offset + left
    fatal = np.unique(key[event])
    times = len(fatal)
    first = times - np.searchsorted(fatal, key, side="right")
    last = times - np.searchsorted(fatal, offset - 1 if entered is None else offset + entered, side="right")
    at_risk = np.flatnonzero(first < last)
    rows = at_risk[np.argsort(first[at_risk], kind="stable")]
    first, last = first[rows], last[rows]
    owner = (fatal // width)[::-1]
    bounds = np.concatenate([[0], np.flatnonzero(owner[1:] != owner[:-1]) + 1, [times]])
    end = bounds[np.searchsorted(bounds, first, side="right")]
    early = np.flatnonzero(last < end)
    leaving = early[np.argsort(last[early], kind="stable")]
    return RiskSets(rows, first, last, event[rows], bounds, leaving)


def _ranks(time: Floats) -> tuple[NDArray[np.int64], int]:
    """Rank of each time among the distinct times, and their number."""
    order = np.argsort(time, kind="stable")
    ascending = np.cumsum(starts(time[order])) - 1
    rank = np.empty(len(time), dtype=np.int64)
    rank[order] = ascending
    return rank, int(ascending[-1]) + 1
