"""Sums over risk sets that are more than running sums: late entry, strata, and Efron's tied deaths."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from biasim.kernels._cox_risk_sets import RiskSets
from biasim.types import Floats, Integers

FEW = 50  # strata that are summed one by one; more are one sequence, from which each takes its part


class Ties:
    """Death times with several deaths, for Efron's method; one entry per tied death unless said otherwise."""

    def __init__(self, tied: Integers, count: Integers, mass: Floats, deaths: Integers, when: Integers) -> None:
        mass, count = mass[tied], count[tied]
        self.tied = tied  # (t,) death times
        self.starts = np.cumsum(count) - count  # (t,)
        self.which = np.repeat(np.arange(len(tied)), count)
        self.left = 1.0 - (np.arange(len(self.which)) - self.starts[self.which]) / count[self.which]
        self.mean_weight = (mass / count)[self.which]
        self.rows = deaths[np.isin(when, tied)]

    def total(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.starts, axis=-1)


class Stream:
    """Rows joining and leaving the risk sets in one sequence, for late entry and strata.

    In a single stratum those who stay to its end need no such care: their sums are running sums.
    """

    def __init__(self, sets: RiskSets) -> None:
        joining, times = np.arange(len(sets.first)), np.arange(sets.times)
        self.staying = None
        if len(sets.strata) == 2:
            self.staying = np.ones(len(joining))
            self.staying[sets.leaving] = 0.0
            self.upto = np.searchsorted(sets.first, times, side="right")
            joining = np.sort(sets.leaving)
        key = np.concatenate([2 * sets.first[joining], 2 * sets.last[sets.leaving] + 1])
        order = np.argsort(key, kind="stable")
        self.row = np.concatenate([joining, sets.leaving])[order]
        self.sign = np.where(order < len(joining), 1.0, -1.0)
        bounds = sets.strata if len(sets.strata) <= FEW else sets.strata[[0, -1]]
        opening = np.repeat(sets.strata[:-1], np.diff(sets.strata))
        self.until = np.searchsorted(key[order], 2 * times + 1, side="right")
        self.since = np.searchsorted(key[order], 2 * opening, side="left")
        begins = np.searchsorted(key[order], 2 * bounds)
        rows = np.searchsorted(sets.first, bounds)
        self.parts = [tuple(map(slice, *pair)) for pair in pairwise(zip(bounds, begins, rows, strict=True))]
        self.sets = sets

    def sums(self, values: Floats) -> Floats:
        """Sums over each risk set, (q, times), of values (q, m), which are lost."""
        moving, total = values.take(self.row, axis=1) * self.sign, np.empty((len(values), self.sets.times))
        for times, stream, _ in self.parts:
            until, since = self.until[times] - stream.start, self.since[times] - stream.start
            total[:, times] = differences(moving[:, stream], until, since)
        if self.staying is None:
            return total
        values *= self.staying
        running = np.zeros((len(values), values.shape[1] + 1))
        np.add.accumulate(values, axis=1, out=running[:, 1:])
        return total + running.take(self.upto, axis=1)

    def exposure(self, increments: Floats) -> Floats:
        """Sums over the death times at which each row is at risk, (..., m), of increments (..., times)."""
        first, last = self.sets.first, self.sets.last
        total = np.empty((*increments.shape[:-1], len(first)))
        for times, _, rows in self.parts:
            backwards = increments[..., times][..., ::-1]
            total[..., rows] = differences(backwards, times.stop - first[rows], times.stop - last[rows])
        return total


def differences(values: Floats, until: Integers, since: Integers) -> Floats:
    """Sums of values[..., since:until] from running sums whose rounding errors are carried along, so that nothing cancels.

    The error of each addition is recovered exactly (Knuth's two-sum; Ogita, Rump and Oishi 2005, doi 10.1137/030601818).
    """
    running = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.add.accumulate(values, axis=-1, out=running[..., 1:])
    before, after = running[..., :-1], running[..., 1:]
    part = after - before
    lost = np.zeros_like(running)
    np.add.accumulate((before - (after - part)) + (values - part), axis=-1, out=lost[..., 1:])
    return (running.take(until, -1) - running.take(since, -1)) + (lost.take(until, -1) - lost.take(since, -1))
