"""Before anything runs: a few patients through every design and method, so that what cannot work is refused in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from biasim.config.load import located
from biasim.config.study import Study
from biasim.engine.failures import PartFailed
from biasim.engine.plan import DesignPlan, Plan, plan
from biasim.engine.replicate import Place, cohorts, view
from biasim.engine.sense import senseless, unanswerable
from biasim.engine.streams import Streams
from biasim.errors import BiasimError, Problem, StudyRefused
from biasim.types import Cohort

SIZE = 200  # patients
TRIAL = "dry run"  # replicate, with streams of its own

T = TypeVar("T")


def dry_run(study: Study) -> None:
    """Try the first and the last scenario. Raises StudyRefused with every part that cannot work; nothing is written.

    Too few patients or events for an analysis is no mistake: that is a status, here as in a run. A design or a method that
    cannot answer whoever is in the cohort is one, unless it can in another of these scenarios.
    """
    problems: list[Problem] = []
    pointless: list[dict[str, Problem]] = []
    for scenario in dict.fromkeys((0, len(study.scenarios) - 1)):
        planned = plan(study.scenarios[scenario], study.seed, size=SIZE)
        streams = Streams(study.seed, TRIAL)
        made = attempt(study, "world", problems, lambda: cohorts(planned, streams))  # noqa: B023
        pointless.append({})
        for design in planned.designs if made is not None else ():
            pointless[-1].update(try_design(study, planned, design, made[design.world], problems))
    problems += [problem for path, problem in pointless[0].items() if all(path in one for one in pointless[1:])]
    if problems:
        raise StudyRefused(list(dict.fromkeys(problems)))


def try_design(
    study: Study, planned: Plan, design: DesignPlan, cohort: Cohort, problems: list[Problem]
) -> dict[str, Problem]:
    """One design: its view, and each of its methods on its own. Returns what makes no sense in it, by path."""
    streams = Streams(planned.seed, TRIAL)
    path = f"designs.{design.name}"
    observed = attempt(study, path, problems, lambda: view(planned, design, cohort, streams))
    if observed is None:
        return {}
    found = attempt(study, path, problems, lambda: senseless(planned, design, observed, streams))
    refused = {f"{path}.{found.room}": found} if found else {}
    for label, method in design.methods.items():
        place, at = Place(planned, streams, design.name, label), f"{path}.methods.{label}"
        estimate = attempt(study, at, problems, lambda: place(method, observed))  # noqa: B023
        never = unanswerable(estimate) if estimate is not None and not found else None
        refused |= {at: never} if never else {}
    return {at: replace(located(study, at, BiasimError(one.found)), expected=one.expected) for at, one in refused.items()}


def attempt(study: Study, path: str, problems: list[Problem], work: Callable[[], T]) -> T | None:
    """The result of `work`, or None and a problem located in the study file."""
    try:
        return work()
    except PartFailed as failure:
        cause = failure.__cause__ if isinstance(failure.__cause__, Exception) else failure
        room = getattr(cause, "where", "")
        problems.append(located(study, f"{path}.{room}" if room else path, cause))
        return None
