"""Coverage of the confidence interval."""

from __future__ import annotations

from math import isnan, nan

import numpy as np

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import share


def coverage(estimates: Estimates, truth: Truth) -> Value:
    """Share of the confidence intervals that contain the truth.

    Formula
    -------
    c = mean(low <= t <= high); MCSE sqrt(c (1 - c) / n + d^2). d is what the MCSE m of the truth t
    does to the coverage: half the difference between the shares of intervals that contain t + m and
    t - m, 0 for an exact truth. Intervals that miss on one side by bias make d large, intervals
    that miss evenly on both sides make it vanish.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086; m = 0 there.
    No replicates, or no truth: nan. The formula gives an MCSE of 0 for a share of exactly 0 or 1.
    """
    if isnan(truth.value):
        return Value(value=nan, mcse=nan)
    shift = 0.0
    if truth.mcse > 0.0 and len(estimates.low):
        above, below = (_contains(estimates, truth.value + side * truth.mcse).mean() for side in (1.0, -1.0))
        shift = 0.5 * float(above - below)
    return share(_contains(estimates, truth.value), shift)


def _contains(estimates: Estimates, value: float) -> np.ndarray:
    """Which intervals contain the value."""
    return (estimates.low <= value) & (value <= estimates.high)
