"""Model standard error."""

from __future__ import annotations

from math import nan, sqrt

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import average


def model_se(estimates: Estimates, truth: Truth) -> Value:
    """Root of the mean squared standard error that the method reports.

    Formula
    -------
    a = sqrt(mean(s^2)); MCSE sqrt(Var(s^2) / (4 n a^2)) with the sample variance of s^2. The truth is
    not used.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086.
    No replicates: nan. One replicate: its standard error, MCSE nan.
    """
    variance = average(estimates.standard_error**2)
    value = sqrt(variance.value) if variance.value >= 0.0 else nan
    return Value(value=value, mcse=variance.mcse / (2.0 * value) if value else variance.mcse)
