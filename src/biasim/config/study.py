"""A study as loaded: every choice resolved to its function, every default written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from biasim.registry import VIEW, find


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A part of a room with all its parameters, defaults included, checked against its signature."""

    room: str
    name: str
    parameters: Mapping[str, Any]

    @property
    def function(self) -> Callable:
        """The part with its parameters bound; what is left are the arguments of its room."""
        return partial(find(self.room, self.name), **self.parameters)


World = Mapping[str, Choice]  # room -> choice, for every room of registry.WORLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One way to look at the cohort, and the analyses made of it."""

    name: str
    world: World  # the study's world with this design's own changes
    eligibility: tuple[Choice, ...]  # all must hold; none means everyone
    time_zero: Choice
    exposure: Choice
    measurement: Choice
    recording: tuple[Choice, ...]  # in order; none leaves the record as measured
    follow_up: Choice
    outcome: Choice
    methods: Mapping[str, Choice]  # label -> method


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One cell of `vary`: its own designs, with the varied values written in."""

    number: int
    varied: Mapping[str, Any]  # path -> value, empty when nothing is varied
    size: int
    world: World
    designs: Mapping[str, Design]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A parameter whose value is asked for."""

    path: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The inversion that a study asks for: the value of one parameter, or of two, at which an analysis reports a hazard ratio."""

    unknowns: tuple[Unknown, ...]  # one or two
    design: str
    method: str  # label
    hazard_ratio: float | None  # None where `published` is named
    low: float | None  # 95% interval
    high: float | None
    published: str  # id of the evidence tables, "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study file, ready to run."""

    name: str
    aim: str
    source: str = field(compare=False)  # the file it was read from
    scenarios: tuple[Scenario, ...]
    estimands: tuple[Choice, ...]
    performance: tuple[Choice, ...]
    replicates: int
    seed: int
    truth_size: int  # patients in the cohort that the truth is computed from
    story: str  # told by `biasim explain` before any run
    expect: Mapping[str, str]  # design -> "favours surgery", "none" or "against surgery"
    published: tuple[str, ...]  # ids of published studies printed beside the result
    switches: Mapping[str, Mapping[str, Any]]  # mechanism -> the change that turns it off
    wanted: Wanted | None = None  # what `biasim solve` looks for
    written_out: str  # the study as YAML with every default, for results/<study>/study.yaml
    provenance: Mapping[str, Mapping[str, str]] = field(compare=False)  # world path -> {kind, source, note}
    world_name: str = field(default="", compare=False)  # the name in configs/worlds/, "" for a world of its own
    where: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)  # dotted path -> line, column


def view(design: Design) -> Iterator[Choice]:
    """The choices of a design's view in the order of its rooms, those of a list one by one."""
    for room in VIEW:
        chosen = getattr(design, room)
        yield from chosen if isinstance(chosen, tuple) else (chosen,)
