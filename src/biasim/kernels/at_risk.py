"""Sums over those at risk at each of many moments, and sums over the moments at which each row is at risk.

A row is at risk in (entry, time]. On an ascending grid of m moments that is a run of them, from `first` to `last`;
all sums are running sums over the grid, so that nothing of size rows by moments is ever held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.types import Bools, Floats, Integers

ROUNDING = 1e-12  # of those at risk: what a difference of running sums leaves of nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Where each of n rows is at risk on a grid of `size` moments: first <= k <= last; nowhere when first > last."""

    first: Integers
    last: Integers
    size: int

    @property
    def ever(self) -> Bools:
        return self.first <= self.last

    def between(self, start: int, stop: int) -> Runs:
        """The same rows while only the moments start <= k < stop count."""
        return Runs(first=np.maximum(self.first, start), last=np.minimum(self.last, stop - 1), size=self.size)

    def totals(self, values: Floats) -> Floats:
        """Sum of `values` (n,) or (n, q) over the rows at risk at each moment: (m,) or (m, q)."""
        if values.ndim == 2:
            return np.stack([self.totals(column) for column in values.T], axis=1) if values.shape[1] else np.zeros((self.size, 0))
        held = np.where(self.ever, values, 0.0)
        ended = np.bincount(np.clip(self.last, 0, self.size), held, self.size + 1)[: self.size]
        found = ended[::-1].cumsum()[::-1]
        if self.first.any():  # those who are yet to come are taken off
            begun = np.bincount(np.clip(self.first, 0, self.size), held, self.size + 1)
            found = found - begun[::-1].cumsum()[::-1][1:]
        return found

    def along(self, values: Floats) -> Floats:
        """Sum of `values` (m,) or (m, q) over the moments at which each row is at risk: (n,) or (n, q)."""
        running = np.concatenate((np.zeros((1, *values.shape[1:])), values.cumsum(axis=0)))
        low = np.clip(self.first, 0, self.size)
        return running[np.maximum(self.last + 1, low)] - running[low]


def runs(grid: Floats, entry: Floats, time: Floats) -> Runs:
    """The runs of rows at risk in (entry, time] on an ascending grid; a moment of the grid belongs to who dies at it."""
    first = np.searchsorted(grid, entry if entry.any() else np.zeros(1), side="right")
    return Runs(first=np.broadcast_to(first, len(time)), last=np.searchsorted(grid, time, side="right") - 1, size=len(grid))


def product_limit(at_risk: Floats, deaths: Floats) -> tuple[Floats, Floats]:
    """Survival just after each moment, and those left after its deaths, 0 where only rounding is left; (m,) each."""
    left = at_risk - deaths
    left = np.where(left > ROUNDING * at_risk, left, 0.0)
    factor = np.divide(left, at_risk, out=np.ones(len(at_risk)), where=deaths > 0.0)
    return factor.cumprod(), left
