"""Every shipped study that names switches: its flaw on, its flaw off, and nothing else moved by the switch.

The naive analysis is the first method of the first design. Of each switch alone it is the first analysis that it touches, in the
first design that it changes. A study added later joins by itself.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.cohort.generate import CAUSES
from biasim.config.load import load, switched
from biasim.config.resolve import all_studies
from biasim.config.study import Design, Study
from biasim.engine.plan import Plan, plan
from biasim.engine.replicate import cohorts, replicate, view
from biasim.engine.streams import Streams
from biasim.registry import VIEW, WORLD

SIGN = {"favours surgery": -1.0, "against surgery": 1.0}
FEWEST, MOST = 200, 12_800  # replicates
FEWEST_PAIRS, MOST_PAIRS = 32, 2_048  # replicates with and without one mechanism
SMALLEST = 0.02  # bias of a log hazard ratio worth a study

# Studies whose first design is not biased as its switches are named, and what is tested instead.
OTHERWISE = {
    "paradox": "its switches leave the recorded confounding on: test_studies_shipped",
    "trial_responders": "right about the women it randomises: test_studies_trials",
}


@cache
def studies() -> dict[str, Study]:
    found = {study.name: study for study in map(load, all_studies())}
    return {name: study for name, study in found.items() if study.switches}


def named(kept: bool) -> list[str]:
    return [name for name in studies() if not (kept and name in OTHERWISE)]


def naive(study: Study) -> Study:
    """The first scenario with nothing but the first method of the first design."""
    scenario = study.scenarios[0]
    design = next(iter(scenario.designs.values()))
    label = next(iter(design.methods))
    only = replace(design, methods={label: design.methods[label]})
    return replace(study, scenarios=(replace(scenario, designs={design.name: only}),))


def estimates(study: Study, numbers: range) -> list[float]:
    planned = plan(naive(study).scenarios[0], study.seed)
    assert all(world["effect"].func.__name__ == "none" for world in planned.worlds), "the truth is not 0"
    rows = [replicate(planned, number)[0].estimate for number in numbers]
    return [row.estimate for row in rows if row.status is Status.OK]


def deviate(values: list[float]) -> float:
    """The mean in Monte Carlo standard errors; 0 where every value is 0."""
    return float(np.mean(values)) / (float(np.std(values, ddof=1)) / sqrt(len(values))) if any(values) else 0.0


@pytest.mark.long
@pytest.mark.parametrize("name", named(kept=True))
def test_the_naive_analysis_is_biased_as_said_and_not_when_the_mechanism_is_switched_off(name: str) -> None:
    study = studies()[name]
    sign = SIGN[study.expect[next(iter(study.scenarios[0].designs))]]
    values, done = estimates(study, range(FEWEST)), FEWEST
    while sign * deviate(values) < 10.0 and done < MOST:
        values += estimates(study, range(done, 2 * done))
        done *= 2
    assert sign * deviate(values) > 10.0, f"{deviate(values):.1f} MCSE after {done} replicates"
    assert sign * float(np.mean(values)) > SMALLEST, f"a bias of {np.mean(values):.4f} only"
    off = deviate(estimates(switched(study, *study.switches), range(done)))
    assert abs(off) < 4.0, f"switched off: {off:.1f} MCSE in {done} replicates"


SWITCHES = [(name, mechanism) for name in named(kept=False) for mechanism in studies()[name].switches]


@pytest.mark.long
@pytest.mark.parametrize(("name", "mechanism"), SWITCHES)
def test_each_switch_alone_moves_the_first_analysis_that_it_touches(name: str, mechanism: str) -> None:
    """Mechanisms that act together: none of them is there for show. In pairs of data from the same random numbers."""
    pairs = touched(studies()[name], switched(studies()[name], mechanism))
    assert pairs is not None, "no analysis of the study gives another answer"
    moved, done = differences(pairs, range(FEWEST_PAIRS)), FEWEST_PAIRS
    while abs(deviate(moved)) < 4.0 and done < MOST_PAIRS:
        moved += differences(pairs, range(done, done + done // 2))
        done += done // 2
    assert abs(deviate(moved)) > 4.0, f"{pairs[0].designs[0].name}: {deviate(moved):.1f} MCSE in {done} replicates"


def touched(on: Study, off: Study) -> tuple[Plan, Plan] | None:
    """The first analysis that ever gives another answer, in the first design that a switch changes and that has one."""
    scenarios = on.scenarios[0], off.scenarios[0]
    for design, other in zip(*(one.designs.values() for one in scenarios), strict=True):
        if design == other and scenarios[0].size == scenarios[1].size:
            continue
        for label, changed in zip(design.methods, other.methods, strict=True):
            pair = tuple(alone(*one) for one in ((on, design, label), (off, other, changed)))
            if any(any(differences(pair, range(number, number + 1))) for number in range(FEWEST)):
                return pair
    return None


def alone(study: Study, design: Design, label: str) -> Plan:
    """The plan of one analysis of one design."""
    only = replace(design, methods={label: design.methods[label]})
    return plan(replace(study.scenarios[0], designs={design.name: only}), study.seed)


def differences(pair: tuple[Plan, Plan], numbers: range) -> list[float]:
    """The first minus the second, in the replicates in which both answer."""
    found = []
    for number in numbers:
        one, other = (replicate(planned, number)[0].estimate for planned in pair)
        if one.status is Status.OK and other.status is Status.OK:
            found.append(one.estimate - other.estimate)
    return found


@pytest.mark.parametrize(("name", "mechanism"), SWITCHES)
def test_the_switch_moves_no_draw_of_anything_else(name: str, mechanism: str) -> None:
    """Stages that do not depend on what is switched are the same to the last bit, in the world and in the view."""
    study = studies()[name]
    pair = [naive(study).scenarios[0], naive(switched(study, mechanism)).scenarios[0]]
    on, off = (next(iter(scenario.designs.values())) for scenario in pair)
    planned = [plan(scenario, study.seed, size=300) for scenario in pair]
    streams = Streams(study.seed, 0)
    made = [cohorts(one, streams)[one.designs[0].world] for one in planned]
    moved = downstream({room for room in WORLD if on.world[room] != off.world[room]})
    for room in set(WORLD) - moved:
        assert same(*(stage(cohort, room) for cohort in made)), f"{mechanism}: {room}"
    rooms = {room for room in VIEW if getattr(on, room) != getattr(off, room)}
    if not moved:
        seen = [view(one, one.designs[0], cohort, streams) for one, cohort in zip(planned, made, strict=True)]
        if not rooms & {"eligibility", "time_zero", "follow_up", "outcome"}:
            assert same(seen[0].patient, seen[1].patient)
            assert same(seen[0].time, seen[1].time)
            if not rooms & {"measurement", "recording"}:
                assert same(seen[0].covariates, seen[1].covariates)
            if "exposure" not in rooms:
                assert same(seen[0].exposed, seen[1].exposed)
    assert moved or rooms or planned[0].designs[0].methods != planned[1].designs[0].methods or other_designs(study, mechanism)


def other_designs(study: Study, mechanism: str) -> bool:
    """Whether the switch is about another design than the first, or about the size."""
    return switched(study, mechanism).scenarios[0] != study.scenarios[0]


def downstream(rooms: set[str]) -> set[str]:
    found = set(rooms)
    for room, causes in CAUSES.items():
        if found & set(causes):
            found.add(room)
    return found


def stage(cohort: object, room: str) -> object:
    return getattr(cohort, {"survival": "potential", "censoring": "lost"}.get(room, room))


def same(first: object, second: object) -> bool:
    if isinstance(first, np.ndarray):
        return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if is_dataclass(first):
        return all(same(getattr(first, item.name), getattr(second, item.name)) for item in fields(first))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return callable(first) or first == second




WITHOUT = {
    "immortal_time_remedies": "analyses of the cohorts of immortal_time",
    "literature": "pools what the calibrated world shows",
}


def test_every_study_names_switches_or_is_known_to_have_none() -> None:
    """A study without `switches` would escape this file, the matrix and attribution."""
    without = {study.name for study in map(load, all_studies()) if not study.switches}
    assert without == set(WITHOUT), "configs/: name the change that turns each mechanism off under 'switches'"
