"""Analyses of designs that differ in a line or two, put to the same patients: estimates on common random numbers.

The one way to compare designs by simulation: two studies line by line, or one study with its mechanisms on and off in
every combination. Cases that share a world share its cohort; equal cases are computed once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import nan, sqrt
from time import perf_counter
from typing import NamedTuple

import numpy as np

from biasim.answers import Status
from biasim.config.study import Design, Scenario
from biasim.engine.blocks import Block, blocks
from biasim.engine.plan import Plan, plan
from biasim.engine.replicate import replicate
from biasim.engine.workers import Task, compute, cores
from biasim.types import Bools, Floats

PATIENTS_AT_ONCE = 250_000  # held by one worker, over all worlds of a task: about 250 MB in the calibrated world


class Case(NamedTuple):
    """One method of one design, in the design's own world."""

    design: Design
    method: str  # its label


class Difference(NamedTuple):
    """A mean of paired differences with its Monte Carlo standard error; nan where no replicate has both estimates."""

    value: float
    mcse: float
    used: int  # replicates

    @property
    def is_nothing(self) -> bool:
        """Whether it is 0 within two of its errors."""
        return abs(self.value) <= 2.0 * self.mcse


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Estimates of several cases in the same replicates."""

    estimates: Floats  # (cases, replicates); nan where an analysis gave none
    endings: tuple[Counter[str], ...]  # by case: status -> replicates
    estimands: tuple[str, ...]  # by case: what its method claims

    def usable(self, cases: Sequence[int]) -> Bools:
        """The replicates in which all of these cases gave an estimate."""
        return np.isfinite(self.estimates[list(cases)]).all(axis=0)

    def level(self, case: int, among: Bools) -> Difference:
        """The mean estimate of a case over some replicates."""
        return moments(self.estimates[case, among])

    def difference(self, first: int, second: int, among: Bools | None = None) -> Difference:
        """How far the second case lies from the first, in the replicates that have both."""
        both = self.usable((first, second))
        both = both if among is None else both & among
        return moments(self.estimates[second, both] - self.estimates[first, both])


def moments(numbers: Floats) -> Difference:
    """Mean and SD / sqrt(n)."""
    size = len(numbers)
    mcse = float(numbers.std(ddof=1)) / sqrt(size) if size > 1 else nan
    return Difference(float(numbers.mean()) if size else nan, mcse, size)


def paired(
    cases: Sequence[Case],
    *,
    size: int,
    seed: int,
    replicates: int,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Paired:
    """The estimates of all cases in replicates 0, 1, ... of `size` patients, each drawn from the same streams.

    What a case gives depends on neither the other cases nor the workers. `progress(done, total)` is told in replicates.
    Raises PartFailed, naming design and replicate, when a part raises, and WorkerDied.
    """
    jobs = Jobs.of(cases, size, seed)
    estimates = np.full((len(jobs.distinct), replicates), nan)
    endings = [Counter[str]() for _ in jobs.distinct]
    claims = [""] * len(jobs.distinct)
    done, total = 0, estimates.size
    for _, rows in compute(jobs.tasks(replicates), workers or cores()):
        for number, at, estimate, status, claim in rows:
            estimates[number, at] = estimate
            endings[number][status] += 1
            claims[number] = claim
        done += len(rows)
        if progress:
            progress(done * replicates // total, replicates)
    return Paired(
        estimates=estimates[jobs.places],
        endings=tuple(endings[place] for place in jobs.places),
        estimands=tuple(claims[place] for place in jobs.places),
    )


def seconds(cases: Sequence[Case], *, size: int, seed: int) -> float:
    """How long one replicate of all cases takes in this process."""
    plans = Jobs.of(cases, size, seed).plans
    start = perf_counter()
    for planned in plans:
        replicate(planned, 0)
    return perf_counter() - start


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Cases without repeats, as plans that one worker can hold; a method is labelled by its place among `distinct`."""

    distinct: list[Case]
    places: list[int]  # of every case among `distinct`
    plans: list[Plan]

    @classmethod
    def of(cls, cases: Sequence[Case], size: int, seed: int) -> Jobs:
        distinct, places = without_repeats(cases)
        shared = max(1, PATIENTS_AT_ONCE // size)
        worlds = by_world(distinct)
        groups = [list(chain(*worlds[start : start + shared])) for start in range(0, len(worlds), shared)]
        plans = [plan(scenario(distinct, group, size), seed) for group in groups]
        return cls(distinct=distinct, places=places, plans=plans)

    def tasks(self, replicates: int) -> Iterator[Task]:
        """Blocks of replicates of every plan."""
        for number, planned in enumerate(self.plans):
            patients = planned.size * len(planned.worlds)
            for block in blocks(number, patients, replicates):
                yield Task(f"{block}", block, patients * block.length, estimates_of, (planned, block))


def without_repeats(cases: Sequence[Case]) -> tuple[list[Case], list[int]]:
    """The cases that differ in more than names, and the place of every case among them."""
    known: dict[str, int] = {}
    distinct: list[Case] = []
    places = []
    for case in cases:
        key = f"{seen(case.design)} {case.design.methods[case.method]}"
        if key not in known:
            known[key] = len(distinct)
            distinct.append(case)
        places.append(known[key])
    return distinct, places


def seen(design: Design) -> str:
    """Everything but names and methods: two designs with the same text see the same data."""
    return repr(replace(design, name="", methods={}))


def by_world(cases: Sequence[Case]) -> list[list[int]]:
    """The numbers of the cases, those of one world together, in the order of appearance."""
    groups: dict[str, list[int]] = {}
    for number, case in enumerate(cases):
        groups.setdefault(repr(case.design.world), []).append(number)
    return list(groups.values())


def scenario(cases: Sequence[Case], group: Sequence[int], size: int) -> Scenario:
    """Some of the cases as the designs of one scenario; those that see the same data are methods of one design."""
    designs: dict[str, Design] = {}
    for number in group:
        design, method = cases[number]
        known = designs.setdefault(seen(design), replace(design, name=f"{design.name} [{number}]", methods={}))
        designs[seen(design)] = replace(known, methods={**known.methods, str(number): design.methods[method]})
    named = {design.name: design for design in designs.values()}
    return Scenario(number=0, varied={}, size=size, world=cases[group[0]].design.world, designs=named)


def estimates_of(planned: Plan, wanted: Block) -> list[tuple[int, int, float, str, str]]:
    """(case, replicate, estimate, status, claim) of a block: what a worker does."""
    found = []
    for at in range(wanted.first, wanted.last + 1):
        for row in replicate(planned, at):
            estimate = row.estimate
            value = estimate.estimate if estimate.status is Status.OK else nan
            found.append((int(row.method), at, value, str(estimate.status), estimate.estimand))
    return found
