"""Rejection of the null in favour of surgery."""

from __future__ import annotations

from typing import Literal

from biasim.answers import Estimates, Truth, Value
from biasim.performance._moments import share


def rejection(estimates: Estimates, truth: Truth, *, better: Literal["lower", "higher"] = "lower") -> Value:
    """Share of the replicates that report a significant benefit of surgery.

    Formula
    -------
    r = mean(high < 0) where lower is better (log hazard ratios), mean(low > 0) where higher is better
    (months of life, survival); MCSE sqrt(r (1 - r) / n). The 95 % interval lies wholly on the side
    of benefit, so without bias and effect r is 2.5 %. The truth is not used.
    Source: Morris, White, Crowther 2019, table 6, doi 10.1002/sim.8086 (there two-sided).
    No replicates: nan. The formula gives an MCSE of 0 for a share of exactly 0 or 1.

    Parameters
    ----------
    better
        The side of benefit on the scale of the estimand.
    """
    return share(estimates.high < 0.0 if better == "lower" else estimates.low > 0.0)
