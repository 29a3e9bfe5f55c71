"""Relative error of the model standard error."""

from __future__ import annotations

from math import hypot, nan, sqrt

from biasim.answers import Estimates, Truth, Value
from biasim.performance.empirical_se import empirical_se
from biasim.performance.model_se import model_se


def relative_error(estimates: Estimates, truth: Truth) -> Value:
    """How far the reported standard error is from the true one, as a fraction: 0.05 is 5 % too large.

    Formula
    -------
    a / s - 1 with the model SE a and the empirical SE s;
    MCSE (a / s) sqrt(Var(SE^2) / (4 n a^4) + 1 / (2 (n - 1))). The truth is not used.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086, who print 100 times both.
    Fewer than two replicates, or estimates that are all equal: nan.
    """
    model, empirical = model_se(estimates, truth), empirical_se(estimates, truth)
    if not (model.value > 0.0 and empirical.value > 0.0):
        return Value(value=nan, mcse=nan)
    ratio = model.value / empirical.value
    freedom = 2.0 * (len(estimates.estimate) - 1)
    return Value(value=ratio - 1.0, mcse=ratio * hypot(model.mcse / model.value, sqrt(1.0 / freedom)))
