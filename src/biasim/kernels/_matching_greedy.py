"""The search of greedy matching, in O(n log n).

The controls come sorted, equal scores form a group, and two union-find forests lead from any group to the nearest one,
below and above, that still has somebody free.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from biasim.kernels import backend
from biasim.types import Floats, Integers

EXTENSION = backend.extension("_propensity")
Links = tuple[list[int], list[int], list[int]]  # position in `wanted`, control row, slot


@dataclass(slots=True)
class _Groups:
    """Controls by score: lists, which a loop reads faster than arrays. Group 0 and the last are bounds that nobody can want."""

    value: list[float]  # the score of each group, ascending from -inf to inf
    free: list[int]  # the first free control of each group
    stop: list[int]  # the end of each group
    rows: list[int]  # row of each control, ascending within a group
    below: list[int]  # leads towards the nearest group not above with somebody free
    above: list[int]


def links(
    wanted: Floats, offered: Floats, rows: Integers, ratio: int, limit: float, replace: bool
) -> tuple[Integers, Integers, Integers]:
    """Links (position in `wanted`, control row, slot) within the finite `limit`.

    `wanted` are scores in the order of choice, `offered` those of the controls, ascending, with their `rows`.
    """
    first = np.flatnonzero(np.diff(offered, prepend=-inf))
    starts = [0, *first.tolist(), len(offered)]
    groups = _Groups(
        value=[-inf, *offered[first].tolist(), inf, inf],  # the second inf is looked at, never led to
        free=starts,
        stop=[*starts[1:], len(offered)],
        rows=rows.tolist(),
        below=list(range(len(starts))),
        above=list(range(len(starts))),
    )
    place = np.searchsorted(offered[first], wanted, side="right").tolist()  # the last group not above
    choose = _with_replacement if replace else _without_replacement
    return tuple(np.array(column, dtype=np.int64) for column in choose(wanted.tolist(), place, groups, ratio, limit))


def compiled(
    wanted: Floats, offered: Floats, rows: Integers, ratio: int, limit: float, replace: bool
) -> tuple[Integers, Integers, Integers]:
    """`links` in C."""
    most = len(wanted) * ratio if replace else len(offered)
    who, whom, slots = np.empty((3, most), dtype=np.int64)
    made = EXTENSION.nearest(wanted, offered, rows, ratio, limit, replace, who, whom, slots)
    return who[:made], whom[:made], slots[:made]


def _without_replacement(wanted: list[float], place: list[int], groups: _Groups, ratio: int, limit: float) -> Links:
    """Rounds of one control each; who finds none in one round finds none later."""
    value, free, stop, rows, below, above = (getattr(groups, name) for name in _Groups.__slots__)
    who, whom, slots = [], [], []
    turn = range(len(wanted))
    for slot in range(1, ratio + 1):
        matched = []
        for taker in turn:
            score = wanted[taker]
            low, high = _lead(below, place[taker]), _lead(above, place[taker] + 1)
            under, over = score - value[low], value[high] - score
            distance, group = (under, low) if under < over else (over, high)
            if distance > limit:
                continue
            if under == over or score - value[low - 1] == distance or value[high + 1] - score == distance:
                group = _first_of_equals(groups, score, low, high)
            who.append(taker)
            whom.append(rows[free[group]])
            free[group] += 1
            if free[group] == stop[group]:
                below[group], above[group] = group - 1, group + 1
            matched.append(taker)
        slots += [slot] * len(matched)
        turn = matched
    return who, whom, slots


def _first_of_equals(groups: _Groups, score: float, low: int, high: int) -> int:
    """Of the groups at the smallest distance, on both sides, the one whose first free row comes first in the data.

    Scores that differ can be at one distance by rounding: 1 - 1e-17 = 1 - 2e-17.
    """
    value = groups.value
    distance = min(score - value[low], value[high] - score)
    level = []
    while score - value[low] == distance:
        level.append(low)
        low = _lead(groups.below, low - 1)
    while value[high] - score == distance:
        level.append(high)
        high = _lead(groups.above, high + 1)
    return min(level, key=lambda group: groups.rows[groups.free[group]])


def _lead(forest: list[int], group: int) -> int:
    """The root of `group`, halving the path on the way (Tarjan and van Leeuwen 1984, doi 10.1145/62.2160)."""
    while forest[group] != group:
        forest[group] = forest[forest[group]]
        group = forest[group]
    return group


def _with_replacement(wanted: list[float], place: list[int], groups: _Groups, ratio: int, limit: float) -> Links:
    """The `ratio` nearest controls of each, whole distances at a time; of each group only the first members can matter."""
    value, free, stop, rows, _, _ = (getattr(groups, name) for name in _Groups.__slots__)
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
                level += rows[free[low] : min(stop[low], free[low] + ratio)]
                low -= 1
            while value[high] - score == distance:
                level += rows[free[high] : min(stop[high], free[high] + ratio)]
                high += 1
            level.sort()
            for row in level[: ratio + 1 - slot]:
                who.append(taker)
                whom.append(row)
                slots.append(slot)
                slot += 1
    return who, whom, slots
