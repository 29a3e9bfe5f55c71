"""Who is at risk at which death time: the one sort of a Cox fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.kernels import backend
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
    if backend.compiled():
        return _compiled(time, event, entry, strata)
    if entry is None and strata is None:
        return _one_stratum(time, event)
    return _general(time, event, entry, strata)


def _compiled(time: Floats, event: Bools, entry: Floats | None, strata: Integers | None) -> RiskSets:
    n, count = len(time), 1 if strata is None else int(strata.max()) + 1
    rows, first, last, leaving = np.empty((4, n), dtype=np.int64)
    bounds, dead = np.empty(count + 1, dtype=np.int64), np.empty(n, dtype=bool)
    m, k, s = backend.COX.risk_sets(time, event, entry, strata, rows, first, last, bounds, leaving, dead, count)
    return RiskSets(rows[:m], first[:m], last[:m], dead[:m], bounds[:s], leaving[:k])


def _one_stratum(time: Floats, event: Bools) -> RiskSets:
    order = np.argsort(time, kind="stable")
    new = _new_times(time[order])
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
    rows, dead = np.ascontiguousarray(order[begin:][::-1]), np.ascontiguousarray(dead[begin:][::-1])
    return RiskSets(rows, first, last, dead, np.array([0, times]), NOBODY)


def _general(time: Floats, event: Bools, entry: Floats | None, strata: Integers | None) -> RiskSets:
    n = len(time)
    order, new = _sorted(time if entry is None else np.concatenate([time, entry]), strata)
    ascending = np.cumsum(new) - 1
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = ascending
    left, entered = rank[:n], rank[n:]
    fatal = np.zeros(ascending[-1] + 1, dtype=np.int64)
    fatal[left[event if entry is None else event & (entered < left)]] = 1
    reached = np.cumsum(fatal)  # death times up to each moment, stratum after stratum
    times = int(reached[-1])
    bounds, opening = np.array([0, times]), 0
    if strata is not None:
        closing = np.zeros(int(strata.max()) + 1, dtype=np.int64)
        np.maximum.at(closing, strata, reached[left])
        closing = np.maximum.accumulate(closing)
        bounds = times - np.unique(np.append(closing, 0))[::-1]
        opening = np.append(0, closing[:-1])[strata]
    after = opening if entry is None else reached[entered]
    at_risk = reached[left] > after
    rows = order[order < n][::-1]
    rows = rows[at_risk[rows]]
    first, last = times - reached[left][rows], (times - np.broadcast_to(after, (n,)))[rows]
    leaving = NOBODY
    if entry is not None:
        place = np.empty(n, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        back = order[order >= n][::-1] - n
        leaving = place[back[(at_risk & (after > opening))[back]]]
    return RiskSets(rows, first, last, event[rows], bounds, leaving)


def _sorted(moments: Floats, strata: Integers | None) -> tuple[Integers, Bools]:
    """Order of the moments by stratum and time, and where in it a new time begins. Ties are looked for across strata."""
    order = np.argsort(moments, kind="stable")
    new = _new_times(moments[order])
    if strata is None:
        return order, new
    owner = np.resize(strata, len(moments))[order]
    by = np.argsort(owner, kind="stable")
    group, owner = np.cumsum(new)[by], owner[by]
    new = np.append(True, (group[1:] != group[:-1]) | (owner[1:] != owner[:-1]))
    return order[by], new


def _new_times(ascending: Floats) -> Bools:
    """Where a new time begins. The infinite ones, at either end, have no part in what is rounding."""
    if np.isfinite(ascending[0]) and np.isfinite(ascending[-1]):
        return starts(ascending)
    low, high = np.searchsorted(ascending, -np.inf, side="right"), np.searchsorted(ascending, np.inf)
    new = np.zeros(len(ascending), dtype=bool)
    new[[0, min(high, len(ascending) - 1)]] = True
    new[low:high] = starts(ascending[low:high])
    return new
