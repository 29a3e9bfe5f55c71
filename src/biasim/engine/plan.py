"""A scenario as functions ready to be called: what a worker needs, and nothing of the study file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from biasim.config.study import Choice, Design, Scenario, World
from biasim.registry import VIEW

Part = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPlan:
    """One design: the number of its world, the parts of its view, its methods by label."""

    name: str
    world: int
    view: Mapping[str, Any]  # room -> part, or a tuple of parts
    methods: Mapping[str, Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One scenario. Designs that see the same world share one cohort."""

    scenario: int
    size: int
    seed: int
    worlds: tuple[Mapping[str, Part], ...]  # the distinct worlds of the designs
    designs: tuple[DesignPlan, ...]


def plan(scenario: Scenario, seed: int, *, size: int | None = None) -> Plan:
    """The plan of a scenario, with `size` patients instead of its own where given.

    A part chosen twice with the same parameters becomes one function, so that "the same part" can be
    recognised by `==` when a cohort is made from another.
    """
    bind = Binder()
    distinct: list[World] = []
    for design in scenario.designs.values():
        if design.world not in distinct:
            distinct.append(design.world)
    return Plan(
        scenario=scenario.number,
        size=scenario.size if size is None else size,
        seed=seed,
        worlds=tuple({room: bind(choice) for room, choice in world.items()} for world in distinct),
        designs=tuple(
            DesignPlan(
                name=name,
                world=distinct.index(design.world),
                view=bind.view(design),
                methods={label: bind(method) for label, method in design.methods.items()},
            )
            for name, design in scenario.designs.items()
        ),
    )


class Binder:
    """Choices to functions, one function per distinct choice."""

    def __init__(self) -> None:
        self.known: list[tuple[Choice, Part]] = []

    def __call__(self, choice: Choice) -> Part:
        for known, part in self.known:
            if known == choice:
                return part
        self.known.append((choice, choice.function))
        return self.known[-1][1]

    def view(self, design: Design) -> dict[str, Any]:
        chosen = {room: getattr(design, room) for room in VIEW}
        return {room: tuple(map(self, one)) if isinstance(one, tuple) else self(one) for room, one in chosen.items()}
