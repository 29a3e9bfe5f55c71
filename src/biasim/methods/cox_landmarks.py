"""The hazard ratio by exposure at several landmarks, stacked into one fit."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, MARGINAL, failed, persons, refusal
from biasim.methods._consequences import at_time_zero
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods.cox_landmark import from_landmark
from biasim.types import Integers, Observed, ObservedOverTime
from biasim.units import Months, PositiveMonths


def cox_landmarks(
    observed: ObservedOverTime,
    *,
    months: tuple[Months, ...] = (3.0, 6.0, 9.0, 12.0),
    horizon: PositiveMonths | None = None,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by a landmark, one for several landmarks, by Cox regression on the stacked data.

    At each landmark: those whose follow-up reaches beyond it, exposed being those with `exposed_from` up to it, as in
    `cox_landmark`. The landmarks are strata, each with a baseline hazard of its own, so that nobody is compared
    across them. A patient counts at every landmark that she lives to; the error is the sandwich with the patient as
    cluster. Counts are of patients and their deaths, each once; `rows` counts the stack. Equal landmarks count once.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, of exposure by a landmark among those
    alive at it. It is an average over landmarks, judged at the middle one (of two, the earlier), up to the horizon.

    Assumes
    -------
    One hazard ratio from all landmarks on, proportional up to the horizon; given the covariates, who is exposed by a
    landmark is unrelated to the prognosis from then on.

    Breaks when
    -----------
    Many become exposed after a landmark (a true effect is diluted, the less the shorter the horizon), or response to
    treatment decides who is exposed (favours the exposed). Clusters of a few patients make the sandwich too small.

    Parameters
    ----------
    months : tuple of float
        The landmarks, months from time zero.
    horizon : float or None
        Months after each landmark at which its follow-up ends; None for all there is.
    adjust : bool or tuple of str
        True adjusts for every covariate known by the first landmark, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    van Houwelingen 2007, Scandinavian Journal of Statistics 34, 70-85. Nicolaie, van Houwelingen, de Witte and Putter
    2013, doi 10.1002/sim.5665.
    """
    estimand = _claim(CONDITIONAL if adjust else MARGINAL, months, horizon)
    covariates = at_time_zero(from_landmark(observed, min(months, default=0.0)), adjust, besides=())
    stack, landmark = stacked(observed, months, np.inf if horizon is None else horizon)
    diagnostics = _patients(stack) | {"landmarks": float(len(np.unique(landmark)))}
    if observed.size and not stack.size:
        return failed(estimand, Status.NO_PATIENTS, "nobody is at risk at any of the landmarks", diagnostics)
    return refusal(estimand, stack, diagnostics) or log_hazard_ratio(
        estimand, stack, diagnostics, covariates=covariates, strata=landmark, clusters=(stack.patient,), ties=ties
    )


def stacked(observed: ObservedOverTime, months: tuple[float, ...], horizon: float) -> tuple[Observed, Integers]:
    """The patients of every landmark, in months from it, up to the horizon; and the number of the landmark, by row."""
    slices = [from_landmark(observed, month) for month in sorted(set(months))] or [from_landmark(observed, np.inf)]
    landmark = np.repeat(np.arange(len(slices)), [part.size for part in slices])
    entry, time, event, exposed, patient = (
        np.concatenate([getattr(part, name) for part in slices]) for name in ("entry", "time", "event", "exposed", "patient")
    )
    covariates = np.concatenate([part.covariates for part in slices])
    kept = np.flatnonzero(entry < horizon)
    return Observed(
        names=observed.names,
        covariates=covariates[kept],
        exposed=exposed[kept],
        entry=entry[kept],
        time=np.minimum(time, horizon)[kept],
        event=(event & (time <= horizon))[kept],
        patient=patient[kept],
    ), landmark[kept]


def _claim(name: str, months: tuple[float, ...], horizon: float | None) -> str:
    """The estimand at the middle landmark."""
    if not months:
        return name
    middle = sorted(set(months))[(len(set(months)) - 1) // 2]
    until = "" if horizon is None else f", horizon={horizon:g}"
    return f"{name}(population=alive_at, landmark={middle:g}, grace={middle:g}, strategies=within_grace{until})"


def _patients(stack: Observed) -> dict[str, float]:
    """Patients and deaths, in all and among those exposed at some landmark; each once, however many rows she has."""
    chosen_rows = {
        "size": stack.event | True,
        "events": stack.event,
        "exposed": stack.exposed,
        "events_exposed": stack.event & stack.exposed,
    }
    return {name: float(persons(stack.patient[rows])) for name, rows in chosen_rows.items()} | {"rows": float(stack.size)}
