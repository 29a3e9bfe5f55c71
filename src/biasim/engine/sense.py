"""Designs that can answer nothing, and analyses that can never answer: seen on a few patients, whatever the parts are called."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biasim.answers import Estimate, Status
from biasim.design.observe import Entered, enter, meeting, name_of, observe
from biasim.engine.plan import DesignPlan, Plan
from biasim.engine.replicate import cohorts
from biasim.engine.streams import Streams
from biasim.types import Cohort, Observed, ObservedTrial

SURE = 20_000  # patients looked at where a few show nothing: what none of these does is no accident
NEVER = (Status.NO_COVARIATES, Status.MISSING_VALUES)  # endings that do not depend on who happens to be in the cohort


class Senseless(NamedTuple):
    """What is the matter with a design, and the room of it that is to blame, "" for no single one."""

    room: str
    found: str
    expected: str


def senseless(planned: Plan, design: DesignPlan, observed: Observed, streams: Streams) -> Senseless | None:
    """Why no analysis of a design can answer anything; None when one can, or when many patients would be needed to say."""
    if design.view["recording"] and not observed.names:
        found = "the record of covariates is changed, and none is measured"
        return Senseless("recording", found, "a measurement of covariates, or no recording")
    if nothing(observed) is None:
        return None
    cohort = cohorts(replace(planned, size=SURE), streams)[design.world]
    return because(cohort, design, streams)


def nothing(observed: Observed) -> str | None:
    """What there is none of: patients, exposed or unexposed ones, events."""
    exposed = observed.assigned if isinstance(observed, ObservedTrial) else observed.exposed
    missing = {
        "patient": observed.size == 0, "exposed": not exposed.any(), "unexposed": exposed.all(),
        "event": not observed.event.any(),
    }  # fmt: skip
    return next((what for what, absent in missing.items() if absent), None)


def because(cohort: Cohort, design: DesignPlan, streams: Streams) -> Senseless | None:
    """The room to blame for a design in which there is nobody, or nothing, to compare."""
    entered, observed = enter(cohort, design.view, streams), observe(cohort, design.view, streams)
    missing = nothing(observed)
    if missing is None:
        return None
    if missing == "patient":
        return nobody(cohort, design, entered, streams)
    among = f"{observed.size:,} patients in this study"
    if missing == "event":
        if not (entered.outcome.event & np.isfinite(entered.outcome.at)).any():
            name = name_of(design.view["outcome"])
            return Senseless("outcome", f"nobody can have the outcome '{name}' in this world", "an outcome that this world makes")
        return Senseless("follow_up", f"none of {among} has the outcome while she is watched", "a follow-up that sees events")
    name, operated = name_of(design.view["exposure"]), np.count_nonzero(cohort.operated[entered.rows])
    some = "none" if missing == "exposed" else "every one"
    found = f"'{name}' calls {some} of {among} exposed; {operated:,} of them are operated"
    return Senseless("exposure", found, "an exposure that some have and others have not at this time zero")


def nobody(cohort: Cohort, design: DesignPlan, entered: Entered, streams: Streams) -> Senseless:
    """Why nobody is in a study: no time zero, a criterion that no one meets, or a follow-up that is over before it starts."""
    among = f"{cohort.size:,} patients"
    if not np.isfinite(entered.time_zero).any():
        return Senseless("time_zero", f"none of {among} has a time zero", "a time zero in this world")
    for part in design.view["eligibility"]:
        if not meeting(part, cohort, streams).any():
            return Senseless("eligibility", f"none of {among} meets '{name_of(part)}'", "criteria that some women meet")
    if not entered.eligible.any():
        return Senseless("eligibility", f"none of {among} meets all criteria together", "criteria that some women meet")
    found = f"none of the {np.count_nonzero(entered.eligible):,} eligible of {among} is alive and watched at time zero"
    return Senseless("follow_up", found, "a follow-up that has begun, and an earlier time zero")


def unanswerable(estimate: Estimate) -> Senseless | None:
    """Why a method can never answer here, judged by how it ended on a few patients; None when it may."""
    if estimate.status not in NEVER:
        return None
    return Senseless("", f"no estimate is possible: {estimate.message or estimate.status}", "a method that this record allows")

