"""What the patients of a design look like in a large cohort: shares and survival by exposure, as a paper's Table 1 begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from biasim.design.observe import enter
from biasim.engine.as_counted import PLAIN
from biasim.engine.plan import DesignPlan, Plan
from biasim.engine.replicate import cohorts, view
from biasim.engine.streams import Streams
from biasim.kernels import kaplan_meier
from biasim.registry import find
from biasim.types import Bools, Cohort, Observed, ObservedOverTime

DESCRIPTION = "description"  # the replicate that descriptions are made from
LARGEST = 100_000  # patients: a survival share has an MCSE below 0.3 percentage points in any arm above 25 %
YEARS = (1, 3, 5)


class Fact(NamedTuple):
    """One row of description.csv. Months for medians, shares for the rest, counts for patients."""

    scenario: int
    design: str
    group: str  # all, exposed, unexposed
    quantity: str  # patients, share, survival_12, survival_36, survival_60, median
    value: float
    mcse: float


def describe(plan: Plan, size: int) -> Iterator[Fact]:
    """Facts about every design of a scenario, from one cohort of `size` patients (at most LARGEST)."""
    large = Plan(
        scenario=plan.scenario, size=min(size, LARGEST), seed=plan.seed, worlds=plan.worlds, designs=plan.designs
    )
    streams = Streams(plan.seed, DESCRIPTION)
    made = cohorts(large, streams)
    for design in large.designs:
        yield from described(large, design, lived(large, design, made[design.world], streams))


def lived(plan: Plan, design: DesignPlan, cohort: Cohort, streams: Streams) -> Observed:
    """What a design sees of a cohort, watched until death whatever the outcome that it counts: how long they lived."""
    observed = view(plan, design, cohort, streams)
    if design.view["outcome"].func.__name__ == PLAIN:
        return observed
    watched = enter(cohort, {**design.view, "outcome": find("outcome", PLAIN)}, streams)
    rows = observed.patient
    time = (watched.stop - watched.time_zero)[rows]
    return replace(observed, time=time, event=(cohort.death <= watched.stop)[rows])


def described(plan: Plan, design: DesignPlan, observed: Observed) -> Iterator[Fact]:
    """Facts about one observed cohort. A design whose exposure begins later has no curves by arm from time zero."""
    everyone = np.ones(observed.size, dtype=bool)
    groups: dict[str, Bools] = {"all": everyone}
    if not isinstance(observed, ObservedOverTime):
        groups |= {"exposed": observed.exposed, "unexposed": ~observed.exposed}
    for group, members in groups.items():
        count = int(members.sum())
        yield Fact(plan.scenario, design.name, group, "patients", float(count), nan)
        if group == "exposed" and observed.size:
            share = count / observed.size
            yield Fact(plan.scenario, design.name, group, "share", share, sqrt(share * (1 - share) / observed.size))
        if count:
            yield from survival_facts(plan, design, group, observed, members)


def survival_facts(plan: Plan, design: DesignPlan, group: str, observed: Observed, members: Bools) -> Iterator[Fact]:
    """Kaplan-Meier survival with Greenwood's error, and the median with an error from its interval."""
    fitted = kaplan_meier.curve(observed.time[members], observed.event[members])
    for years in YEARS:
        months = 12.0 * years
        if kaplan_meier.reaches(fitted, months):
            value = float(kaplan_meier.survival_at(fitted, months))
            error = sqrt(max(float(kaplan_meier.variance_at(fitted, months)), 0.0))
            yield Fact(plan.scenario, design.name, group, f"survival_{12 * years}", value, error)
    median, low, high = kaplan_meier.quantile(fitted, 0.5)
    if isfinite(median):
        yield Fact(plan.scenario, design.name, group, "median", median, (high - low) / 3.92)
