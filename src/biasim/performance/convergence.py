"""Share of analyses that gave an answer."""

from __future__ import annotations

from math import nan, sqrt

from biasim.answers import Estimates, Truth, Value


def convergence(estimates: Estimates, truth: Truth) -> Value:
    """Share of the attempts that ended in a usable estimate.

    Formula
    -------
    p = usable / attempts; MCSE sqrt(p (1 - p) / attempts). The truth is not used.
    No attempts: nan. The formula gives an MCSE of 0 for a share of exactly 0 or 1.
    """
    attempts = estimates.attempts
    if attempts == 0:
        return Value(value=nan, mcse=nan)
    proportion = len(estimates.estimate) / attempts
    return Value(value=proportion, mcse=sqrt(proportion * (1.0 - proportion) / attempts))
