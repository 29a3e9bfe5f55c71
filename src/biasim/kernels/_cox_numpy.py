"""Partial likelihood of Cox, its derivatives and its score residuals, in numpy.

With r the weighted risks of the rows and A(t) the Breslow or Efron increments of the cumulative hazard, the information is
X' diag(r A) X minus the sum over deaths of the outer products of risk-set means: no n-by-n and no n-by-p-by-p object.
Efron's sums over k of d tied deaths (weight f = 1 - k/d left at risk) are linear in the survivors' sums U and in the dying's
sums D. Efron 1977, doi 10.1080/01621459.1977.10480613; Therneau and Grambsch 2000, doi 10.1007/978-1-4757-3294-8, chapters 3, 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from biasim.kernels._cox_risk_sets import RiskSets
from biasim.types import Floats, Integers

BLOCK = 65536  # numbers held at once per temporary: fits in cache
FARTHEST = 700.0  # linear predictors are kept within exp's range


class Problem:
    """One fit laid out for numpy: covariates (p, m), centred and scaled, in the order of the risk sets."""

    def __init__(self, x: Floats, weights: Floats | None, sets: RiskSets, efron: bool) -> None:
        self.x, self.sets = x, sets
        self.weights = np.ones(x.shape[1]) if weights is None else weights
        self.deaths = np.flatnonzero(sets.dead)
        self.when = sets.first[self.deaths]
        times, mass = sets.times, self.weights[self.deaths]
        self.count = np.bincount(self.when, minlength=times)
        self.mass = np.bincount(self.when, weights=mass, minlength=times)
        self.covered = x[:, self.deaths] @ mass
        self.reach = np.maximum(x.max(axis=1), -x.min(axis=1))
        self.unit = float(mass.sum()) / len(mass)
        tied = np.flatnonzero(self.count > 1) if efron else NONE
        self.ties = Ties(self, tied) if len(tied) else None
        if sets.plain:
            self.upto = np.searchsorted(sets.first, np.arange(times), side="right") - 1
        else:
            self.stream = Stream(sets)

    def at_risk(self, values: Floats) -> Floats:
        """Sums over each risk set, (q, times), of values (q, m)."""
        if self.sets.plain:
            return np.cumsum(values, axis=1).take(self.upto, axis=1)
        return self.stream.sums(values)

    def exposure(self, increments: Floats) -> Floats:
        """Sums over the death times at which each row is at risk, (q, m), of increments (q, times)."""
        if self.sets.plain:
            return np.cumsum(increments[:, ::-1], axis=1)[:, ::-1].take(self.sets.first, axis=1)
        times = self.sets.times
        return differences(increments[:, ::-1], times - self.sets.first, times - self.sets.last)

    def blocks(self) -> list[slice]:
        """The covariates, as many at a time as keep temporaries small."""
        width = max(1, BLOCK // max(1, self.x.shape[1]))
        return [slice(j, j + width) for j in range(0, len(self.x), width)]


NONE: Integers = np.empty(0, dtype=np.int64)


class Ties:
    """Death times with several deaths, for Efron's method; one entry per tied death unless said otherwise."""

    def __init__(self, problem: Problem, tied: Integers) -> None:
        count = problem.count[tied]
        self.tied = tied  # (t,) death times
        self.starts = np.cumsum(count) - count  # (t,)
        self.which = np.repeat(np.arange(len(tied)), count)
        self.left = 1.0 - (np.arange(len(self.which)) - self.starts[self.which]) / count[self.which]
        self.mean_weight = (problem.mass[tied] / count)[self.which]
        self.rows = problem.deaths[np.isin(problem.when, tied)]

    def total(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.starts, axis=-1)


class Stream:
    """Rows joining and leaving the risk sets in one sequence, for late entry and strata."""

    def __init__(self, sets: RiskSets) -> None:
        key = np.concatenate([2 * sets.first, 2 * sets.last[sets.leaving] + 1])
        order = np.argsort(key, kind="stable")
        self.row = np.concatenate([np.arange(len(sets.first)), sets.leaving])[order]
        self.sign = np.where(order < len(sets.first), 1.0, -1.0)
        times = np.arange(sets.times)
        opening = np.repeat(sets.strata[:-1], np.diff(sets.strata))
        self.until = np.searchsorted(key[order], 2 * times + 1, side="right")
        self.since = np.searchsorted(key[order], 2 * opening, side="left")

    def sums(self, values: Floats) -> Floats:
        return differences(values[:, self.row] * self.sign, self.until, self.since)


def differences(values: Floats, until: Integers, since: Integers) -> Floats:
    """Sums of values[:, since:until] from running sums whose rounding errors are carried along, so that nothing cancels.

    The error of each addition is recovered exactly (Knuth's two-sum; Ogita, Rump and Oishi 2005, doi 10.1137/030601818).
    """
    running = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=running[:, 1:])
    before, after = running[:, :-1], running[:, 1:]
    part = after - before
    lost = np.zeros_like(running)
    np.cumsum((before - (after - part)) + (values - part), axis=1, out=lost[:, 1:])
    return (running[:, until] - running[:, since]) + (lost[:, until] - lost[:, since])


@dataclass(frozen=True)
class Point:
    """The likelihood at one value of the coefficients; per-death-time sums kept for the derivatives."""

    problem: Problem
    risk: Floats  # (m,) weight times exp(linear predictor)
    log_likelihood: float
    total: Floats  # (times,) S: sum of risk over the risk set
    hazard: Floats  # (times,) A: increment of the cumulative hazard
    square: Floats  # (times,) sum over deaths of mean weight / denominator^2, deaths counted as survivors
    efron: tuple[Floats, ...] | None  # at tied times: hazard of the dying, and the two other such sums

    @cached_property
    def exposed(self) -> Floats:
        """(m,) cumulative hazard that each row has met; a dying row meets Efron's reduced increment."""
        met = self.problem.exposure(self.hazard[None])[0]
        if self.efron is not None:
            ties = self.problem.ties
            met[ties.rows] -= (self.hazard[ties.tied] - self.efron[0])[ties.which]
        return met

    @cached_property
    def derivatives(self) -> tuple[Floats, Floats, Floats]:
        """Gradient (p,), information (p, p), and its diagonal before the means are taken off, (p,)."""
        problem = self.problem
        gradient = problem.covered.copy()
        sums = np.empty((len(problem.x), problem.sets.times))
        dying = None if self.efron is None else self.dying()
        for block in problem.blocks():
            sums[block] = problem.at_risk(problem.x[block] * self.risk)
        weighted = weighted_gram(problem.x, self.risk * self.exposed)
        gradient -= sums @ self.hazard
        if self.efron is None:
            sums *= np.sqrt(self.square)
            means = sums @ sums.T
        else:
            tied = problem.ties.tied
            alone, (slow, cross, dead_square) = self.square.copy(), (self.square[tied], *self.efron[1:])
            alone[tied] = 0.0
            survivors = sums[:, tied] - dying
            gradient -= dying @ (self.efron[0] - self.hazard[tied])
            mixed = (survivors * cross) @ dying.T
            means = (survivors * slow) @ survivors.T + mixed + mixed.T + (dying * dead_square) @ dying.T
            sums *= np.sqrt(alone)
            means += sums @ sums.T
        return gradient, weighted - means, weighted.diagonal()

    def dying(self) -> Floats:
        """(p, tied times) risk-weighted covariate sums of those who die at a tied time."""
        ties = self.problem.ties
        return ties.total(self.problem.x[:, ties.rows] * self.risk[ties.rows])


def weighted_gram(x: Floats, weight: Floats) -> Floats:
    """X' diag(weight) X, (p, p), of x (p, m), a slice of rows at a time."""
    width = max(1, BLOCK // max(1, len(x)))
    total = np.zeros((len(x), len(x)))
    for k in range(0, x.shape[1], width):
        part = x[:, k : k + width]
        total += (part * weight[k : k + width]) @ part.T
    return total


def evaluate(problem: Problem, beta: Floats) -> Point:
    """The partial likelihood at `beta` (p,)."""
    predictor = beta @ problem.x
    risk = problem.weights * np.exp(np.clip(predictor, -FARTHEST, FARTHEST))
    total = problem.at_risk(risk[None])[0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        hazard = problem.mass / total
        square = hazard / total
        likelihood = float(problem.covered @ beta)
        if problem.ties is None:
            return Point(problem, risk, likelihood - float(problem.mass @ np.log(total)), total, hazard, square, None)
        ties, single = problem.ties, problem.count == 1
        dead = ties.total(risk[ties.rows])
        left = (total[ties.tied] - dead)[ties.which] + ties.left * dead[ties.which]
        step = ties.mean_weight / left
        slope = step / left
        hazard[ties.tied], square[ties.tied] = ties.total(step), ties.total(slope)
        others = tuple(ties.total(part) for part in (ties.left * step, ties.left * slope, ties.left**2 * slope))
        likelihood -= float(problem.mass[single] @ np.log(total[single])) + float(ties.mean_weight @ np.log(left))
    return Point(problem, risk, likelihood, total, hazard, square, others)


def score_residuals(point: Point) -> Floats:
    """Score residuals (p, m), each times the weight of its row; they sum to the gradient."""
    problem, risk = point.problem, point.risk
    residuals = np.empty_like(problem.x)
    met, when, deaths = point.exposed, problem.when, problem.deaths
    dying = None if point.efron is None else point.dying()
    for block in problem.blocks():
        x = problem.x[block]
        sums = problem.at_risk(x * risk)
        mean, drift = sums / point.total, sums * point.square
        reduced = None
        if dying is not None:
            tied, dead = problem.ties.tied, dying[block]
            survivors, (own, cross, dead_square) = sums[:, tied] - dead, point.efron
            mean[:, tied] = (survivors * point.hazard[tied] + dead * own) / problem.mass[tied]
            drift[:, tied] = survivors * point.square[tied] + dead * cross
            reduced = drift[:, tied] - (survivors * cross + dead * dead_square)
        average = problem.exposure(drift)
        if reduced is not None:
            average[:, problem.ties.rows] -= reduced[:, problem.ties.which]
        residuals[block] = risk * (average - x * met)
        residuals[block][:, deaths] += (x[:, deaths] - mean[:, when]) * problem.weights[deaths]
    return residuals


def cluster_gram(influence: Floats, cluster: Integers | None) -> Floats:
    """Sum over clusters of the outer products of summed influences (q, m), (q, q); without `cluster` each row is one."""
    if cluster is not None:
        influence = np.array([np.bincount(cluster, weights=row) for row in influence])
    return influence @ influence.T
