"""An analysis aligned in time, with the error of drawing patients again and repeating all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._bootstrap import bootstrap_error
from biasim.methods._checks import estimated, take
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_landmarks import cox_landmarks
from biasim.methods.cox_risk_set_matched import cox_risk_set_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.sequential_trials import sequential_trials
from biasim.types import Floats, ObservedOverTime
from biasim.units import PositiveCount

Adjust = bool | tuple[str, ...]
ANALYSES: Mapping[str, Callable[[ObservedOverTime, Adjust], Estimate]] = MappingProxyType({
    "cox_time_dependent": lambda observed, adjust: cox_time_dependent(observed, adjust=adjust),
    "cox_landmark": lambda observed, adjust: cox_landmark(observed, adjust=adjust),
    "cox_landmarks": lambda observed, adjust: cox_landmarks(observed, adjust=adjust),
    "cox_risk_set_matched": lambda observed, adjust: cox_risk_set_matched(observed, using=() if adjust is True else adjust or ()),
    "sequential_trials": lambda observed, adjust: sequential_trials(observed, adjust=adjust),
})
TOO_FEW = "too few resamples gave an estimate"


def bootstrapped(
    observed: ObservedOverTime,
    *,
    of: Literal[
        "sequential_trials", "cox_time_dependent", "cox_landmark", "cox_landmarks", "cox_risk_set_matched"
    ] = "sequential_trials",
    adjust: bool | tuple[str, ...] = False,
    draws: PositiveCount = 50,
) -> Estimate:
    """The estimate of another method with the standard deviation of its estimates in resamples of patients.

    Every resample draws as many patients as there are, with all that belongs to them, and repeats the whole analysis: models
    of who is exposed when, matching, weights, trials. Methods that have `draws` themselves (clone_censor_weight,
    cox_marginal_structural) are quicker at it.

    Claims
    ------
    What the method that it repeats claims.

    Assumes
    -------
    What that method assumes; many patients, each independent of the others.

    Breaks when
    -----------
    That method does; few patients or deaths (the spread of resamples is then not that of samples), few draws (with 50 the
    error itself has an error of a tenth), or matching, where copies of one patient find each other.

    Parameters
    ----------
    of : str
        The method, with its defaults.
    adjust : bool or tuple of str
        As that method has it; for cox_risk_set_matched, the covariates that lead to exposure (all where none are named).
    draws : int
        Resamples of patients.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap. Matching: Abadie and Imbens 2008, doi 10.3982/ECTA6474.
    """
    analysis = ANALYSES[of]
    found = analysis(observed, adjust)
    if found.status is not Status.OK:
        return found

    def again(copies: Floats) -> float:
        drawn = analysis(resampled(observed, copies), adjust)
        return drawn.estimate if drawn.status is Status.OK else np.nan

    error, told = bootstrap_error(observed, draws, again)
    diagnostics = {**found.diagnostics, **told, "analytic_error": found.standard_error}
    return estimated(found.estimand, found.estimate, error, diagnostics, "" if np.isfinite(error) else TOO_FEW)


def resampled(observed: ObservedOverTime, copies: Floats) -> ObservedOverTime:
    """Each row as often as `copies` says; the copies of a patient are patients of their own."""
    times = copies.astype(np.int64)
    rows = np.repeat(np.arange(observed.size), times)
    copy = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    sample = take(observed, rows)
    return replace(sample, patient=sample.patient * (int(times.max(initial=0)) + 1) + copy)
