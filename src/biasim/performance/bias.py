"""Bias."""

from __future__ import annotations

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import average


def bias(estimates: Estimates, truth: Truth) -> Value:
    """Mean of the estimates minus the truth.

    Formula
    -------
    mean(e) - t; MCSE sqrt(sum (e - mean e)^2 / (n (n - 1)) + m^2), where m is the MCSE of the truth
    t, computed from another cohort and therefore independent.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086; m = 0 there.
    No replicates: nan. One replicate: its distance from the truth, MCSE nan.
    """
    return average(estimates.estimate - truth.value, truth.mcse)
