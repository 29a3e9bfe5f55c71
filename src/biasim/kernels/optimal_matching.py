"""Optimal pairs on a score: the smallest total distance, leaving a row out at a price.

On a line the assignment problem needs no matrix of distances. From left to right, every row takes the best offer on its left,
and leaves behind the offer to give that up again: a search for shortest augmenting paths with two heaps, O(n log n) in all.
Optimal subsets: Rosenbaum 2012, doi 10.1198/jcgs.2011.09219.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from biasim.types import Bools, Floats, Integers


def optimal_pairs(
    score: Floats, exposed: Bools, *, left_out: float | None = None, lots: Integers | None = None
) -> tuple[Integers, Integers]:
    """Rows of the exposed and of their controls, pair by pair, by ascending score.

    The sum of |difference of scores| over the pairs, plus `left_out` for each exposed row without one, is the smallest
    possible; so no pair is further apart than `left_out`, and a pair exactly so far apart is made. None stands for a price above
    any sum of distances: as many pairs as there can be. Of the many ways to pair the rows chosen, the first exposed goes with the
    first control, and so on: none has a smaller largest distance. Rows of equal score come in the order of `lots`.
    """
    score, exposed = np.asarray(score, dtype=np.float64), np.asarray(exposed, dtype=bool)
    order = np.argsort(score, kind="stable") if lots is None else np.lexsort((lots, score))
    if left_out is None:
        left_out = (np.count_nonzero(exposed) + 1.0) * float(np.ptp(score)) + 1.0 if len(score) else 0.0
    chosen = order[_chosen(score[order].tolist(), exposed[order].tolist(), float(left_out))]
    return chosen[exposed[chosen]], chosen[~exposed[chosen]]


def _chosen(score: list[float], exposed: list[bool], left_out: float) -> list[bool]:
    """Whether each row, in ascending order of score, is in a pair.

    An offer is (price less or plus the place, token): whoever takes it changes whether the token's row is in a pair. The
    offers of `controls` cost price + score to an exposed row; those of `takers` are worth it to a control when below 0.
    """
    paired = [False] * len(score)
    controls: list[tuple[float, int]] = []
    takers: list[tuple[float, int]] = []
    for row, (place, is_exposed) in enumerate(zip(score, exposed, strict=True)):
        if is_exposed:
            price, token = left_out, row
            if controls and controls[0][0] + place <= price:
                offer, token = heappop(controls)
                price = offer + place
            paired[row] = True
            paired[token] = not paired[token]
            heappush(takers, (-price - place, token))
            continue
        gain = takers[0][0] + place if takers else 0.0
        if gain < 0.0 or (takers and gain == 0.0 and exposed[takers[0][1]] and not paired[takers[0][1]]):
            token = heappop(takers)[1]
            paired[row] = True
            paired[token] = not paired[token]
            heappush(controls, (-place - gain, token))
        else:
            heappush(controls, (-place, row))
    return paired
