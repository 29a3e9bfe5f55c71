"""One replicate of one scenario: cohorts, what each design sees of them, what each method says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from biasim.answers import Estimate
from biasim.cohort.generate import generate
from biasim.design.observe import observe
from biasim.engine.failures import PartFailed
from biasim.engine.plan import DesignPlan, Plan
from biasim.engine.streams import Streams
from biasim.types import Cohort, Observed

DIAGNOSTICS = (
    "size", "events", "exposed", "events_exposed", "effective_size", "effective_size_exposed",
    "effective_size_unexposed", "max_smd_before", "max_smd_after", "median_exposed", "median_unexposed",
    "log_rank", "log_rank_p", "matched", "iterations",
)  # fmt: skip
"""Columns every shard has; a method's further diagnostics become further columns."""


T = TypeVar("T")


class Row(NamedTuple):
    """One analysis of one replicate."""

    scenario: int
    replicate: int | str
    design: str
    method: str
    estimate: Estimate


def replicate(plan: Plan, number: int | str) -> list[Row]:
    """All analyses of replicate `number`. Raises PartFailed, naming the place, when a part raises."""
    streams = Streams(plan.seed, number)
    made = cohorts(plan, streams)
    rows = []
    for design in plan.designs:
        rows += analyse(plan, design, view(plan, design, made[design.world], streams), streams)
    return rows


def analyse(plan: Plan, design: DesignPlan, observed: Observed, streams: Streams) -> list[Row]:
    """All analyses of one design's data."""
    rows = []
    for label, method in design.methods.items():
        estimate = Place(plan, streams, design.name, label)(method, observed)
        rows.append(Row(plan.scenario, streams.replicate, design.name, label, estimate))
    return rows


def cohorts(plan: Plan, streams: Streams) -> list[Cohort]:
    """One cohort per distinct world; stages that a world shares with the first one are not made again."""
    made: list[Cohort] = []
    for number, world in enumerate(plan.worlds):
        like = (plan.worlds[0], made[0]) if made else None
        name = next(design.name for design in plan.designs if design.world == number)
        made.append(Place(plan, streams, name, "the world")(generate, world, plan.size, streams, like=like))
    return made


def view(plan: Plan, design: DesignPlan, cohort: Cohort, streams: Streams) -> Observed:
    """What the design's investigator gets of a cohort."""
    return Place(plan, streams, design.name, "the view")(observe, cohort, design.view, streams)


class Place(NamedTuple):
    """Where in the study a part is called: an exception in it is raised again with the place named."""

    plan: Plan
    streams: Streams
    design: str
    what: str

    def __call__(self, function: Callable[..., T], *arguments: object, **keywords: object) -> T:
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            text = (
                f"scenario {self.plan.scenario}, replicate {self.streams.replicate}, design '{self.design}', "
                f"{self.what}: {type(error).__name__}: {error}. To see it alone: "
                f"biasim replay STUDY --scenario {self.plan.scenario} --replicate {self.streams.replicate}"
            )
            raise PartFailed(text) from error


def columns(rows: Iterable[Row]) -> dict[str, np.ndarray]:
    """Rows as columns: the shape in which they are stored."""
    rows = list(rows)
    estimates = [row.estimate for row in rows]
    table: dict[str, np.ndarray] = {
        "scenario": np.array([row.scenario for row in rows], dtype=np.int64),
        "replicate": np.array([row.replicate for row in rows], dtype=np.int64),
        "design": texts(row.design for row in rows),
        "method": texts(row.method for row in rows),
        "estimand": texts(estimate.estimand for estimate in estimates),
    }
    for name in ("estimate", "standard_error", "low", "high"):
        table[name] = np.array([getattr(estimate, name) for estimate in estimates], dtype=np.float64)
    table["status"] = texts(str(estimate.status) for estimate in estimates)
    table["message"] = texts(estimate.message for estimate in estimates)
    for name in diagnostic_names(estimate.diagnostics for estimate in estimates):
        values = [estimate.diagnostics.get(name, np.nan) for estimate in estimates]
        table[name] = np.array(values, dtype=np.float64)
    return table


def diagnostic_names(diagnostics: Iterable[Mapping[str, float]]) -> Iterator[str]:
    """The fixed diagnostics, then any others in alphabetical order."""
    yield from DIAGNOSTICS
    yield from sorted({name for one in diagnostics for name in one}.difference(DIAGNOSTICS))


def texts(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), dtype=object)
