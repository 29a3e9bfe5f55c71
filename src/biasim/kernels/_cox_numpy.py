"""Partial likelihood of Cox, its derivatives and its score residuals, in numpy.

With r the weighted risks of the rows and A(t) the Breslow or Efron increments of the cumulative hazard, the information is
X' diag(r A) X minus the sum over deaths of the outer products of risk-set means: no n-by-n and no n-by-p-by-p object.
Efron's sums over k of d tied deaths (weight f = 1 - k/d left at risk) are linear in the survivors' sums U and in the dying's
sums D. Efron 1977, doi 10.1080/01621459.1977.10480613; Therneau and Grambsch 2000, doi 10.1007/978-1-4757-3294-8, chapters 3, 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.kernels._cox_risk_sets import RiskSets
from biasim.kernels._cox_sums import Stream, Ties
from biasim.types import Bools, Floats, Integers

BLOCK = 65536  # numbers held at once per temporary: fits in cache
FARTHEST = 700.0  # linear predictors are kept within exp's range


NONE: Integers = np.empty(0, dtype=np.int64)


class Problem:
    """One fit laid out for numpy: covariates (p + 1, m), centred and scaled, in the order of the risk sets; the last is 1."""

    def __init__(self, columns: Floats, weights: Floats | None, sets: RiskSets, efron: bool) -> None:
        self.columns, self.x, self.sets, self.weights, self.efron = columns, columns[:-1], sets, weights, efron
        times, first = sets.times, sets.first
        self.deaths = np.flatnonzero(sets.dead)
        self.when = first[self.deaths]
        dying = sets.dead.astype(np.float64) if weights is None else np.where(sets.dead, weights, 0.0)
        self.count = np.bincount(self.when, minlength=times)
        self.mass = np.bincount(self.when, weights=dying[self.deaths], minlength=times)
        *covered, mass = columns @ dying
        self.covered, self.unit = np.array(covered), float(mass) / len(self.deaths)
        self.reach = np.maximum(self.x.max(axis=1), -self.x.min(axis=1))
        tied = np.flatnonzero(self.count > 1) if efron and len(self.deaths) > times else NONE
        self.ties = Ties(tied, self.count, self.mass, self.deaths, self.when) if len(tied) else None
        self.work = np.empty((min(len(columns), max(1, BLOCK // columns.shape[1])), columns.shape[1]))
        if sets.plain:
            self.upto = np.append(np.flatnonzero(first[1:] != first[:-1]), len(first) - 1)
            self.met = times - 1 - first
        else:
            self.stream = Stream(sets)

    def only(self, kept: Bools) -> Problem:
        """The same problem with these covariates only, (p,)."""
        return Problem(self.columns[np.append(kept, True)], self.weights, self.sets, self.efron)

    def spread(self, direction: Floats) -> float:
        """How far linear predictors move apart along a direction (p,); an upper bound where that is small."""
        bound = 2.0 * float(np.abs(direction) @ self.reach)
        return bound if bound < 0.5 else float(np.ptp(direction @ self.x))

    def at_risk(self, values: Floats, sums: Floats) -> None:
        """Sums over each risk set, into `sums` (q, times), of values (q, m), which are lost."""
        if self.sets.plain:
            np.add.accumulate(values, axis=1, out=values).take(self.upto, axis=1, out=sums, mode="clip")
        else:
            sums[:] = self.stream.sums(values)

    def exposure(self, increments: Floats) -> Floats:
        """Sums over the death times at which each row is at risk, (..., m), of increments (..., times)."""
        if not self.sets.plain:
            return self.stream.exposure(increments)
        return np.add.accumulate(increments[..., ::-1], axis=-1).take(self.met, axis=-1)

    def sums(self, risk: Floats) -> tuple[Floats, Floats | None]:
        """Risk-weighted sums of the columns over each risk set, (p + 1, times), and over the dying of each tied time.

        As many columns at a time as keep temporaries small.
        """
        columns, ties, width = self.columns, self.ties, len(self.work)
        living = np.empty((len(columns), self.sets.times))
        dying = None if ties is None else np.empty((len(columns), len(ties.tied)))
        for j in range(0, len(columns), width):
            part = columns[j : j + width]
            values = np.multiply(part, risk, out=self.work[: len(part)])
            if ties is not None:
                dying[j : j + width] = ties.total(values.take(ties.rows, axis=1))
            self.at_risk(values, living[j : j + width])
        return living, dying


@dataclass(eq=False)
class Point:
    """The likelihood at one value of the coefficients; per-death-time sums kept for the derivatives."""

    problem: Problem
    risk: Floats  # (m,) weight times exp(linear predictor)
    log_likelihood: float
    sums: Floats  # (p + 1, times) of the columns over the risk sets; at tied times over the survivors
    dying: Floats | None  # (p + 1, tied times)
    hazard: Floats  # (times,) A: increment of the cumulative hazard
    square: Floats  # (times,) sum over deaths of mean weight / denominator^2, deaths counted as survivors
    efron: tuple[Floats, ...]  # at tied times: hazard of the dying, and the two other such sums

    def exposed(self) -> Floats:
        """(m,) cumulative hazard that each row has met; a dying row meets Efron's reduced increment."""
        met = self.problem.exposure(self.hazard)
        if self.efron:
            ties = self.problem.ties
            met[ties.rows] -= (self.hazard[ties.tied] - self.efron[0])[ties.which]
        return met

    def derivatives(self) -> tuple[Floats, Floats, Floats]:
        """Gradient (p,), information (p, p), and its diagonal before the means are taken off, (p,)."""
        problem, sums = self.problem, self.sums[:-1]
        weighted = self.weighted_gram(self.risk * self.exposed())
        gradient = problem.covered - sums @ self.hazard
        scaled = sums * np.sqrt(self.square)
        means = scaled @ scaled.T
        if self.efron:
            tied, dying, (own, cross, fast) = problem.ties.tied, self.dying[:-1], self.efron
            gradient -= dying @ own
            mixed = (sums[:, tied] * cross) @ dying.T
            means += mixed + mixed.T + (dying * fast) @ dying.T
        return gradient, weighted - means, weighted.diagonal()

    def weighted_gram(self, weight: Floats) -> Floats:
        """X' diag(weight) X, (p, p), a slice of rows at a time."""
        x, work = self.problem.x, self.problem.work
        if work.shape[0] > len(x):
            return np.multiply(x, weight, out=work[:-1]) @ x.T
        width = max(1, BLOCK // max(1, len(x)))
        total = np.zeros((len(x), len(x)))
        for k in range(0, x.shape[1], width):
            part = x[:, k : k + width]
            total += (part * weight[k : k + width]) @ part.T
        return total


def evaluate(problem: Problem, beta: Floats) -> Point:
    """The partial likelihood at `beta` (p,)."""
    predictor = beta @ problem.x
    if np.abs(beta) @ problem.reach > FARTHEST:
        predictor = np.clip(predictor, -FARTHEST, FARTHEST)
    risk = np.exp(predictor)
    if problem.weights is not None:
        risk *= problem.weights
    sums, dying = problem.sums(risk)
    total, ties = sums[-1], problem.ties
    if ties is not None:
        sums[:, ties.tied] -= dying
    hazard = problem.mass / total
    square = hazard / total
    likelihood = float(problem.covered @ beta)
    if ties is None:
        likelihood -= float(problem.mass @ np.log(total))
        return Point(problem, risk, likelihood, sums, None, hazard, square, ())
    left = total[ties.tied][ties.which] + ties.left * dying[-1][ties.which]
    step = ties.mean_weight / left
    slope = step / left
    hazard[ties.tied], square[ties.tied] = ties.total(step), ties.total(slope)
    others = tuple(ties.total(part) for part in (ties.left * step, ties.left * slope, ties.left**2 * slope))
    single = problem.count == 1
    likelihood -= float(problem.mass[single] @ np.log(total[single])) + float(ties.mean_weight @ np.log(left))
    return Point(problem, risk, likelihood, sums, dying, hazard, square, others)


def score_residuals(point: Point) -> Floats:
    """Score residuals (p, m), each times the weight of its row; they sum to the gradient."""
    problem, risk, sums = point.problem, point.risk, point.sums
    residuals = np.empty_like(problem.x)
    when, deaths = problem.when, problem.deaths
    met = point.exposed()
    weight = 1.0 if problem.weights is None else problem.weights[deaths]
    width = max(1, BLOCK // problem.x.shape[1])
    for j in range(0, len(problem.x), width):
        block = slice(j, min(j + width, len(problem.x)))
        mean, drift = sums[block] * (point.hazard / problem.mass), sums[block] * point.square
        if point.efron:
            ties, dead, (own, cross, fast) = problem.ties, point.dying[block], point.efron
            living = sums[block][:, ties.tied]
            mean[:, ties.tied] += dead * (own / problem.mass[ties.tied])
            drift[:, ties.tied] += dead * cross
            reduced = drift[:, ties.tied] - (living * cross + dead * fast)
        average = problem.exposure(drift)
        if point.efron:
            average[:, ties.rows] -= reduced[:, ties.which]
        x = problem.x[block]
        residuals[block] = risk * (average - x * met)
        residuals[block, deaths] += (x[:, deaths] - mean[:, when]) * weight
    return residuals


def cluster_gram(influence: Floats, cluster: Integers | None) -> Floats:
    """Sum over clusters of the outer products of summed influences (q, m), (q, q); without `cluster` each row is one."""
    if cluster is not None:
        influence = np.array([np.bincount(cluster, weights=row) for row in influence])
    return influence @ influence.T
