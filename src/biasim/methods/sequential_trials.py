"""The hazard ratio of an exposure that begins during follow-up, from a sequence of trials nested in the cohort."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, failed, persons, refusal
from biasim.methods._hazard_ratio import MISSING, log_hazard_ratio
from biasim.methods._nested_trials import nested_trials
from biasim.methods._person_time import records
from biasim.methods._starting import ever_known
from biasim.types import ObservedOverTime
from biasim.units import Months, PositiveMonths, UpperShare


def sequential_trials(
    observed: ObservedOverTime,
    *,
    last: Months = 12.0,
    interval: PositiveMonths = 3.0,
    later_exposure: Literal["weighted", "censored", "ignored"] = "weighted",
    adjust: bool | tuple[str, ...] = True,
    truncate: UpperShare | None = None,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by one Cox regression over a sequence of trials, stratified by trial.

    A trial starts every `interval` months, and when a covariate becomes known. In it are all who live, are followed and
    not yet exposed at its start. A patient is unexposed until she begins and, if that is within the trial's first interval,
    exposed from then on, so that nobody is immortal while waiting; others leave the trial when they begin. Covariates are
    those known at the trial's start. Sandwich error, one cluster per patient over all her trials, weights taken as known.
    With one trial and an endless interval it is the time-dependent Cox regression.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, pooled over trials; with `ignored`, of the
    intention to begin now, which a true effect reaches diluted.

    Assumes
    -------
    Proportional hazards within each trial; whether exposure begins in the first interval is, given the covariates known at
    its start, unrelated to prognosis; so is leaving the trial later, `weighted`: given all covariates known by then.

    Breaks when
    -----------
    A cause of both starting and death is hidden (favours the exposed if the fitter are operated on). `censored`: what
    becomes known after a trial has started decides who leaves it; if responders do, the poor prognoses stay among the
    unexposed (favours the exposed). Long intervals: covariates are out of date when exposure begins.

    Parameters
    ----------
    last : float
        Latest start of a trial, months from time zero; no trial starts after the last start of exposure.
    interval : float
        Months from one trial to the next; longer if there were over 240.
    later_exposure : {"weighted", "censored", "ignored"}
        What happens to the unexposed of a trial who begin after its first interval: they leave, and those like them who stay
        weigh more (inverse chance of staying unexposed given all measured covariates as known, over that given those of the
        outcome model; pooled logistic regression; 1 where both hold the same); they leave; they stay as unexposed.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    truncate : float or None
        A share q such as 0.99: weights are cut at their quantiles 1 - q and q over all rows; None leaves them alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Hernan et al. 2008, doi 10.1097/EDE.0b013e3181875e61. Gran et al. 2010, doi 10.1002/sim.4048. Danaei et al. 2013,
    doi 10.1177/0962280211403603.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    columns, diagnostics = chosen(observed, adjust), counts(observed)
    used = np.arange(len(observed.names)) if later_exposure == "weighted" else columns
    if np.isnan(ever_known(observed, used)).any():
        return failed(estimand, Status.MISSING_VALUES, MISSING, diagnostics)
    made = nested_trials(observed, records(observed, interval), columns, last=last, later_exposure=later_exposure)
    if refused := refusal(estimand, made.rows, diagnostics):
        return refused
    if made.failed is not None:
        return failed(estimand, made.failed.status, made.failed.message, diagnostics)
    weights = made.weights
    diagnostics |= {"trials": float(persons(made.trial)), "rows": float(made.rows.size)}
    if weights is not None:
        if truncate is not None:
            weights = np.clip(weights, *np.quantile(weights, (1.0 - truncate, truncate)))
        diagnostics |= {"mean_weight": float(weights.mean()), "largest_weight": float(weights.max())}
    return log_hazard_ratio(
        estimand,
        made.rows,
        diagnostics,
        covariates=columns,
        weights=weights,
        strata=made.trial,
        clusters=(made.rows.patient,),
        ties=ties,
    )
