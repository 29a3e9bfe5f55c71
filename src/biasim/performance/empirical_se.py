"""Empirical standard error."""

from __future__ import annotations

from math import sqrt

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import deviation


def empirical_se(estimates: Estimates, truth: Truth) -> Value:
    """Standard deviation of the estimates over replicates.

    Formula
    -------
    s = sqrt(sum (e - mean e)^2 / (n - 1)); MCSE s / sqrt(2 (n - 1)), which supposes that the estimates
    are normal. The truth is not used.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086.
    Fewer than two replicates: nan.
    """
    spread = deviation(estimates.estimate)
    return Value(value=spread, mcse=spread / sqrt(2.0 * max(len(estimates.estimate) - 1, 1)))
