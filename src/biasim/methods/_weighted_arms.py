"""Two arms of clones with weights that change: their curves, their hazard ratio, and each patient's influence on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf, nan

import numpy as np

from biasim.answers import Status
from biasim.kernels.at_risk import Runs, product_limit, runs
from biasim.methods._censoring_weights import ArmWeights, Weights
from biasim.methods._clones import Clones
from biasim.types import Bools, Floats, Integers

BLOCK = 32768  # weights made at once while they change: fits in cache
KEPT = 2**19  # weights that are kept for the influences rather than made again: 4 MB
ITERATIONS, CONVERGED = 100, 1e-13
Block = tuple[slice, Integers, Floats]  # moments, rows, weights (moments, rows)
LIMIT = 500.0  # linear predictors are kept within exp's range


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the clones of one arm are at risk on the grid of death times; the same in every resample."""

    name: str
    grid: Floats  # (m,)
    entry: Floats
    end: Floats
    runs: Runs
    died: Bools
    order: Integers  # of the rows, those at risk longest first


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedArm:
    """One arm with its weighted number at risk and deaths at each death time."""

    layout: Layout
    weights: ArmWeights
    settled: int  # first moment of the grid from which weights no longer change
    blocks: Iterable[Block] | None  # the weights until then; None: too many to keep
    own: Floats  # (n,) weight of each clone at her death; 0 for those that do not die
    at_risk: Floats
    deaths: Floats
    last: float  # end of the arm's observation

    def influence(self, at_risk: Floats, death: Floats) -> Floats:
        """(n,) of each clone: her weight times `at_risk` summed over the moments at risk, plus `death` at her death."""
        size, position = self.layout.runs.size, self.layout.runs.last
        found = self.weights.late() * self.layout.runs.between(self.settled, size).along(at_risk)
        found += self.own * np.append(death, 0.0)[position]
        if self.weights.growing is None:
            early = self.layout.runs.between(0, self.settled).along(at_risk)
            return found + early * min(1.0, self.weights.most)
        for moments, rows, growing in self.blocks or _growing(self.layout, self.weights, self.settled):
            found[rows] += at_risk[moments] @ growing
        return found


def layouts(found: Clones) -> tuple[Layout, Layout]:
    """The operated and the unoperated on the common grid of all their death times."""
    grid = np.unique(found.time[found.operated_died | found.unoperated_died])
    arms = []
    for name, end, died in (
        ("operated", found.operated_end, found.operated_died),
        ("unoperated", found.unoperated_end, found.unoperated_died),
    ):
        where = runs(grid, found.entry, end)
        order = np.argsort(-where.last, kind="stable")
        arms.append(Layout(name=name, grid=grid, entry=found.entry, end=end, runs=where, died=died & where.ever, order=order))
    return arms[0], arms[1]


def arms_of(both: tuple[Layout, Layout], weights: Weights, copies: Floats) -> tuple[WeightedArm, WeightedArm]:
    """Both arms under their weights, every patient `copies` times."""
    return _arm(both[0], weights.operated, copies), _arm(both[1], weights.unoperated, copies)


def _arm(layout: Layout, weights: ArmWeights, copies: Floats) -> WeightedArm:
    settled = int(np.searchsorted(layout.grid, weights.until, side="right"))
    where, size = layout.runs, layout.runs.size
    at_risk = where.between(settled, size).totals(copies * weights.late())
    at_risk[:settled], blocks = 0.0, None
    if weights.growing is None:
        at_risk[:settled] = where.between(0, settled).totals(copies)[:settled] * min(1.0, weights.most)
    else:
        blocks = _growing(layout, weights, settled)
        blocks = list(blocks) if settled * len(copies) <= KEPT else blocks
        for moments, rows, growing in blocks:
            at_risk[moments] = growing @ copies[rows]
    own = np.where(layout.died, weights.at_own(layout.end), 0.0)
    deaths = np.bincount(where.last[layout.died], (copies * own)[layout.died], size)
    there = (copies > 0.0) & (layout.entry < layout.end)
    return WeightedArm(
        layout=layout,
        weights=weights,
        settled=settled,
        blocks=blocks if isinstance(blocks, list) else None,
        own=own,
        at_risk=np.maximum(at_risk, deaths),
        deaths=deaths,
        last=float(layout.end[there].max(initial=0.0)),
    )


def _growing(layout: Layout, weights: ArmWeights, settled: int) -> Iterator[Block]:
    """Moments, rows, and weights (k, r) of those at risk at them, 0 for the others; a few moments at a time."""
    assert weights.growing is not None
    order, last = layout.order, layout.runs.last[layout.order]
    first = layout.runs.first[order] if layout.runs.first.any() else None
    still = np.searchsorted(-last, -np.arange(settled + 1), side="right")  # how many are at risk at each moment or later
    own = weights.growing.own[order]
    start = 0
    while start < settled and (count := int(still[start])):
        stop = min(start + max(1, BLOCK // count), settled)
        moments = np.arange(start, stop)
        grown = weights.early(layout.grid[moments], own[:count])
        surely = int(still[stop - 1])
        grown[:, surely:] *= last[surely:count] >= moments[:, None]
        if first is not None:
            grown *= first[:count] <= moments[:, None]
        yield slice(start, stop), order[:count], grown
        start = stop


def log_ratio(operated: WeightedArm, unoperated: WeightedArm) -> tuple[float, Status]:
    """The log hazard ratio of the operated by Cox regression on the arm alone, tied deaths by Breslow.

    Deaths in the grace period stand in both arms at the same time, so that there are ties in any data; Breslow's sums
    treat the arms as two samples. Without a death of each arm while the other is at risk there is no finite maximum.
    """
    shared = (operated.at_risk > 0.0) & (unoperated.at_risk > 0.0)
    ones, zeros = operated.deaths[shared], unoperated.deaths[shared]
    if not (ones.any() and zeros.any()):
        return nan, Status.SEPARATION
    log_odds, both = np.log(operated.at_risk[shared] / unoperated.at_risk[shared]), ones + zeros
    beta = 0.0
    for _ in range(ITERATIONS):
        share = 1.0 / (1.0 + np.exp(-np.clip(beta + log_odds, -LIMIT, LIMIT)))
        information = float(both @ (share * (1.0 - share)))
        step = float(ones.sum() - both @ share) / information if information > 0.0 else nan
        if not abs(step) < inf:
            return nan, Status.NOT_CONVERGED
        beta += float(np.clip(step, -1.0, 1.0))
        if abs(step) < CONVERGED * (1.0 + abs(beta)):
            return beta, Status.OK
    return nan, Status.NOT_CONVERGED


def ratio_influence(operated: WeightedArm, unoperated: WeightedArm, beta: float) -> Floats:
    """(n,) of each patient, both clones together, on the log hazard ratio: score residuals over the information."""
    risk = operated.at_risk * np.exp(beta)
    total = risk + unoperated.at_risk
    shared = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0.0)
    share, hazard = risk * shared, (operated.deaths + unoperated.deaths) * shared
    information = float((operated.deaths + unoperated.deaths) @ (share * (1.0 - share)))
    score = operated.influence(-(1.0 - share) * np.exp(beta) * hazard, 1.0 - share)
    score += unoperated.influence(share * hazard, -share)
    return score / information


def difference(operated: WeightedArm, unoperated: WeightedArm, areas: bool, month: float) -> float:
    """Survival at a month, or months lived up to it, of the operated less the unoperated, by weighted Kaplan-Meier."""
    one, other = (_curve(arm, areas, month)[0] for arm in (operated, unoperated))
    return one - other


def difference_influence(operated: WeightedArm, unoperated: WeightedArm, areas: bool, month: float) -> Floats:
    """(n,) of each patient, both clones together: the infinitesimal jackknife, weights taken as known."""
    total = 0.0
    for arm, sign in ((operated, 1.0), (unoperated, -1.0)):
        _, gradient, left = _curve(arm, areas, month)
        per_death = np.divide(gradient, left, out=np.zeros(len(left)), where=left > 0.0)
        passing = np.divide(arm.deaths * per_death, arm.at_risk, out=np.zeros(len(left)), where=arm.at_risk > 0.0)
        total = total + sign * arm.influence(passing, -per_death)
    return np.asarray(total)


def _curve(arm: WeightedArm, areas: bool, month: float) -> tuple[float, Floats, Floats]:
    """The value of one arm, its derivative by the log survival factor of each moment (m,), and those left after it."""
    grid = arm.layout.grid
    survival, left = product_limit(arm.at_risk, arm.deaths)
    known = int(np.searchsorted(grid, month, side="right"))
    if not areas:
        value = float(survival[known - 1]) if known else 1.0
        return value, np.where(np.arange(len(grid)) < known, value, 0.0), left
    moments, level = np.concatenate(([0.0], grid[:known], [month])), np.append(1.0, survival[:known])
    pieces = np.diff(moments) * level
    gradient = np.zeros(len(grid))
    gradient[:known] = pieces[:0:-1].cumsum()[::-1]
    return float(pieces.sum()), gradient, left


def reaches(arm: WeightedArm, month: float) -> bool:
    """Whether the curve is known up to a month: a clone is followed that long, or none is left alive before."""
    return month <= arm.last or (len(arm.at_risk) > 0 and float(product_limit(arm.at_risk, arm.deaths)[0][-1]) == 0.0)
