"""What a set of published estimates would say had all been published: the limit of a perfect study, and a model of the selection.

Both look to lower estimates as the favourable ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from scipy.special import log_ndtr, ndtr, stdtrit

from biasim.types import Floats

CRITICAL = 1.959963984540054  # standard errors from 0 at which a two-sided p is 0.05
FEWEST, MOST = -12.0, 5.0  # log of the relative chance to be published at which the search ends
GRID, NARROWER, HALVINGS, STEPS = 81, 4, 60, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An estimate after correction, with its 95% interval; nan where the studies do not allow one."""

    estimate: float
    standard_error: float
    low: float
    high: float
    chance: float = nan  # of being published, relative to a significant study, where it is modelled


NONE = Corrected(estimate=nan, standard_error=nan, low=nan, high=nan)


def precision_effect(estimate: Floats, standard_error: Floats) -> Corrected:
    """Where the regression of the estimates on their standard errors meets an error of 0: a study without limits.

    Weights 1 / variance, residual dispersion, t on k - 2 degrees of freedom. Stanley and Doucouliagos 2014,
    doi 10.1002/jrsm.1095; the limit estimate of `regtest(model = "lm")` of R's metafor 3.8.
    """
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64)
    k = len(y)
    design = np.column_stack((1.0 / s, np.ones(k)))
    gram = design.T @ design
    if k < 3 or np.linalg.det(gram) <= 1e-12 * gram[0, 0] * gram[1, 1]:
        return NONE
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ (design.T @ (y / s))
    residual = y / s - design @ coefficients
    error = sqrt(float(residual @ residual) / (k - 2) * inverse[0, 0])
    middle, half = float(coefficients[0]), float(stdtrit(k - 2, 0.975)) * error
    return Corrected(estimate=middle, standard_error=error, low=middle - half, high=middle + half)


def selection_model(estimate: Floats, standard_error: Floats) -> Corrected:
    """One effect, estimated together with the chance that a study is published which is not significant in favour.

    Maximum likelihood of normal estimates, each with the density that selection leaves: a study that is significant in favour
    (z below -1.96) has a chance of 1, another one a chance of `chance`, above 1 as well. nan unless there are studies of
    either kind, or where the likelihood has no maximum. Vevea and Hedges 1995, doi 10.1007/BF02294384; as
    `selmodel(type = "stepfun", steps = 0.025)` of R's metafor 3.8 for one effect.
    """
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64)
    others = int(np.count_nonzero(y >= -CRITICAL * s))
    if not 0 < others < len(y):
        return NONE
    middle, width = float(np.average(y, weights=s**-2.0)), 8.0 * float(s.min()) + float(np.ptp(y))
    for _ in range(NARROWER):
        grid = np.linspace(middle - width, middle + width, GRID)
        log_chance = _log_chance(grid, s, others)
        height = -0.5 * (((y - grid[:, None]) / s) ** 2).sum(axis=1) + others * log_chance
        height -= np.log(_kept(grid, s, np.exp(log_chance))).sum(axis=1)
        best = int(np.argmax(height))
        middle, width = float(grid[best]), 2.0 * width / (GRID - 1)
    found = np.array([middle, float(log_chance[best])])
    for _ in range(STEPS):
        gradient, information = _derivatives(found, y, s, others)
        if np.linalg.eigvalsh(information)[0] <= 0.0:
            return NONE
        step = np.linalg.solve(information, gradient)
        found = found + step
        if float(step @ information @ step) < 1e-24:
            break
    if not FEWEST < found[1] < MOST:
        return NONE
    error = sqrt(float(np.linalg.inv(_derivatives(found, y, s, others)[1])[0, 0]))
    low, high = found[0] - CRITICAL * error, found[0] + CRITICAL * error
    return Corrected(
        estimate=float(found[0]), standard_error=error, low=float(low), high=float(high), chance=float(np.exp(found[1]))
    )


def _kept(effect: Floats, s: Floats, chance: Floats) -> Floats:
    """Chance that a study of each error (k,) is published at each effect (m,), shape (m, k)."""
    significant = ndtr(-CRITICAL - effect[:, None] / s)
    return significant + chance[:, None] * (1.0 - significant)


def _log_chance(effect: Floats, s: Floats, others: int) -> Floats:
    """The most likely log chance at each effect: expected and found numbers of studies that are not significant agree."""
    low, high = np.full(len(effect), FEWEST), np.full(len(effect), MOST)
    away = log_ndtr(CRITICAL + effect[:, None] / s)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        expected = (np.exp(away + middle[:, None]) / _kept(effect, s, np.exp(middle))).sum(axis=1)
        low, high = np.where(expected < others, middle, low), np.where(expected < others, high, middle)
    return 0.5 * (low + high)


def _derivatives(at: Floats, y: Floats, s: Floats, others: int) -> tuple[Floats, Floats]:
    """Gradient and observed information in the effect and the log chance."""
    effect, chance = at[0], np.exp(at[1])
    limit = -CRITICAL - effect / s
    p, density = ndtr(limit), np.exp(-0.5 * limit**2) / sqrt(2.0 * np.pi)
    kept = p + chance * (1.0 - p)
    first = -(1.0 - chance) * density / s / kept  # of log kept, by the effect
    second = -(1.0 - chance) * density * limit / s**2 / kept - first**2
    share = chance * (1.0 - p) / kept  # of log kept, by the log chance
    cross = chance * density / s / kept - share * first
    gradient = np.array([float(((y - effect) / s**2 - first).sum()), others - float(share.sum())])
    mixed = float(cross.sum())
    information = np.array([[float((s**-2.0 + second).sum()), mixed], [mixed, float((share * (1.0 - share)).sum())]])
    return gradient, information
