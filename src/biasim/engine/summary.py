"""The performance table, read from the shards: one method's estimates at a time, however many replicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

from biasim.answers import Estimates, Status, Truth, on_log_scale
from biasim.config.study import Choice
from biasim.engine.plan import Part
from biasim.engine.scenarios import Progress
from biasim.engine.truth import Answer
from biasim.registry import find
from biasim.store.shards import query

PERFORMANCE = ("scenario", "design", "method", "estimand", "truth", "measure", "value", "mcse", "used", "attempts")
ALWAYS = ("mean", "bias", "convergence")  # measures in every table, asked for or not


class Performance(NamedTuple):
    """A row of performance.csv."""

    scenario: int
    design: str
    method: str
    estimand: str
    truth: float
    measure: str
    value: float
    mcse: float
    used: int
    attempts: int


def performance(
    progress: Progress,
    claims: Mapping[tuple[str, str], str],
    truths: Mapping[tuple[str, str], Answer],
    measures: Sequence[Choice],
) -> Iterator[Performance]:
    """Every measure of every method of a scenario. `truths` is keyed by (design, estimand)."""
    for (design, method), estimand in claims.items():
        truth = truths[design, estimand]
        sample = estimates(progress, design, method)
        for name, measure in parts(measures, estimand).items():
            value = measure(sample, Truth(value=truth.value, mcse=truth.mcse))
            yield Performance(
                progress.plan.scenario, design, method, estimand, truth.value, name,
                value.value, value.mcse, len(sample.estimate), sample.attempts,
            )  # fmt: skip


def estimates(progress: Progress, design: str, method: str) -> Estimates:
    """One method's usable estimates in the order of replicates, and the number of attempts."""
    rows = query(
        progress.session,
        progress.shards(),
        "select estimate, standard_error, low, high, status from shards "
        "where design = ? and method = ? and replicate < ? order by replicate",
        (design, method, progress.replicates),
    )
    usable = rows["status"] == str(Status.OK)
    values = {name: rows[name][usable] for name in ("estimate", "standard_error", "low", "high")}
    return Estimates(**values, attempts=len(usable))


def parts(measures: Sequence[Choice], estimand: str) -> dict[str, Part]:
    """The measures that are always there, then the study's own, with the side of benefit set by the estimand."""
    found: dict[str, Part] = {name: find("performance", name) for name in ALWAYS}
    found.update({choice.name: choice.function for choice in measures})
    better: Any = "lower" if on_log_scale(estimand) else "higher"
    return {
        name: partial(measure, better=better) if "better" in signature(measure).parameters else measure
        for name, measure in found.items()
    }


def failures(progress: Progress) -> list[dict[str, Any]]:
    """How many analyses of a scenario ended without a usable estimate, by design, method and status."""
    rows = query(
        progress.session,
        progress.shards(),
        "select design, method, status, count(*) as count, min(replicate) as first, min(message) as message "
        "from shards where status <> ? and replicate < ? group by all order by design, method, status",
        (str(Status.OK), progress.replicates),
    )
    names = ("design", "method", "status", "count", "first", "message")
    found = zip(*(rows[name].tolist() for name in names), strict=True)
    return [{"scenario": progress.plan.scenario, **dict(zip(names, values, strict=True))} for values in found]
