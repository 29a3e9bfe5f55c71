"""Stopping boundaries of group sequential trials by recursive numerical integration.

The standardised statistics of the looks, times the root of their information fractions, are sums of independent normal
increments. Their density over what is left of the continuation region is carried from look to look on Gauss-Legendre nodes
(Armitage, McPherson and Rowe 1969, doi 10.2307/2343787).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Literal, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from biasim.types import Floats

Shape = Literal["obrien_fleming", "pocock", "haybittle_peto", "lan_demets", "uncorrected"]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(160)
HIGHEST, STEPS = 20.0, 60  # critical values are looked for up to here, by bisection to the last bit
INTERIM_HAYBITTLE_PETO = 3.0


@cache
def boundaries(fractions: tuple[float, ...], shape: Shape = "obrien_fleming", alpha: float = 0.05) -> tuple[float, ...]:
    """Critical value of |Z| at each look, two-sided, such that a trial without effect is ever stopped with chance `alpha`.

    `fractions` are shares of the final information, ascending to 1. O'Brien-Fleming: c / sqrt(fraction); Pocock: c;
    Haybittle-Peto: 3 at interim looks, the last one so that `alpha` holds; Lan-DeMets: spends 4 - 4 Phi(z(alpha / 4) / sqrt(t)),
    which comes close to O'Brien-Fleming. O'Brien and Fleming 1979, doi 10.2307/2530245; Pocock 1977,
    doi 10.1093/biomet/64.2.191; Lan and DeMets 1983, doi 10.1093/biomet/70.3.659. `uncorrected` is the value of a single
    test at every look, which does not keep `alpha`: `exit_probabilities` says what it comes to. Raises ValueError where no
    boundary of the shape keeps `alpha`.
    """
    t = np.asarray(fractions, dtype=np.float64)
    if not len(t) or t[0] <= 0.0 or t[-1] != 1.0 or (np.diff(t) <= 0.0).any():
        raise ValueError(f"fractions: {fractions}; expected shares above 0, ascending to 1")
    if shape == "uncorrected":
        return (float(-ndtri(alpha / 2.0)),) * len(t)
    if shape == "lan_demets":
        return _spending(t, alpha)
    of: dict[str, Callable[[float], Floats]] = {
        "obrien_fleming": lambda c: c / np.sqrt(t),
        "pocock": lambda c: np.full(len(t), c),
        "haybittle_peto": lambda c: np.append(np.full(len(t) - 1, INTERIM_HAYBITTLE_PETO), c),
    }
    if shape not in of:
        raise ValueError(f"shape: {shape!r}; expected one of {', '.join(get_args(Shape))}")
    found = _smallest(lambda c: float(exit_probabilities(t, of[shape](c)).sum()), alpha)
    if found > 0.99 * HIGHEST:
        raise ValueError(f"{shape}: the interim looks alone stop with a chance above alpha = {alpha:g}")
    return tuple(of[shape](found).tolist())


def exit_probabilities(fractions: Floats, critical: Floats) -> Floats:
    """The chance to stop at each look, |Z| reaching `critical` there for the first time, when there is no effect."""
    left, chances, before = None, [], 0.0
    for fraction, value in zip(fractions, critical, strict=True):
        stop, left = _look(left, fraction - before, value * sqrt(fraction))
        chances.append(stop)
        before = fraction
    return np.array(chances)


Left = tuple[Floats, Floats]  # nodes of the sum within the continuation region, and the probability at each


def _look(left: Left | None, increment: float, limit: float) -> tuple[float, Left]:
    """One look: the chance that the sum leaves (-limit, limit) at it, and what stays within."""
    place, mass = (np.zeros(1), np.ones(1)) if left is None else left
    scale = sqrt(increment)
    stop = float(mass @ (ndtr((place - limit) / scale) + ndtr((-limit - place) / scale)))
    nodes = limit * NODES
    density = np.exp(-0.5 * ((nodes[:, None] - place) / scale) ** 2) / (scale * sqrt(2.0 * np.pi))
    return stop, (nodes, limit * WEIGHTS * (density @ mass))


def _spending(t: Floats, alpha: float) -> tuple[float, ...]:
    """Each look spends what the spending function has grown by since the last one."""
    total = 4.0 * ndtr(ndtri(alpha / 4.0) / np.sqrt(t))
    left, before, critical = None, 0.0, []
    for fraction, spend in zip(t, np.diff(total, prepend=0.0), strict=True):
        increment, root = fraction - before, sqrt(fraction)
        value = _smallest(lambda c, left=left, i=increment, root=root: _look(left, i, c * root)[0], spend)
        left, before = _look(left, increment, value * root)[1], fraction
        critical.append(value)
    return tuple(critical)


def _smallest(chance: Callable[[float], float], wanted: float) -> float:
    """The critical value at which a chance that falls with it equals `wanted`."""
    low, high = 0.0, HIGHEST
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if chance(middle) > wanted else (low, middle)
    return 0.5 * (low + high)
