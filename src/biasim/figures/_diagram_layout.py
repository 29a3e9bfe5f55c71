"""Where the nodes of a causal diagram stand, and how its arrows run between them without touching a third one.

Columns are moments, left to right. Within a column nodes take the rows in which straight arrows cross fewest nodes and
each other; exposure runs along the top, survival along the bottom. Positions are those of all panels of a figure together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import permutations

import numpy as np

from biasim.types import Bools, Floats

COLUMNS = ("diagnosis", "treatment", "follow-up", "death", "record")
MOMENTS = {"evaluation": "treatment"}  # moments that share a column with another
TOP, BOTTOM = ("surgery", "exposure as recorded"), ("death", "outcome as recorded")
BETWEEN = "follow-up"  # the column through which the arrow from surgery to exposure, and those along the bottom, run
BENDS = [(0.0, 0.5), *((sign * size, where) for size in (0.08, 0.15, 0.23, 0.32, 0.42, 0.54, 0.7)
                       for where in (0.5, 0.25, 0.75) for sign in (1, -1))]  # fmt: skip
Point = tuple[float, float]
Arrow = tuple[str, str]
STARTS = 2
CHUNK = 2_000  # orders of a column that are looked at together
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
            orders = np.array(list(permutations(slots, len(names))))
            rows = orders[_costs(place, names, orders, height, arrows).argmin()] if names else ()
            place = {**place, **{name: (number, float(row)) for name, row in zip(names, rows, strict=True)}}
    return place


def _costs(
    place: Mapping[str, Point], names: Sequence[str], orders: Floats, height: int, arrows: Sequence[Arrow]
) -> Floats:
    """The cost of each order of rows for the nodes of one column: nodes touched count most, then crossings, then length."""
    touched, crossed = _grid(height)
    nodes = list(place)
    spots = np.tile([int(column) * height + int(row) for column, row in place.values()], (len(orders), 1))
    for name, rows in zip(names, orders.T, strict=True):
        spots[:, nodes.index(name)] = int(place[name][0]) * height + rows.astype(int)
    causes, results = ([nodes.index(arrow[end]) for arrow in arrows] for end in (0, 1))
    lines = spots[:, causes] * touched.shape[1] + spots[:, results]
    first, second = np.triu_indices(len(arrows), 1)
    costs = np.empty(len(orders))
    for begin in range(0, len(orders), CHUNK):
        some = slice(begin, begin + CHUNK)
        near = touched[lines[some, :, None], spots[some, None, :]].sum(axis=(1, 2))
        cross = crossed[lines[some][:, first], lines[some][:, second]].sum(axis=1)
        length = np.abs(spots[some][:, causes] % height - spots[some][:, results] % height).sum(axis=1)
        costs[some] = 20.0 * near + 4.0 * cross + 0.4 * length
    return costs


@cache
def _grid(height: int) -> tuple[Bools, Bools]:
    """For every straight line between two spots: which spots it touches on its way, and which other lines it crosses.

    Spots are numbered column by column, a line by its first spot times their number plus its second: shapes (lines, spots),
    (lines, lines).
    """
    spots = np.array([(column, row) for column in range(len(COLUMNS)) for row in range(height)], dtype=float)
    start, end = np.repeat(spots, len(spots), axis=0), np.tile(spots, (len(spots), 1))
    touched = np.zeros((len(start), len(spots)), dtype=bool)
    for share in _AT:  # a few points along all lines at a time: the whole would fill the memory
        apart = np.abs((start + share * (end - start))[:, None] - spots) / np.array([0.42, 0.35])
        touched |= (apart < 1.0).all(axis=2)
    own = (start[:, None] == spots).all(axis=2) | (end[:, None] == spots).all(axis=2)
    along, to = (end - start)[:, None], spots[None] - start[:, None]
    side = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]  # on which side of each line each spot lies
    first, second = np.divmod(np.arange(len(start)), len(spots))
    apart = side[:, first] * side[:, second] < -1e-9
    return touched & ~own, apart & apart.T


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
