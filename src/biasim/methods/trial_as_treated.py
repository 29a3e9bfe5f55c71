"""The hazard ratio in a trial by what was done, whatever chance said."""

from __future__ import annotations

from typing import Literal

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._trial import arm_counts, never_operated, operated
from biasim.methods.cox_time_dependent import person_time
from biasim.types import Observed, ObservedTrial


def trial_as_treated(
    observed: ObservedTrial,
    *,
    operation: Literal["ever", "over_time"] = "ever",
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of having been operated by Cox regression in a trial, the arms being ignored.

    `ever` compares, from randomisation, those who were ever operated with those who never were, as trials usually do it;
    `over_time` counts a patient as unoperated until her operation.

    Claims
    ------
    The marginal log hazard ratio, the conditional one when adjusted.

    Assumes
    -------
    Given the covariates, who is operated is unrelated to prognosis, as if the arms had not been needed; with `ever`,
    moreover, that operations are done at randomisation. Proportional hazards; censoring without information.

    Breaks when
    -----------
    Prognosis decides who crosses over or is never operated (the randomisation is given away: when those with the better
    outlook are operated, surgery looks better). With `ever`, operations some time after randomisation bring immortal months,
    which favour surgery.

    Parameters
    ----------
    operation : {"ever", "over_time"}
        Whether the operation counts from randomisation on or from its own month on.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Hernan and Robins 2017, doi 10.1056/NEJMsm1605385. Immortal time: Suissa 2008, doi 10.1093/aje/kwm324.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    diagnostics = arm_counts(observed)
    if refused := never_operated(estimand, observed, diagnostics):
        return refused
    rows = _ever(observed) if operation == "ever" else person_time(observed)
    done = operated(observed)
    diagnostics |= {"exposed": float(done.sum()), "events_exposed": float((done & observed.event).sum())}
    return refusal(estimand, rows, diagnostics) or log_hazard_ratio(
        estimand, rows, diagnostics, covariates=covariates, ties=ties
    )


def _ever(observed: ObservedTrial) -> Observed:
    """Everybody from time zero, exposed being those ever operated."""
    return Observed(
        names=observed.names,
        covariates=observed.covariates,
        exposed=operated(observed),
        entry=observed.entry,
        time=observed.time,
        event=observed.event,
        patient=observed.patient,
    )
