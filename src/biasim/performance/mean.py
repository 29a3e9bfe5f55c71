"""Mean of the estimates."""

from __future__ import annotations

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import average


def mean(estimates: Estimates, truth: Truth) -> Value:
    """Mean of the estimates, on the scale of the estimand.

    Formula
    -------
    mean(e); MCSE sqrt(sum (e - mean e)^2 / (n (n - 1))). The truth is not used.
    No replicates: nan. One replicate: its estimate, MCSE nan.
    """
    return average(estimates.estimate)
