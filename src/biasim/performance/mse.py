"""Mean squared error."""

from __future__ import annotations

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import average


def mse(estimates: Estimates, truth: Truth) -> Value:
    """Mean squared distance of the estimates from the truth.

    Formula
    -------
    q = mean((e - t)^2); MCSE sqrt(sum ((e - t)^2 - q)^2 / (n (n - 1)) + (2 b m)^2) with the bias
    b = mean(e) - t and the MCSE m of the truth t (dq/dt = -2 b).
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086; m = 0 there.
    No replicates: nan. One replicate: its squared distance, MCSE nan.
    """
    error = estimates.estimate - truth.value
    off = float(error.mean()) if len(error) else 0.0
    return average(error**2, 2.0 * off * truth.mcse)
