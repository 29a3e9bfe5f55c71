"""What an analysis reports, under no effect of surgery, as a function of parameters of its study: on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import exp, isfinite, log, sqrt
from typing import NamedTuple

import numpy as np

from biasim.answers import on_log_scale
from biasim.config.lines import Analysis
from biasim.config.study import Design, Unknown
from biasim.config.variants import Variants
from biasim.engine.paired import Case, Difference, moments, paired
from biasim.errors import BiasimError, StudyRefused
from biasim.methods._checks import NORMAL_975
from biasim.types import Floats

MOSTLY = 0.5  # share of the replicates that must give an estimate
GEOMETRIC = 3.0  # a range above 0 whose ends differ by this factor is walked in equal ratios
Point = tuple[float, ...]  # a value for every unknown


class Axis(NamedTuple):
    """One unknown, with a coordinate that runs from 0 to 1 in equal steps or in equal ratios."""

    path: str
    low: float
    high: float

    @classmethod
    def of(cls, unknown: Unknown) -> Axis:
        return cls(unknown.path, unknown.low, unknown.high)

    @property
    def geometric(self) -> bool:
        return self.low > 0.0 and self.high >= GEOMETRIC * self.low

    def value(self, coordinate: float) -> float:
        """The value at a coordinate; the ends exactly."""
        if coordinate in (0.0, 1.0):
            return self.low if coordinate == 0.0 else self.high
        if self.geometric:
            return self.low * exp(coordinate * log(self.high / self.low))
        return self.low + coordinate * (self.high - self.low)

    def stretch(self, coordinate: float) -> float:
        """The derivative of the value."""
        return self.value(coordinate) * log(self.high / self.low) if self.geometric else self.high - self.low


class Response:
    """The estimates of one analysis at any point, each point simulated once."""

    def __init__(
        self, analysis: Analysis, axes: Sequence[Axis], *, size: int, replicates: int, workers: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self.analysis, self.axes = analysis, tuple(axes)
        self.size, self.replicates = size, replicates
        self.workers, self.progress = workers, progress
        self.variants = Variants(analysis.study, analysis.design)
        self.known: dict[Point, Floats] = {}
        self.estimand = ""
        for axis in axes:
            self.is_felt(axis)

    def __call__(self, points: Iterable[Point]) -> Floats:
        """The estimates (points, replicates); nan where an analysis gave none."""
        points = list(points)
        new = [point for point in dict.fromkeys(points) if point not in self.known]
        if new:
            cases = [Case(self.design(point), self.analysis.method) for point in new]
            found = paired(cases, size=self.size, seed=self.analysis.study.seed, replicates=self.replicates,
                           workers=self.workers, progress=self.progress)  # fmt: skip
            for place, point in enumerate(new):
                self.keep(point, found.estimates[place], found.endings[place], found.estimands[place])
        return np.array([self.known[point] for point in points])

    def keep(self, point: Point, estimates: Floats, endings: dict[str, int], estimand: str) -> None:
        """Take in one point. Refuses one without estimates, and what is no hazard ratio."""
        one = self.analysis
        where = f"{one.study.source}: design '{one.design}', '{one.method}'"
        if np.isfinite(estimates).mean() < MOSTLY:
            ending = next((name for name in endings if name != "ok"), "")
            raise BiasimError(f"{where} gives no estimate at {self.said(point)}: {ending}. Narrow 'between'")
        if not on_log_scale(estimand):
            raise BiasimError(f"{where} reports {estimand}, and a hazard ratio is looked for. Choose another with --method")
        self.known[point], self.estimand = estimates, estimand

    def design(self, point: Point) -> Design:
        """The design with values for the unknowns, in a world in which surgery does nothing."""
        try:
            return self.variants(self.changes(point))
        except StudyRefused as refused:
            first = refused.problems[0]
            where = f"{self.analysis.study.source}: {self.said(point)}"
            raise BiasimError(f"{where} is refused: {first.path}: {first.found}") from refused

    def changes(self, point: Point) -> dict[str, object]:
        """Dotted path -> value; an effect of surgery is taken out unless it is what is unknown."""
        own = self.analysis.drawn.world["effect"].name
        asked = any(axis.path.split(".")[0] == "effect" for axis in self.axes)
        without = {} if own == "none" or asked else {f"designs.{self.analysis.design}.effect": "none"}
        return without | {axis.path: value for axis, value in zip(self.axes, point, strict=True)}

    def is_felt(self, axis: Axis) -> None:
        """Refuse an unknown that this design does not see, such as one of a room that it replaces."""
        middle = [one.value(0.5) for one in self.axes]
        ends = [tuple(end if one == axis else other for one, other in zip(self.axes, middle, strict=True))
                for end in (axis.low, axis.high)]  # fmt: skip
        if self.design(ends[0]) == self.design(ends[1]):
            raise BiasimError(f"{self.analysis.study.source}: '{axis.path}' does not touch the design '{self.analysis.design}'")

    def said(self, point: Point) -> str:
        return " and ".join(f"{axis.path} = {value:.4g}" for axis, value in zip(self.axes, point, strict=True))


def mean_of(estimates: Floats) -> Difference:
    """The mean of those that are there, with its error."""
    return moments(estimates[np.isfinite(estimates)])


def rises(first: Floats, second: Floats) -> Difference:
    """The mean paired difference of two points."""
    return mean_of(second - first)


def widened(target: float, limit: float, mcse: float) -> float:
    """A limit of a target moved outwards for Monte Carlo error: the two errors, both of a 95% interval, as independent."""
    away = sqrt((limit - target) ** 2 + (NORMAL_975 * mcse) ** 2) if isfinite(mcse) else abs(limit - target)
    return target + away if limit > target else target - away
