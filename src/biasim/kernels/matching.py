"""Greedy nearest-neighbour matching on a score within a caliper.

O(n log n): the controls are sorted once, equal scores form a group, and two union-find forests lead from any group to the
nearest one, below and above, that still has somebody free. Rosenbaum and Rubin 1985, doi 10.1080/00031305.1985.10479383.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np

from biasim.kernels import backend
from biasim.types import Bools, Floats, Integers

EXTENSION = backend.extension("_propensity")
Order = Literal["largest", "smallest", "data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The links made, shape (links,) each, in the order of `exposed_row`, then `slot`."""

    exposed_row: Integers
    control_row: Integers
    slot: Integers  # 1 for the first control of an exposed row, 2 for the second, ...


def caliper_width(
    score: Floats, exposed: Bools, *, sd: float, scale: Literal["overall", "pooled"] = "overall"
) -> float:
    """`sd` standard deviations of the score, in its own units.

    The deviation is that of everybody (overall) or sqrt((s1^2 + s0^2) / 2) of the two groups (pooled; Austin 2011,
    doi 10.1002/pst.433). A group of one has none and counts as 0.
    """
    score, exposed = np.asarray(score, dtype=np.float64), np.asarray(exposed, dtype=bool)

    def variance(values: Floats) -> float:
        return float(values.var(ddof=1)) if len(values) > 1 else 0.0

    if scale == "overall":
        return sd * sqrt(variance(score))
    if scale == "pooled":
        return sd * sqrt((variance(score[exposed]) + variance(score[~exposed])) / 2)
    raise ValueError(f"scale: {scale!r}; expected 'overall' or 'pooled'")


def nearest(
    score: Floats,
    exposed: Bools,
    *,
    ratio: int = 1,
    caliper: float | None = None,
    replace: bool = False,
    order: Order = "largest",
) -> Matches:
    """Give each exposed row its nearest control, one after the other.

    Parameters
    ----------
    score
        Usually the logit of the propensity score, shape (n,). Rows whose score is not finite are never matched.
    ratio
        Controls per exposed row. Without replacement in rounds: second controls only when everybody has had a turn.
    caliper
        Largest distance allowed, in units of the score, itself included; None for no limit.
    replace
        Whether a control can serve several exposed rows; then `order` does not matter.
    order
        Who chooses first: the largest score, the smallest, or the first row of the data; ties in the order of the data.
        Controls at equal distance: the first row of the data.
    """
    score, exposed = np.asarray(score, dtype=np.float64), np.asarray(exposed, dtype=bool)
    if order not in ("largest", "smallest", "data"):
        raise ValueError(f"order: {order!r}; expected 'largest', 'smallest' or 'data'")
    if ratio < 1:
        raise ValueError(f"ratio: {ratio}; expected at least 1")
    limit = inf if caliper is None else float(caliper)
    finite = np.isfinite(score)
    takers = np.flatnonzero(exposed & finite)
    if order != "data" and not replace:
        takers = takers[np.argsort(-score[takers] if order == "largest" else score[takers], kind="stable")]
    controls = np.flatnonzero(~exposed & finite)
    controls = controls[np.argsort(score[controls], kind="stable")]  # by score, then by row
    ratio, limit = max(1, min(int(ratio), len(controls))), min(limit, sys.float_info.max)
    greedy = _greedy_compiled if backend.compiled() and EXTENSION is not None else _greedy
    chooser, control_row, slot = greedy(score[takers], score[controls], controls, ratio, limit, replace)
    exposed_row = takers[chooser]
    by_row = np.lexsort((slot, exposed_row))
    return Matches(exposed_row=exposed_row[by_row], control_row=control_row[by_row], slot=slot[by_row])


def match_weights(matches: Matches, size: int) -> Floats:
    """Weight of every row in the matched sample, shape (size,): exposed 1, controls a share 1/k of each exposed with k."""
    result = np.zeros(size)
    partners = np.bincount(matches.exposed_row, minlength=size)
    result[matches.exposed_row] = 1.0
    np.add.at(result, matches.control_row, 1.0 / partners[matches.exposed_row])
    return result


def _greedy(
    wanted: Floats, offered: Floats, rows: Integers, ratio: int, limit: float, replace: bool
) -> tuple[Integers, Integers, Integers]:
    """Links (position in `wanted`, control row, slot). `wanted` in the order of choice, `offered` ascending with `rows`."""
    first = np.flatnonzero(np.diff(offered, prepend=-inf))
    value = [-inf, *offered[first].tolist(), inf]  # groups of equal score between two that nobody can want
    free = [0, *first.tolist(), len(offered)]  # first free member of each group
    place = (np.searchsorted(offered[first], wanted, side="right")).tolist()
    choose = _with_replacement if replace else _without_replacement
    links = choose(wanted.tolist(), place, value, free, rows.tolist(), ratio, limit)
    return tuple(np.array(column, dtype=np.int64) for column in links)


def _greedy_compiled(
    wanted: Floats, offered: Floats, rows: Integers, ratio: int, limit: float, replace: bool
) -> tuple[Integers, Integers, Integers]:
    """`_greedy` in C."""
    most = len(wanted) * ratio if replace else len(offered)
    who, whom, slots = np.empty((3, most), dtype=np.int64)
    made = EXTENSION.nearest(wanted, offered, rows, ratio, limit, replace, who, whom, slots)
    return who[:made], whom[:made], slots[:made]


def _without_replacement(
    wanted: list[float], place: list[int], value: list[float], free: list[int], rows: list[int], ratio: int, limit: float
) -> tuple[list[int], list[int], list[int]]:
    """Rounds of one control each; `below[g]` and `above[g]` lead towards the nearest group that has somebody free."""
    stop = free[1:]
    below, above = list(range(len(value))), list(range(len(value)))
    who, whom, slots = [], [], []
    turn = range(len(wanted))
    for slot in range(1, ratio + 1):
        matched = []
        for taker in turn:
            score = wanted[taker]
            low = _lead(below, place[taker])
            high = _lead(above, place[taker] + 1)
            under, over = score - value[low], value[high] - score
            distance = under if under < over else over
            if distance > limit:
                continue
            group = low if under == distance else high
            row = rows[free[group]]
            while under == distance:  # other groups at the same distance: the first row of the data
                if rows[free[low]] < row:
                    group, row = low, rows[free[low]]
                if score - value[low - 1] != distance:
                    break
                low = _lead(below, low - 1)
                under = score - value[low]
            while over == distance:
                if rows[free[high]] < row:
                    group, row = high, rows[free[high]]
                if value[high + 1] - score != distance:
                    break
                high = _lead(above, high + 1)
                over = value[high] - score
            free[group] += 1
            if free[group] == stop[group]:
                below[group], above[group] = group - 1, group + 1
            who.append(taker)
            whom.append(row)
            slots.append(slot)
            matched.append(taker)
        turn = matched
    return who, whom, slots


def _lead(forest: list[int], group: int) -> int:
    """The root of `group`, halving the path on the way (Tarjan and van Leeuwen 1984, doi 10.1145/62.2160)."""
    while forest[group] != group:
        forest[group] = forest[forest[group]]
        group = forest[group]
    return group


def _with_replacement(
    wanted: list[float], place: list[int], value: list[float], free: list[int], rows: list[int], ratio: int, limit: float
) -> tuple[list[int], list[int], list[int]]:
    """The `ratio` nearest controls of each, whole distances at a time; of each group only the first members can matter."""
    who, whom, slots = [], [], []
    for taker, score in enumerate(wanted):
        low, high = place[taker], place[taker] + 1
        slot = 1
        while slot <= ratio:
            distance = min(score - value[low], value[high] - score)
            if distance > limit:
                break
            level = []
            while score - value[low] == distance:
                level += rows[free[low] : min(free[low + 1], free[low] + ratio)]
                low -= 1
            while value[high] - score == distance:
                level += rows[free[high] : min(free[high + 1], free[high] + ratio)]
                high += 1
            level.sort()
            for row in level[: ratio + 1 - slot]:
                who.append(taker)
                whom.append(row)
                slots.append(slot)
                slot += 1
    return who, whom, slots
