"""Where the nodes of a causal diagram stand, and how its arrows run between them without touching a third one.

Columns are moments, left to right. Within a column nodes take the rows in which straight arrows cross fewest nodes and
each other; exposure runs along the top, survival along the bottom. Positions are those of all panels of a figure together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import permutations
from math import perm

import numpy as np

from biasim.types import Floats

COLUMNS = ("diagnosis", "treatment", "follow-up", "death", "record")
MOMENTS = {"evaluation": "treatment"}  # moments that share a column with another
TOP, BOTTOM = ("surgery", "exposure as recorded"), ("death", "outcome as recorded")
BETWEEN = "follow-up"  # the column through which the arrow from surgery to exposure, and those along the bottom, run
BENDS = [(0.0, 0.5), *((sign * size, where) for size in (0.08, 0.15, 0.23, 0.32, 0.42, 0.54, 0.7)
                       for where in (0.5, 0.25, 0.75) for sign in (1, -1))]  # fmt: skip
Point = tuple[float, float]
Arrow = tuple[str, str]
STARTS = 2
MANY = 1_000  # orders of a column; where there are more, arrows are looked along in fewer places
ROOM = 4.6  # mm that a curve may run above the first row or below the last one
_AT = np.linspace(0.0, 1.0, 41)[:, None]


def placements(columns: Mapping[str, Sequence[str]], arrows: Iterable[Arrow], height: int) -> list[dict[str, Point]]:
    """Column and row of each node, counted from the top left, on `height` rows: one good placement per row of exposure."""
    known = sorted(set(arrows))
    starts = [{column: turned(list(names), turn) for column, names in columns.items()} for turn in range(STARTS)]
    return [_placed(start, known, height, float(top)) for top in range(height - 1) for start in starts]


def turned(names: list[str], turn: int) -> list[str]:
    """The same names in another order: one start may lead nowhere where another does."""
    names = names if turn % 2 == 0 else names[::-1]
    return names[turn // 2 :] + names[: turn // 2]


def _placed(columns: Mapping[str, Sequence[str]], arrows: Sequence[Arrow], height: int, top: float) -> dict[str, Point]:
    fixed = dict.fromkeys(TOP, top) | dict.fromkeys(BOTTOM, height - 1.0)
    place: dict[str, Point] = {}
    free: dict[int, tuple[list[str], list[float]]] = {}
    for number, column in enumerate(COLUMNS):
        names = list(columns.get(column, ()))
        place |= {name: (number, fixed[name]) for name in names if name in fixed}
        taken = {place[name][1] for name in names if name in fixed} | ({top, height - 1.0} if column == BETWEEN else set())
        slots = [row for row in map(float, range(height)) if row not in taken]
        free[number] = [name for name in names if name not in fixed], slots
        place |= {name: (number, row) for name, row in zip(*free[number], strict=False)}
    before: dict[str, Point] = {}
    while before != place:  # one column after the other, until nothing is gained
        before = place
        for number, (names, slots) in free.items():
            trials = ({**place, **{name: (number, row) for name, row in zip(names, order, strict=True)}}
                      for order in permutations(slots, len(names)))  # fmt: skip
            along = _AT[::4] if perm(len(slots), len(names)) > MANY else _AT
            place = min(trials, key=partial(_cost, arrows=arrows, along=along)) if names else place
    return place


def _cost(place: Mapping[str, Point], arrows: Sequence[Arrow], along: Floats) -> float:
    """Nodes that straight arrows touch, looked for `along` them, count most, then crossings, then length."""
    ends = np.array([(place[cause], place[result]) for cause, result in arrows])
    nodes = np.array(list(place.values()))
    points = ends[:, None, 0] + (ends[:, 1] - ends[:, 0])[:, None] * along[None]
    apart = np.abs(points[:, :, None, :] - nodes[None, None]) / np.array([0.42, 0.35])
    near = (apart < 1.0).all(axis=3).any(axis=1)
    own = (ends[:, 0, None] == nodes[None]).all(axis=2) | (ends[:, 1, None] == nodes[None]).all(axis=2)
    length = float(np.abs(ends[:, 1] - ends[:, 0])[:, 1].sum())
    return 20.0 * float((near & ~own).sum()) + 4.0 * _crossings(ends[:, 0], ends[:, 1]) + 0.4 * length


def _crossings(start: Floats, end: Floats) -> float:
    """How many pairs of straight lines cross between their ends."""

    def sides(points: Floats) -> Floats:
        """On which side of each line (row) each point (column) lies."""
        along, to = (end - start)[:, None], points[None] - start[:, None]
        return along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]

    apart = sides(start) * sides(end) < -1e-9
    return float((apart & apart.T).sum()) / 2.0


def curve(start: Point, end: Point, bend: float, where: float = 0.5) -> Floats:
    """A quadratic curve between two points, drawn aside by a share of its length, there: three control points."""
    one, two = np.array(start), np.array(end)
    along = two - one
    return np.array([one, one + where * along + bend * np.array([-along[1], along[0]]), two])


def at(control: Floats, share: Floats) -> Floats:
    """Points of a curve, (k, 2)."""
    share = np.atleast_1d(share)[:, None]
    return (1 - share) ** 2 * control[0] + 2 * share * (1 - share) * control[1] + share**2 * control[2]


def routes(arrows: Iterable[Arrow], centres: Mapping[str, Point], half: Mapping[str, Point]) -> tuple[list[Floats], float]:
    """A curve for each arrow in turn, points (k, 2), and how far they are from a picture in which nothing touches."""
    laid: list[Floats] = []
    total = 0.0
    for start, end in arrows:
        line, cost = _routed(start, end, centres, half, laid)
        laid.append(line)
        total += cost
    return laid, total


def _routed(
    start: str, end: str, centres: Mapping[str, Point], half: Mapping[str, Point], laid: Sequence[Floats]
) -> tuple[Floats, float]:
    """The least bent curve that keeps off every other node and, if it can, off the arrows already laid."""
    others = [name for name in centres if name not in (start, end)]
    middles = np.array([centres[name] for name in others]).reshape(-1, 2)
    sizes = np.array([half[name] for name in others]).reshape(-1, 2) + 0.9
    heights = [y for _, y in centres.values()]
    low, high = min(heights) - ROOM, max(heights) + ROOM
    before = np.concatenate(laid) if laid else np.empty((0, 2))
    best, least = np.empty((0, 2)), np.inf
    for bend, where in BENDS:
        if abs(bend) >= least:
            break
        line = _clipped(curve(centres[start], centres[end], bend, where), half[start], half[end])
        touched = (np.abs(line[:, None] - middles[None]) < sizes[None]).all(axis=2).any(axis=0).sum()
        cost = abs(bend) + 40.0 * float(touched) + 40.0 * float(line[:, 1].min() < low or line[:, 1].max() > high)
        if cost < least and len(before):
            near = (np.abs(line[:, None] - before[None]) < 0.7).all(axis=2).any(axis=1)
            cost += 2.0 * float(near.mean())
        if cost < least:
            best, least = line, cost
    return best, least


def _clipped(control: Floats, first: Point, last: Point) -> Floats:
    """The part of a curve outside the boxes (half widths) that it leaves and comes to."""
    points = at(control, np.linspace(0.0, 1.0, 61))
    outside = (np.abs(points - control[0]) > np.array(first) + 0.4).any(axis=1)
    outside &= (np.abs(points - control[2]) > np.array(last) + 0.4).any(axis=1)
    kept = points[outside]
    return kept if len(kept) > 3 else points[[20, 25, 30, 35, 40]]
