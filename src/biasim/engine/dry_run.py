"""Before anything runs: a few patients through every design and method, so that what cannot work is refused in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from biasim.config.study import Study
from biasim.engine.failures import PartFailed
from biasim.engine.plan import DesignPlan, Plan, plan
from biasim.engine.replicate import Place, cohorts, view
from biasim.engine.streams import Streams
from biasim.errors import Problem, StudyRefused

SIZE = 200  # patients
TRIAL = "dry run"  # replicate, with streams of its own

T = TypeVar("T")


def dry_run(study: Study) -> None:
    """Try the first and the last scenario. Raises StudyRefused with every part that cannot work; nothing is written.

    Too few patients or events for an analysis is no mistake: that is a status, here as in a run.
    """
    problems: list[Problem] = []
    for scenario in dict.fromkeys((0, len(study.scenarios) - 1)):
        planned = plan(study.scenarios[scenario], study.seed, size=SIZE)
        streams = Streams(study.seed, TRIAL)
        made = attempt(study, "world", problems, lambda: cohorts(planned, streams))  # noqa: B023
        for design in planned.designs if made is not None else ():
            try_design(study, planned, design, made[design.world], problems)
    if problems:
        raise StudyRefused(list(dict.fromkeys(problems)))


def try_design(study: Study, planned: Plan, design: DesignPlan, cohort: object, problems: list[Problem]) -> None:
    """One design: its view, and each of its methods on its own."""
    streams = Streams(planned.seed, TRIAL)
    path = f"designs.{design.name}"
    observed = attempt(study, path, problems, lambda: view(planned, design, cohort, streams))
    if observed is None:
        return
    for label, method in design.methods.items():
        place = Place(planned, streams, design.name, label)
        attempt(study, f"{path}.methods.{label}", problems, lambda: place(method, observed))  # noqa: B023


def attempt(study: Study, path: str, problems: list[Problem], work: Callable[[], T]) -> T | None:
    """The result of `work`, or None and a problem located in the study file."""
    from biasim.config.load import located

    try:
        return work()
    except PartFailed as failure:
        cause = failure.__cause__ if isinstance(failure.__cause__, Exception) else failure
        room = getattr(cause, "where", "")
        problems.append(located(study, f"{path}.{room}" if room else path, cause))
        return None
