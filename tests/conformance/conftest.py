"""Every part with its parameters, in a world that it can live in; inputs that cannot be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.config.choices import built
from biasim.config.needs import givers, needs
from biasim.config.signature import bare, parameters
from biasim.config.text import Node
from biasim.config.worlds import world_of
from biasim.registry import WORLD, find
from biasim.types import Cohort, Measured, Observed, ObservedOverTime, ObservedTrial
from biasim.units import Within

WORLDS = Path(__file__).parents[2] / "configs" / "worlds"
SIZE = 240


def stream(*key: object) -> np.random.Generator:
    """The same numbers for the same key, at every call."""
    return np.random.default_rng([17, *"/".join(map(str, key)).encode()])


@cache
def world(name: str) -> Mapping[str, Any]:
    """Room -> choice of a shipped world."""
    problems: list = []
    draft = world_of(Node(value=name, file="test", line=1, column=1), [WORLDS], problems)
    choices = {room: built(node, room, problems) for room, node in draft.rooms.items()}
    assert not problems, "\n".join(map(str, problems))
    return choices


def world_names() -> list[str]:
    return sorted((file.stem for file in WORLDS.glob("*.yaml")), key=lambda name: name != "two_scores")


@cache
def cohort_of(name: str, size: int = SIZE, changes: tuple[tuple[str, Any], ...] = ()) -> Cohort:
    """A cohort of a shipped world, some rooms replaced by other bound parts; its arrays cannot be written to."""
    parts = {room: choice.function for room, choice in world(name).items()} | dict(changes)
    return frozen(generate(parts, size, lambda stage: stream(name, stage)))


def frozen(value: Any) -> Any:
    """The value with all its arrays read-only."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif is_dataclass(value):
        for item in fields(value):
            frozen(getattr(value, item.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            frozen(item)
    return value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array and number of a result, functions left out."""
    if is_dataclass(value):
        for item in fields(value):
            yield from leaves(getattr(value, item.name), f"{path}.{item.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif value is not None and not callable(value):
        yield path, value


def same(first: Any, second: Any) -> bool:
    """Whether two results are equal to the last bit."""
    pairs = zip(leaves(first), leaves(second), strict=True)
    return all(a == b and np.array_equal(x, y, equal_nan=is_number(x)) for (a, x), (b, y) in pairs)


def is_number(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fc"


def rows(value: Any, order: np.ndarray) -> Any:
    """A cohort or a piece of one with its patients in another order."""
    size = len(order)
    if isinstance(value, np.ndarray):
        return frozen(value[order]) if value.shape[:1] == (size,) else value
    if is_dataclass(value):
        return replace(value, **{item.name: rows(getattr(value, item.name), order) for item in fields(value) if item.init})
    if isinstance(value, Mapping):
        return {key: rows(item, order) for key, item in value.items()}
    if callable(value):
        back = np.argsort(order)
        return lambda wait: value(np.broadcast_to(wait, size)[back])[order]
    return value


class Along:
    """A random stream whose draws, one a patient, go with the patients into another order."""

    def __init__(self, rng: np.random.Generator, order: np.ndarray) -> None:
        self.rng, self.order = rng, order

    def __getattr__(self, name: str) -> Callable:
        def drawn(*arguments: Any, **keywords: Any) -> Any:
            found = getattr(self.rng, name)(*arguments, **keywords)
            return found[..., self.order] if np.shape(found)[-1:] == (len(self.order),) else found

        return drawn


def measured(cohort: Cohort) -> Measured:
    """Every recorded covariate, as `measurement.registry` gives them."""
    return frozen(find("measurement", "registry")(cohort, stream("measurement")))


@cache
def given(room: str, name: str) -> Mapping[str, Any]:
    """The parameters that a part cannot do without, as a shipped world gives them."""
    if not any(parameter.required for parameter in parameters(room, name).values()):
        return MappingProxyType({})
    for choices in map(world, world_names()):
        if room in choices and choices[room].name == name:
            return choices[room].parameters
    assert (room, name) in EXAMPLES, f"{room}.{name} has required parameters: add an example value to EXAMPLES in {__file__}"
    required = {p.name: EXAMPLES[room, name][p.name] for p in parameters(room, name).values() if p.required}
    return MappingProxyType(required)


EXAMPLES = {  # parts with required parameters that no shipped world uses
    ("effect", "subgroup"): {"column": "recorded_score"},
    ("eligibility", "column"): {"name": "recorded_score"},
    ("recording", "incomplete_by_column"): {"by": "recorded_score"},
    ("methods", "two_stage_residual"): {"instrument": "x0"},
    ("methods", "negative_control_exposure"): {"column": "x0"},
}


def changes(room: str, name: str) -> tuple[tuple[str, Callable], ...]:
    """The rooms of the plainest world to be changed for a part of the view that says what it needs of one."""
    if room in WORLD:
        return ()
    wanted = [need.of[0] for need, _ in needs(room, name, {}) if need.of[0][0] in WORLD]
    return tuple((other, partial(find(other, givers(other, what)[0]))) for other, what in wanted)


def variants(room: str, name: str) -> Iterator[tuple[str, Callable]]:
    """The part as it is by default, then with one parameter changed at a time."""
    yield "default", partial(find(room, name), **given(room, name))
    for parameter in parameters(room, name).values():
        present = given(room, name).get(parameter.name, parameter.default)
        for value in others(parameter, present):
            yield f"{parameter.name}={value}", partial(find(room, name), **{**given(room, name), parameter.name: value})


def others(parameter: Any, present: Any) -> list[Any]:
    """Other values that a parameter may have; none for texts, lists and nested ones."""
    kind = bare(parameter.annotation)
    if get_origin(kind) is Literal:
        return [value for value in get_args(kind) if value != present]
    if kind is bool or bool in get_args(kind):
        return [not present] if isinstance(present, bool) else [True]
    within = parameter.mark(Within) or Within()
    if kind is int:
        return [value for value in (2, 3) if value != present and within.low <= value <= within.high]
    if kind is not float or (present is not None and not np.isfinite(present)):
        return []
    start = 0.5 if present is None else float(present)
    tries = (start * 1.25 + 0.125, start * 0.75)
    return [value for value in tries if within.low < value < within.high and value != present]


def host(room: str, name: str) -> str:
    """A shipped world in which the part finds what it needs: its own, else the plainest one."""
    for candidate in world_names():
        if room in WORLD and world(candidate)[room].name == name:
            return candidate
    return "two_scores"


def observed(size: int = 200, columns: int = 3, *, kind: type[Observed] = Observed, **changed: Any) -> Observed:
    """Plausible data of an investigator; `changed` replaces arrays."""
    rng = stream("observed", columns)
    covariates = rng.standard_normal((size, columns))
    exposed = rng.random(size) < 1 / (1 + np.exp(-0.5 * covariates.sum(axis=1) / max(columns, 1) ** 0.5))
    time = rng.exponential(30.0, size) * np.exp(-0.3 * covariates.sum(axis=1) / max(columns, 1) ** 0.5) + 0.01
    values = {
        "names": tuple(f"x{i}" for i in range(columns)), "covariates": covariates, "exposed": exposed, "entry": np.zeros(size),
        "time": np.minimum(time, 90.0), "event": time < 90.0, "patient": np.arange(size),
    }  # fmt: skip
    values |= changed
    late = np.where(values["exposed"], np.minimum(rng.exponential(5.0, size), 0.9 * values["time"]), np.inf)
    arm = np.where(rng.random(size) < 0.8, values["exposed"], ~values["exposed"])
    values["cause"] = (values["event"] * np.where(rng.random(size) < 0.7, 1, 2)).astype(np.int8)
    values["started"] = 2005.0 + 5.0 * rng.random(size)
    if issubclass(kind, ObservedOverTime):
        values["exposed_from"] = late
    if issubclass(kind, ObservedTrial):
        values["assigned"] = arm
    return frozen(kind(**values))


@pytest.fixture
def kit() -> Any:
    """What the suites share, under one name."""
    return __import__("types").SimpleNamespace(**globals())
