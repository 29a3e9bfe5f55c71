"""The chance that one of several correlated standard normal variables is large, by integration over a lattice.

Genz 1992, doi 10.1080/10618600.1992.10477010: variables are taken in turn, each given the earlier ones, which turns the
probability of a box into the mean of a smooth function over the unit cube. A variable that earlier ones determine bounds the
last of these. The lattice is fixed: the same input gives the same value, to about 1e-4 for four variables.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from biasim.types import Floats

POINTS = 4096
ROOTS = np.sqrt(np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0]))  # irrational steps (Richtmyer's lattice)
SINGULAR = 1e-9  # of a variance of 1: what rounding leaves of a variable that the earlier ones determine
EDGE = 1e-15  # keeps quantiles finite


def outside(limit: float, correlation: Floats) -> float:
    """P(max |Z_j| > limit) for Z normal with mean 0, variances 1 and this correlation (k, k), of rank 9 at most."""
    root, last = _root(correlation)
    rank = root.shape[1]
    if rank > len(ROOTS) + 1:
        raise ValueError(f"correlation: rank {rank}; expected at most {len(ROOTS) + 1}")
    steps = (np.arange(1, POINTS + 1) - 0.5) * ROOTS[: rank - 1, None] % 1.0
    cube = np.abs(2.0 * steps - 1.0)  # folded: the function becomes periodic
    inside, drawn = np.ones(POINTS), np.zeros((rank, POINTS))
    for j in range(rank):
        bounded = root[last == j]
        given, slope = bounded[:, :j] @ drawn[:j], bounded[:, j, None]
        middle, half = -given / slope, limit / np.abs(slope)
        low = ndtr((middle - half).max(axis=0))
        high = np.maximum(ndtr((middle + half).min(axis=0)), low)
        inside *= high - low
        if j < rank - 1:
            drawn[j] = ndtri(np.clip(low + cube[j] * (high - low), EDGE, 1.0 - EDGE))
    return float(np.clip(1.0 - inside.mean(), 0.0, 1.0))


def _root(correlation: Floats) -> tuple[Floats, Floats]:
    """The lower Cholesky root (k, rank), and the last column that has a part in each row, (k,)."""
    size = len(correlation)
    root, rank = np.zeros((size, size)), 0
    for j in range(size):
        left = correlation[j:, j] - root[j:, :rank] @ root[j, :rank]
        if left[0] > SINGULAR:
            root[j:, rank] = left / np.sqrt(left[0])
            rank += 1
    part = np.abs(root[:, :rank]) > np.sqrt(SINGULAR)
    return root[:, :rank], rank - 1 - part[:, ::-1].argmax(axis=1)
