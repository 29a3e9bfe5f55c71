"""Survival standardised over covariates, from fitted Cox models, with the influence of each row on it.

The curve of a group of patients with cumulative hazards A(t) r_i is the mean of exp(-A(t) r_i): it is asked for through a
linear functional, the sum over moments l of v_l mean_i exp(-A_l r_i), so that a survival probability and an area under
the curve are one thing. Chen and Tsiatis 2001, doi 10.1111/j.0006-341X.2001.01030.x, give the estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.kernels.at_risk import Runs, runs
from biasim.types import Bools, Floats

BLOCK = 32768  # numbers held at once: fits in cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Breslow's baseline hazard of n rows with risk scores, on the grid of their death times."""

    grid: Floats  # (m,)
    runs: Runs
    died: Bools  # (n,) dies at grid[runs.last]
    risk: Floats  # (n,) exp(linear predictor)
    weights: Floats  # (n,)
    at_risk: Floats  # (m,) weighted sum of risk
    steps: Floats  # (m,) increments of the cumulative baseline hazard

    def residual(self, values: Floats) -> Floats:
        """Sum over moments of values (m,) or (m, q) times the martingale increments dN - Y r dA of each row: (n,) or (n, q)."""
        size, last = len(self.grid), self.runs.last
        steps, risk = (self.steps, self.risk) if values.ndim == 1 else (self.steps[:, None], self.risk[:, None])
        found = -risk * self.runs.along(values * steps)
        found[self.died] += values[last[self.died]] if size else 0.0
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Functional:
    """The value, and its derivatives by the baseline and by each row's log risk."""

    per_row: Floats  # (r,) contribution of each row, so that the value is their weighted mean
    by_step: Floats  # (m,) derivative by each increment of the cumulative hazard
    by_log_risk: Floats  # (r,) derivative of `per_row` by the log of the row's risk


def breslow(time: Floats, event: Bools, entry: Floats, risk: Floats, weights: Floats) -> Baseline:
    """The baseline hazard of rows at risk in (entry, time], with tied deaths as Breslow has them."""
    grid = np.unique(time[event & (entry < time) & (weights > 0.0)])
    where = runs(grid, entry, time)
    died = event & where.ever
    at_risk = where.totals(weights * risk)
    deaths = np.bincount(where.last[died], weights[died], len(grid))
    steps = np.divide(deaths, at_risk, out=np.zeros(len(grid)), where=at_risk > 0.0)
    return Baseline(grid=grid, runs=where, died=died, risk=risk, weights=weights, at_risk=at_risk, steps=steps)


def functional(baseline: Baseline, risk: Floats, weights: Floats, month: float, *, area: bool) -> Functional:
    """Survival at a month, or the area under the curve up to it, of rows with these risks (r,), averaged with weights (r,)."""
    known = int(np.searchsorted(baseline.grid, month, side="right"))
    hazard = np.append(0.0, baseline.steps[:known].cumsum())
    if area:
        share = np.diff(np.concatenate(([0.0], baseline.grid[:known], [month])))
    else:
        hazard, share = hazard[-1:], np.ones(1)
    per_row, by_log_risk, slope = np.zeros(len(risk)), np.zeros(len(risk)), np.empty(len(hazard))
    step = max(1, BLOCK // max(1, len(risk)))
    weighted = weights * risk / weights.sum()
    for start in range(0, len(hazard), step):
        piece = slice(start, start + step)
        alive = np.multiply.outer(-hazard[piece], risk)
        np.exp(alive, out=alive)
        per_row += share[piece] @ alive
        by_log_risk += (share[piece] * hazard[piece]) @ alive
        slope[piece] = alive @ weighted
    later = (-share * slope)[::-1].cumsum()[::-1]  # a step raises the hazard at its own moment and all later ones
    by_step = np.zeros(len(baseline.grid))
    by_step[:known] = later[1:] if area else later[0]
    return Functional(per_row=per_row, by_step=by_step, by_log_risk=-risk * by_log_risk)
