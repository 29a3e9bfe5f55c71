"""Coverage of the mean estimate."""

from __future__ import annotations

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import share


def bias_eliminated_coverage(estimates: Estimates, truth: Truth) -> Value:
    """Share of the confidence intervals that contain the mean of the estimates: coverage, were there no bias.

    Formula
    -------
    c = mean(low <= mean(e) <= high); MCSE sqrt(c (1 - c) / n). The truth is not used.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086.
    No replicates: nan. The formula gives an MCSE of 0 for a share of exactly 0 or 1.
    """
    centre = estimates.estimate.mean() if len(estimates.estimate) else 0.0
    return share((estimates.low <= centre) & (centre <= estimates.high))
