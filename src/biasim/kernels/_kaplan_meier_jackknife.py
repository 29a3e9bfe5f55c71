"""The infinitesimal-jackknife variance of a Kaplan-Meier curve, and who lives on."""

from __future__ import annotations

import numpy as np

from biasim.types import Bools, Floats

ROUNDING = 1e-13  # of the weight at risk


def left_alive(at_risk: Floats, deaths: Floats) -> Floats:
    """Weight that lives on after the deaths of a time; what rounding leaves of nobody is 0."""
    left = at_risk - deaths
    return np.where(left > ROUNDING * at_risk, left, 0.0)


def jackknife_variance(
    cell: np.ndarray, event: Bools, entry: Floats | None, weights: Floats | None, grid: Floats, at_risk: Floats, deaths: Floats
) -> Floats:
    """Infinitesimal-jackknife variance of log survival at each time of the grid, one cluster per row.

    The influence of row i on log survival at t is -[N_i(min(t, T_i)) / (n - d) - (G(min(t, T_i)) - G(entry_i))], with G the
    running sum of d / (n (n - d)); squared and weighted, its sum over rows needs three running sums only.
    """
    left = left_alive(at_risk, deaths)
    with np.errstate(divide="ignore", invalid="ignore"):
        open_cell = (deaths > 0.0) & (left > 0.0)
        per_death = np.where(left > 0.0, 1.0 / left, 0.0)
        running = np.where(open_cell, deaths / (at_risk * left), 0.0).cumsum()
    squared = np.ones(len(cell)) if weights is None else np.asarray(weights, dtype=np.float64) ** 2
    if entry is None:
        at_entry, entered = np.zeros(len(cell)), np.zeros(len(cell), dtype=np.int64)
    else:
        entered = np.searchsorted(grid, entry, side="right")  # first time of the grid at which the row is at risk
        at_entry = np.append(0.0, running)[entered]
    size = len(grid)

    def still_open(values: Floats) -> Floats:
        """Running sum over rows that have entered, less those whose time has come."""
        return (np.bincount(entered, values, size)[:size] - np.bincount(cell, values, size)).cumsum()

    ended = squared * (event * per_death[cell] - (running[cell] - at_entry)) ** 2
    going = running**2 * still_open(squared) - 2 * running * still_open(squared * at_entry) + still_open(squared * at_entry**2)
    return np.bincount(cell, ended, size).cumsum() + np.maximum(going, 0.0)
