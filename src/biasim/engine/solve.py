"""The value of a parameter at which an analysis reports a wanted hazard ratio although surgery does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from biasim.config.lines import Analysis
from biasim.config.study import Design, Study, Wanted
from biasim.engine.amount import amount
from biasim.engine.paired import Difference
from biasim.engine.response import Axis, Response, mean_of, rises, widened
from biasim.engine.rooted import Crossing, crossings, refined, slope_at
from biasim.errors import BiasimError
from biasim.evidence.published import published
from biasim.evidence.row import MARKS
from biasim.methods._checks import NORMAL_975
from biasim.types import Floats

PATIENTS = 100_000  # at every point where nothing is said
SCAN = 9  # points over the range, before any root is looked for
SURE = 3.0  # errors beyond which a step of the scan goes up or down


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The log hazard ratio that is wanted, with its 95% interval where there is one."""

    value: float
    low: float | None
    high: float | None
    source: str  # where it comes from and what its marks mean, "" for the study or the user
    marks: str = ""  # of a published figure that is recalled, converted or turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One value that gives the target. `low` and `high`: 95% interval, of Monte Carlo error alone."""

    value: float
    mcse: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where the target's own interval ends, Monte Carlo error included; `beyond`: outside the range that was searched."""

    value: float
    beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Everything that `biasim solve` prints for one unknown."""

    analysis: Analysis
    axis: Axis
    target: Target
    scan: tuple[tuple[float, Difference], ...]  # value, mean log hazard ratio
    steps: tuple[int, ...]  # of the scan: +1 up, -1 down, 0 neither for sure
    roots: tuple[Root, ...]
    limits: tuple[Limit, Limit] | None  # lower and upper; None without an interval of the target, or without one root
    answer: Design | None  # the design with the first root written in
    estimand: str
    size: int
    replicates: int

    @property
    def monotone(self) -> bool:
        return not {1, -1} <= set(self.steps)

    @property
    def flat(self) -> bool:
        return not any(self.steps)

    @property
    def nearest(self) -> tuple[float, Difference]:
        """The point of the scan that comes nearest to the target."""
        return min(self.scan, key=lambda point: abs(point[1].value - self.target.value))


def solve(
    study: Study,
    *,
    size: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Solution:
    """The inversion of a study with one unknown; size and replicates make `PATIENTS` patients a point if left out.

    Raises
    ------
    BiasimError
        Where the study asks for nothing, the analysis mostly gives no estimate or no hazard ratio, or never sees the unknown.
    """
    wanted = asked(study)
    axis, target = Axis.of(wanted.unknowns[0]), target_of(wanted)
    size, replicates = amount(study, PATIENTS, size, replicates)
    analysis = Analysis(study=study, design=wanted.design, method=wanted.method)
    response = Response(analysis, (axis,), size=size, replicates=replicates, workers=workers, progress=progress)
    at = np.linspace(0.0, 1.0, SCAN).tolist()
    scanned = response([(axis.value(u),) for u in at])
    means = [mean_of(one) for one in scanned]
    wishes = [target.value, *ends_of(target, means)]
    crossed = refined(response, axis, [one for wish in wishes for one in crossings(at, means, wish)])
    roots = [root_of(response, axis, one) for one in crossed if one.wish == target.value]
    return Solution(
        analysis=analysis, axis=axis, target=target, scan=tuple((axis.value(u), one) for u, one in zip(at, means, strict=True)),
        steps=direction(scanned), roots=tuple(roots),
        limits=limits_of(axis, wishes[1:], crossed, means) if len(roots) == 1 and len(wishes) > 1 else None,
        answer=response.design((roots[0].value,)) if roots else None, estimand=response.estimand, size=size,
        replicates=replicates,
    )  # fmt: skip


def asked(study: Study) -> Wanted:
    """What the study looks for."""
    if study.wanted is None:
        raise BiasimError(f"{study.source}: no 'solve'. Write it in the file, or say --unknown, --between and --hazard-ratio")
    return study.wanted


def target_of(wanted: Wanted) -> Target:
    """The wanted hazard ratio on the log scale, that of the published study where one is named."""
    ratio, low, high, source, marks = wanted.hazard_ratio, wanted.low, wanted.high, "", ""
    if wanted.published:
        found = published(wanted.published)
        ratio, low, high, marks = found.hr, found.low, found.high, " ".join(found.marks)
        source = "; ".join([found.citation, *(f"{mark} {MARKS[mark]}" for mark in found.marks)])
        if ratio is None:
            raise BiasimError(f"published: '{wanted.published}' has no hazard ratio")
    assert ratio is not None, "refused when the study was read"
    if low is None or high is None:
        return Target(value=log(ratio), low=None, high=None, source=source, marks=marks)
    return Target(value=log(ratio), low=log(low), high=log(high), source=source, marks=marks)


def ends_of(target: Target, means: Sequence[Difference]) -> list[float]:
    """The limits of the target, wider by Monte Carlo error."""
    if target.low is None or target.high is None:
        return []
    near = min(means, key=lambda one: abs(one.value - target.value))
    return [widened(target.value, limit, near.mcse) for limit in (target.low, target.high)]


def direction(scanned: Floats) -> tuple[int, ...]:
    """Which way each step of the scan goes, as far as Monte Carlo error lets it be told."""
    steps = [rises(first, second) for first, second in pairwise(scanned)]
    return tuple(0 if abs(one.value) <= SURE * one.mcse else int(np.sign(one.value)) for one in steps)


def root_of(response: Response, axis: Axis, found: Crossing) -> Root:
    """A crossing with the error that replicates give it: theirs at the root, over the slope of the response."""
    reported = mean_of(response([(axis.value(found.at),)])[0])
    error = reported.mcse / abs(slope_at(response, axis, found.at))
    low, high = sorted(axis.value(float(np.clip(found.at + side * NORMAL_975 * error, 0.0, 1.0))) for side in (-1, 1))
    return Root(value=axis.value(found.at), mcse=error * axis.stretch(found.at), low=low, high=high)


def limits_of(
    axis: Axis, wishes: Sequence[float], crossed: Sequence[Crossing], means: Sequence[Difference]
) -> tuple[Limit, Limit] | None:
    """Where the response crosses the limits of the target; the end of the range where it does not reach them."""
    found = []
    for wish in wishes:
        own = [one for one in crossed if one.wish == wish]
        if len(own) > 1:
            return None
        nearest = min((0.0, 1.0), key=lambda end: abs(means[int(end) * (len(means) - 1)].value - wish))
        at = own[0].at if own else nearest
        found.append(Limit(value=axis.value(at), beyond=not own))
    first, second = sorted(found, key=lambda one: one.value)
    return first, second
