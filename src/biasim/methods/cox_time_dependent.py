"""The hazard ratio of an exposure that begins during follow-up."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._person_time import when_known
from biasim.types import Observed, ObservedOverTime
from biasim.units import Months


def cox_time_dependent(
    observed: ObservedOverTime,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
    window: Months | None = None,
    later: Literal["censored", "unexposed"] = "censored",
    known: Literal["over_time", "from_time_zero"] = "over_time",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression with exposure as it stands at each moment.

    A patient counts as unexposed until `exposed_from` and as exposed after it, so that nobody is
    exposed while waiting. From `exposed_from` at or before entry she is exposed from the start; at
    or after the end of observation she never is. With a `window`, exposure that begins after it is none.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    Proportional hazards, the hazard changing at once when exposure begins; starting exposure at a moment is, given
    the covariates, unrelated to the prognosis from then on.

    With a window and `censored`: who is exposed after it is, given the covariates, unrelated to prognosis too.

    Breaks when
    -----------
    Those whose disease responds or stays stable are the ones who become exposed and that is not among the
    covariates (favours the exposed), or the effect is delayed or wanes (an average over follow-up). With a window and
    `unexposed`, a true effect is diluted by those exposed after it.

    Parameters
    ----------
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.
    robust : bool
        Sandwich error, one cluster per patient (her intervals together).
    window : float or None
        Months from time zero within which exposure must begin in order to count; None for any time.
    later : {"censored", "unexposed"}
        Whoever is exposed after the window leaves then, as from a strategy that she no longer follows; or stays as she
        was, as in a landmark analysis.
    known : {"over_time", "from_time_zero"}
        How a covariate that becomes known after time zero is used: from that month on, as 0 before; or as if known from
        the start (then it looks ahead, and tells who lives to become exposed).

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Crowley and Hu 1977, doi 10.1080/01621459.1977.10479903. Suissa 2008, doi 10.1093/aje/kwm324.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    observed = observed if window is None else within_window(observed, window, later)
    intervals = person_time(observed)
    if known == "over_time":
        intervals = when_known(intervals, observed.known_from)
    diagnostics = counts(observed)
    return refusal(estimand, intervals, diagnostics) or log_hazard_ratio(
        estimand,
        intervals,
        diagnostics,
        covariates=covariates,
        clusters=(intervals.patient,) if robust else None,
        ties=ties,
    )


def person_time(observed: ObservedOverTime) -> Observed:
    """One row per stretch of person-time with one exposure: first rows of all patients, then the second ones."""
    start = observed.exposed_from
    split = (start > observed.entry) & (start < observed.time)
    second = np.flatnonzero(split)
    rows = np.concatenate((np.arange(observed.size), second))
    return Observed(
        names=observed.names,
        covariates=observed.covariates[rows],
        exposed=np.concatenate((start <= observed.entry, np.ones(len(second), dtype=np.bool_))),
        entry=np.concatenate((observed.entry, start[second])),
        time=np.concatenate((np.where(split, start, observed.time), observed.time[second])),
        event=np.concatenate((observed.event & ~split, observed.event[second])),
        patient=observed.patient[rows],
    )


def within_window(observed: ObservedOverTime, window: float, later: str) -> ObservedOverTime:
    """The same patients without exposure that begins after the window; they leave at that moment, or stay unexposed."""
    late = observed.exposed_from > window
    never = replace(observed, exposed=observed.exposed & ~late, exposed_from=np.where(late, np.inf, observed.exposed_from))
    if later == "unexposed":
        return never
    leaves = late & (observed.exposed_from < observed.time)
    time = np.where(leaves, observed.exposed_from, observed.time)
    seen = np.flatnonzero(time > observed.entry)  # who entered after a late exposure was never under observation without it
    return take(replace(never, time=time, event=observed.event & ~leaves), seen)
