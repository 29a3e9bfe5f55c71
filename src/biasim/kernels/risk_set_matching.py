"""Matching over time: each taker, in turn, gets the nearest of those who are at risk at that moment."""

from __future__ import annotations

from math import inf

from biasim.types import Floats, Integers


def nearest_at_risk(
    score: Floats, entry: Floats, stop: Floats, takers: Integers, moments: Floats, *, ratio: int = 1, width: float
) -> list[tuple[int, int]]:
    """(taker, control) for every link made; rows are places in `score`, which must ascend.

    Row k can serve once, at a moment in (entry[k], stop[k]) and within the finite `width` of the taker's score; of two
    equally near the one that stands before the taker does. `takers` come in the order of their `moments`, which must not
    descend, and none is before the taker's own stop. Who cannot serve any more is jumped over by those who come later, so
    that the search takes O(n log n) where all have entered.
    """
    value = [-inf, *score.tolist(), inf]  # a bound at either end, which nobody is near
    since, until = [-inf, *entry.tolist(), -inf], [inf, *stop.tolist(), inf]
    below, above = list(range(len(value))), list(range(len(value)))
    links = []
    for taker, moment in zip(takers.tolist(), moments.tolist(), strict=True):
        wanted = value[taker + 1]
        low = _next(below, taker, -1, since, until, moment)
        high = _next(above, taker + 2, 1, since, until, moment)
        for _ in range(ratio):
            under, over = wanted - value[low], value[high] - wanted
            place = low if under <= over else high
            if min(under, over) > width:
                break
            links.append((taker, place - 1))
            until[place] = -inf
            if place == low:
                low = _next(below, low - 1, -1, since, until, moment)
            else:
                high = _next(above, high + 1, 1, since, until, moment)
    return links


def _next(lead: list[int], place: int, step: int, since: list[float], until: list[float], moment: float) -> int:
    """The first row from `place` on, in the direction of `step`, who is at risk."""
    while True:
        while lead[place] != place:
            lead[place] = lead[lead[place]]
            place = lead[place]
        if until[place] <= moment:
            lead[place] = place = place + step
        elif since[place] >= moment:
            place += step
        else:
            return place
