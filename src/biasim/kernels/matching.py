"""Greedy nearest-neighbour matching on a score within a caliper.

Rosenbaum and Rubin 1985, doi 10.1080/00031305.1985.10479383. The search itself, O(n log n), is in `_matching_greedy`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np

from biasim.kernels import _matching_greedy, backend
from biasim.types import Bools, Floats, Integers

Order = Literal["largest", "smallest", "data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The links made, shape (links,) each, in the order of `exposed_row`, then `slot`."""

    exposed_row: Integers
    control_row: Integers
    slot: Integers  # 1 for the first control of an exposed row, 2 for the second, ...


SAME = 2.0**-33  # of the largest score, or 1: two fitted scores closer than this differ by rounding


def without_rounding(score: Floats) -> Floats:
    """Scores of which those that differ by rounding only are one: patients alike in every covariate then tie.

    Otherwise the sixteenth digit, which depends on the machine, would choose between them. Neighbours closer than SAME are
    merged, and what is left is rounded to that grid, so that equal distances are equal as well.
    """
    order = np.argsort(score, kind="stable")
    ascending = score[order]
    finite = np.abs(ascending[np.isfinite(ascending)])
    unit = SAME * 2.0 ** np.ceil(np.log2(max(1.0, float(finite.max(initial=0.0)))))
    with np.errstate(invalid="ignore"):
        begins = np.append(True, ~(ascending[1:] - ascending[:-1] <= unit))[: len(score)]
    merged = np.empty_like(score)
    merged[order] = np.rint(ascending[begins] / unit)[begins.cumsum() - 1] * unit
    return merged


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
    if not limit >= 0.0:
        raise ValueError(f"caliper: {caliper}; expected a distance of at least 0, or None")
    finite = np.isfinite(score)
    takers = np.flatnonzero(exposed & finite)
    if order != "data" and not replace:
        takers = takers[np.argsort(-score[takers] if order == "largest" else score[takers], kind="stable")]
    controls = np.flatnonzero(~exposed & finite)
    controls = controls[np.argsort(score[controls], kind="stable")]  # by score, then by row
    ratio, limit = max(1, min(int(ratio), len(controls))), min(limit, sys.float_info.max)
    greedy = _matching_greedy.compiled if backend.compiled() and _matching_greedy.EXTENSION else _matching_greedy.links
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
