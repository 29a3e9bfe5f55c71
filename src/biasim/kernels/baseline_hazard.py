"""The baseline hazard of a Cox model: what a fitted hazard ratio leaves to be estimated."""

from __future__ import annotations

import numpy as np

from biasim.kernels.cox import Ties
from biasim.types import Bools, Floats


def jumps(time: Floats, event: Bools, risk: Floats, *, ties: Ties = "efron") -> tuple[Floats, Floats]:
    """Distinct times of death and the jumps of the cumulative baseline hazard there, shape (m,) each, ascending.

    `risk` (n,) is each row's hazard ratio against the baseline, positive; with ones this is Nelson and Aalen's estimate. A row
    is at risk up to and with its own time. Times must be equal where they are meant to be (`tied_times.merge`). Efron's method
    takes the d deaths of one time as if each had left with probability j/d before the j-th, as `survfit` of R's survival
    package 3.5 does after an Efron fit. Breslow 1972; Efron 1977, doi 10.1080/01621459.1977.10480613.
    """
    times, place, deaths = np.unique(time[event], return_inverse=True, return_counts=True)
    order = np.argsort(time, kind="stable")
    still = risk[order][::-1].cumsum()[::-1]
    at_risk = still[np.searchsorted(time[order], times, side="left")]
    if ties == "breslow" or len(place) == len(times):
        return times, deaths / at_risk
    dying = np.bincount(place, risk[event], minlength=len(times))
    member = np.repeat(np.arange(len(times)), deaths)
    before = np.arange(len(member)) - np.repeat(deaths.cumsum() - deaths, deaths)
    left = at_risk[member] - before / deaths[member] * dying[member]
    return times, np.bincount(member, 1.0 / left, minlength=len(times))
