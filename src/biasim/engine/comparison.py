"""Two analyses line by line, and how far each line moves the result, by simulation on the same patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from biasim.answers import on_log_scale
from biasim.config.besides import besides
from biasim.config.lines import ABSENT, LABEL, Analysis, Line, Mixture, mixture
from biasim.config.origins import Origin, origin
from biasim.config.study import Design
from biasim.engine.paired import Case, Difference, Paired, paired, seconds
from biasim.engine.steps import Bench, Group, groups, road, smallest, without
from biasim.engine.workers import cores
from biasim.errors import BiasimError
from biasim.types import Bools

BUDGET = 10.0  # seconds of simulation where nothing is said, of the 20 that a comparison may take
ROUND = (1000, 500, 200, 100, 50, 20, 10)  # replicates: the most of these that the budget buys
MOSTLY = 0.5  # share of the replicates in which a step must give an estimate to stand on its own


class Written(NamedTuple):
    """A line that differs, with the places where its two values were written; None where one has no such line."""

    line: Line
    first: Origin | None
    second: Origin | None


class Moved(NamedTuple):
    """How far a change moved the estimate."""

    difference: Difference
    beside: Group  # numbers of other rows whose lines had to come, or go, with it
    ending: str  # how the analyses ended where most gave no estimate, else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Lines that come and go together, mostly one; rows are numbered from 1."""

    number: int
    lines: tuple[Written, ...]
    alone: Moved  # put into the first, nothing else
    out: Moved  # taken out of the second, nothing else: second minus what is left

    @property
    def moves(self) -> bool:
        return not (self.alone.difference.is_nothing and self.out.difference.is_nothing)


class Step(NamedTuple):
    """One step on the way from the first to the second analysis."""

    rows: Group
    moved: Difference
    reached: float  # mean estimate after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that `biasim diff` prints."""

    first: Analysis
    second: Analysis
    besides: tuple[Line, ...]  # what does not touch the two analyses
    rows: tuple[Row, ...] = ()
    steps: tuple[Step, ...] = ()
    start: Difference | None = None  # mean estimate of the first, with its error
    end: Difference | None = None
    total: Difference | None = None
    estimands: tuple[str, str] = ("", "")
    size: int = 0
    replicates: int = 0


def compare(
    first: Analysis,
    second: Analysis,
    *,
    size: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """The difference of two analyses, and what each line of it is worth.

    Both are simulated with the size and the seed of the first. The steps of the road from the first to the second add
    up to the whole difference: they are means over the same replicates, those in which every step gave an estimate.

    Parameters
    ----------
    size
        Patients a replicate; those of the first study if left out.
    replicates
        As many as a few seconds buy, and at most those of the first study, if left out.

    Raises
    ------
    BiasimError
        Where the two report things that cannot be subtracted, or one of them never gives an estimate.
    """
    mixed = mixture(first, second)
    aside = tuple(besides(first, second, mixed.lines))
    if not mixed.lines:
        return Comparison(first=first, second=second, besides=aside)
    size = size or first.scenario.size
    plan = Plan.of(Bench(mixture=mixed, like=first.study, size=size))
    if replicates is None:
        replicates = affordable(plan.cases, size, first, workers)
    found = paired(plan.cases, size=size, seed=first.study.seed, replicates=replicates, workers=workers, progress=progress)
    comparable(found, plan.road, first, second)
    steps, among = walked(found, plan)
    ends = plan.road[0], plan.road[-1]
    return Comparison(
        first=first, second=second, besides=aside, rows=tuple(rows(plan, found, first, second)), steps=tuple(steps),
        start=found.level(ends[0], among), end=found.level(ends[1], among), total=found.difference(*ends, among),
        estimands=(found.estimands[ends[0]], found.estimands[ends[1]]), size=size, replicates=replicates,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every mixture that has to be simulated."""

    mixture: Mixture
    groups: list[Group]
    alone: list[Group]  # by group: the lines put into the first
    out: list[Group]  # by group: the lines taken out of the second
    strides: list[Group]  # the lines of each step of the road
    cases: list[Case]
    places: dict[Group, int]  # lines laid over the first -> case

    @classmethod
    def of(cls, bench: Bench) -> Plan:
        found = groups(bench)
        alone = [smallest(group, bench.every, bench.works) for group in found]
        out = [smallest(group, bench.every, without(bench)) for group in found]
        strides = list(road(found, bench.works))
        wanted = [(), *alone, *(rest(bench.every, group) for group in out), *accumulated(strides)]
        cases, places = [], {}
        for numbers in dict.fromkeys(wanted):
            design: Design | None = bench.design(numbers)
            assert design is not None, "a mixture that was tried"
            places[numbers] = len(cases)
            cases.append(Case(design, LABEL))
        return cls(mixture=bench.mixture, groups=found, alone=alone, out=out, strides=strides, cases=cases, places=places)

    @property
    def every(self) -> Group:
        return tuple(range(len(self.mixture.lines)))

    @property
    def road(self) -> list[int]:
        """The cases from the first to the second analysis."""
        return [self.places[numbers] for numbers in ((), *accumulated(self.strides))]

    def rows_of(self, lines: Iterable[int]) -> Group:
        """The numbers of the rows that hold some lines."""
        held = set(lines)
        return tuple(number for number, group in enumerate(self.groups, start=1) if held.intersection(group))


def rest(every: Group, taken: Group) -> Group:
    return tuple(line for line in every if line not in taken)


def accumulated(strides: Iterable[Group]) -> Iterator[Group]:
    """The lines laid after each step."""
    laid: set[int] = set()
    for stride in strides:
        laid.update(stride)
        yield tuple(sorted(laid))


def affordable(cases: list[Case], size: int, first: Analysis, workers: int | None) -> int:
    """Replicates that the budget buys, at least 10, at most those of the first study."""
    each = seconds(cases, size=size, seed=first.study.seed)
    bought = BUDGET * min(workers or cores(), cores()) / max(each, 1e-6)
    most = min(bought, first.study.replicates)
    return next((number for number in ROUND if number <= most), ROUND[-1])


def comparable(found: Paired, way: list[int], first: Analysis, second: Analysis) -> None:
    """Refuse to subtract months from log hazard ratios, and analyses without estimates."""
    ends = ((way[0], first), (way[-1], second))
    kinds = [found.estimands[place].partition("(")[0] for place, _ in ends]
    if kinds[0] != kinds[1] and not all(map(on_log_scale, kinds)):
        said = " and ".join(f"{one.study.name}:{one.design}, {one.method} reports {kind}" for kind, (_, one) in zip(kinds, ends))  # noqa: B905
        raise BiasimError(f"{said}: these cannot be subtracted. Choose another with --method")
    for place, one in ends:
        if not found.usable((place,)).any():
            endings = ", ".join(f"{ending} {count} times" for ending, count in found.endings[place].most_common())
            raise BiasimError(f"{one.study.name}:{one.design}, {one.method} gave no estimate: {endings}")


def walked(found: Paired, plan: Plan) -> tuple[list[Step], Bools]:
    """The road, and the replicates that it is measured in. A step that mostly gives no estimate is taken with the next."""
    way, ends = plan.road, found.usable((plan.road[0], plan.road[-1]))
    enough = MOSTLY * ends.sum()
    stops = [place for place, case in enumerate(way) if found.usable((case, way[0], way[-1])).sum() >= enough]
    among = found.usable([way[place] for place in stops])
    steps = []
    for before, after in pairwise(stops):
        lines = [line for stride in plan.strides[before:after] for line in stride]
        moved = found.difference(way[before], way[after], among)
        steps.append(Step(plan.rows_of(lines), moved, found.level(way[after], among).value))
    return steps, among


def rows(plan: Plan, found: Paired, first: Analysis, second: Analysis) -> Iterator[Row]:
    """Every group of lines with what it is worth alone and left out."""
    start, end = plan.places[()], plan.places[plan.every]
    for place, group in enumerate(plan.groups):
        number, alone, out = place + 1, plan.alone[place], plan.out[place]
        others = [tuple(one for one in plan.rows_of(lines) if one != number) for lines in (alone, out)]
        yield Row(
            number=number,
            lines=tuple(written(first, second, [plan.mixture.lines[line] for line in group])),
            alone=moved(found, start, plan.places[alone], others[0]),
            out=moved(found, plan.places[rest(plan.every, out)], end, others[1]),
        )


def moved(found: Paired, before: int, after: int, beside: Group) -> Moved:
    """The difference of two cases, and how the one that failed ended."""
    difference = found.difference(before, after)
    attempts = found.estimates.shape[1]
    worst = max((before, after), key=lambda case: attempts - found.endings[case]["ok"])
    failing = [ending for ending, _ in found.endings[worst].most_common() if ending != "ok"]
    return Moved(difference, beside, failing[0] if failing and difference.used < MOSTLY * attempts else "")


def written(first: Analysis, second: Analysis, lines: Iterable[Line]) -> Iterator[Written]:
    """Lines with the places that they were written in."""
    for line in lines:
        places = [
            None if value is ABSENT else origin(one, line.steps)
            for one, value in ((first, line.before), (second, line.after))
        ]
        yield Written(line, *places)
