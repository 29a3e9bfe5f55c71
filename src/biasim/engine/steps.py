"""Which lines of a difference can be laid alone, which need others, and in which order all of them can be laid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from biasim.answers import Status
from biasim.config.lines import ONLY, Mixture, text
from biasim.config.load import from_text
from biasim.config.study import Design, Study
from biasim.engine.failures import PartFailed
from biasim.engine.plan import plan
from biasim.engine.replicate import replicate
from biasim.errors import StudyRefused

Group = tuple[int, ...]  # numbers of lines, ascending
TRIES = 3  # cohorts in which a mixture may show that it gives an estimate
EMPTY = (
    Status.NO_PATIENTS, Status.NOBODY_EXPOSED, Status.NOBODY_UNEXPOSED, Status.NO_COVARIATES, Status.MISSING_VALUES,
    Status.BEYOND_FOLLOW_UP,
)  # fmt: skip
"""What an analysis of a mixture that makes no sense says of every cohort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Mixtures of two designs, each read as a study file and tried on a few cohorts, once."""

    mixture: Mixture
    like: Study  # gives estimands and seed
    size: int  # patients of a cohort
    tried: dict[frozenset[int], Design | None] = field(default_factory=dict)

    def design(self, numbers: Iterable[int]) -> Design | None:
        """The first design with these lines of the second; None where it is refused, or leaves nobody to compare."""
        key = frozenset(numbers)
        if key not in self.tried:
            self.tried[key] = self.read(key)
        return self.tried[key]

    def read(self, numbers: frozenset[int]) -> Design | None:
        mixture = self.mixture
        try:
            study = from_text(text(mixture.laid(numbers), mixture.several, self.like), self.like.source)
            answers = len(numbers) in (0, len(mixture.lines)) or self.answers(study)
        except (StudyRefused, PartFailed):
            return None
        return study.scenarios[0].designs[ONLY] if answers else None

    def answers(self, study: Study) -> bool:
        """Whether one of a few cohorts gives an estimate, or fails by chance: the two ends are taken as they are."""
        planned = plan(study.scenarios[0], study.seed, size=self.size)
        return any(row.estimate.status not in EMPTY for number in range(TRIES) for row in replicate(planned, number))

    @property
    def every(self) -> Group:
        return tuple(range(len(self.mixture.lines)))

    def works(self, numbers: Iterable[int]) -> bool:
        return self.design(numbers) is not None


Works = Callable[[Iterable[int]], bool]


def groups(bench: Bench) -> list[Group]:
    """The lines in order, those together that can neither come nor go without each other."""
    every = bench.every
    put = {line: smallest((line,), every, bench.works) for line in every}
    taken = {line: smallest((line,), every, without(bench)) for line in every}
    found: list[Group] = []
    for line in every:
        mutual = {other for needs in (put, taken) for other in needs[line] if line in needs[other]}
        bound = [group for group in found if mutual.intersection(group)]
        merged = tuple(sorted({line, *chain.from_iterable(bound)}))
        found = [group for group in found if group not in bound] + [merged]
    return sorted(found)


def without(bench: Bench) -> Works:
    """Whether the second design works with some of its lines taken out."""
    return lambda numbers: bench.works(set(bench.every).difference(numbers))


def smallest(core: Group, every: Iterable[int], works: Works) -> Group:
    """The smallest change that holds `core` and works: alone, with one other line, or stripped down from all of them."""
    others = sorted((line for line in every if line not in core), key=lambda line: abs(line - core[0]))
    if works(core):
        return core
    for other in others:
        if works((*core, other)):
            return tuple(sorted((*core, other)))
    kept, before = list(others), len(others) + 1
    while len(kept) < before:  # what could not go at first may when another is gone
        before = len(kept)
        for other in reversed(others):
            fewer = [line for line in kept if line != other]
            if len(fewer) < len(kept) and works((*core, *fewer)):
                kept = fewer
    return tuple(sorted((*core, *kept)))


def road(found: list[Group], works: Works) -> Iterator[Group]:
    """All groups one after the other, so that each step works on top of those before it; a step may need several."""
    laid: list[int] = []
    ahead = list(found)
    while ahead:
        numbers = [line for group in ahead for line in group]
        step = smallest(ahead[0], numbers, lambda more: works((*laid, *more)))  # noqa: B023
        taken = [group for group in ahead if set(group).intersection(step)]
        whole = tuple(sorted(chain.from_iterable(taken)))
        if not works((*laid, *whole)):  # a group that came with only some of its lines
            whole, taken = tuple(numbers), list(ahead)
        yield whole
        laid += whole
        ahead = [group for group in ahead if group not in taken]
