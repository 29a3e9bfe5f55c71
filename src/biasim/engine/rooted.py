"""Where a response crosses a wanted value: brackets from a scan, made narrow until Monte Carlo error is all that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from biasim.engine.paired import Difference
from biasim.engine.response import Axis, Point, Response, mean_of, rises
from biasim.kernels.bracketed import Brackets

CLOSE = 0.05  # Monte Carlo standard errors between what is reported and what is wanted, at which a root is found
ROUNDS = 8  # of narrowing, at most
APART = 0.04  # of the range: points that are nearer tell little of the slope


class Crossing(NamedTuple):
    """A bracket in which a response goes through a wanted value, then, once refined, the place."""

    wish: float
    low: float  # coordinate
    high: float
    at_low: float  # response minus wish
    at_high: float
    at: float = np.nan  # coordinate of the root
    beside: Point = ()  # values of the other unknowns, first


def crossings(at: Sequence[float], means: Sequence[Difference], wish: float, beside: Point = ()) -> Iterator[Crossing]:
    """The steps of a scan in which the response goes through `wish`."""
    away = np.array([one.value for one in means]) - wish
    for place in range(len(at) - 1):
        below, above = away[place], away[place + 1]
        if below == 0.0 or below * above < 0.0 or (above == 0.0 and place == len(at) - 2):
            yield Crossing(wish, at[place], at[place + 1], below, above, beside=beside)


def refined(response: Response, axis: Axis, found: Sequence[Crossing], rounds: int = ROUNDS) -> list[Crossing]:
    """The crossings with their roots, all of them narrowed in the same calls."""
    if not found:
        return []
    columns = [np.array([getattr(one, name) for one in found]) for name in ("low", "high", "at_low", "at_high")]
    brackets = Brackets.of(*columns)
    wishes = np.array([one.wish for one in found])
    roots = brackets.tried()
    open_ = np.ones(len(found), dtype=bool)
    for _ in range(rounds):
        tried = np.where(open_, brackets.tried(), roots)
        values = response([(*one.beside, axis.value(float(u))) for one, u in zip(found, tried, strict=True)])
        reached = [mean_of(one) for one in values]
        away = np.array([one.value for one in reached]) - wishes
        roots = tried
        open_ = np.abs(away) > CLOSE * np.array([one.mcse for one in reached])
        if not open_.any():
            break
        brackets = brackets.narrowed(tried, away)
    return [one._replace(at=float(u)) for one, u in zip(found, roots, strict=True)]


def slope_at(response: Response, axis: Axis, at: float, beside: Point = ()) -> float:
    """The derivative of the response by the coordinate, from the nearest points on both sides that are far enough apart.

    The parabola through three points has at the middle one the mean of the two slopes, each weighted by the other's distance.
    """
    known = coordinates(response, axis, beside)
    here = (*beside, axis.value(at))
    sides = []
    for side in (-1.0, 1.0):
        far = [u for u in known if side * (u - at) >= APART]
        if far:
            nearest = min(far, key=lambda u: abs(u - at))
            step = rises(*response([here, known[nearest]])).value / (nearest - at)
            sides.append((abs(nearest - at), step))
    if len(sides) < 2:
        return sides[0][1]
    (left, first), (right, second) = sides
    return (first * right + second * left) / (left + right)


def coordinates(response: Response, axis: Axis, beside: Point) -> dict[float, Point]:
    """Coordinate -> point, of every point that has been simulated next to the same values of the other unknowns."""
    place: Callable[[float], float] = (
        (lambda value: np.log(value / axis.low) / np.log(axis.high / axis.low)) if axis.geometric
        else (lambda value: (value - axis.low) / (axis.high - axis.low))
    )  # fmt: skip
    return {float(place(point[-1])): point for point in response.known if point[:-1] == beside}
