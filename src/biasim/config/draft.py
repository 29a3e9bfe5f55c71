"""A scenario before it is checked: canonical choices with their places, on which changes are laid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from biasim.config.text import Node
from biasim.registry import LISTS, VIEW

DESIGN_KEYS = (*VIEW, "methods", "change")
ONE = tuple(room for room in VIEW if room not in LISTS)  # rooms of the view that take exactly one choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One entry of `change`, `vary` or `switches`: a dotted path and the value for it."""

    path: str
    value: Node
    lenient: bool = False  # a switch for all designs passes by those that cannot take it

    @property
    def steps(self) -> list[str]:
        return self.path.split(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignDraft:
    """A design as written. A view room is absent when it could not be read."""

    node: Node
    lists: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)  # registry.LISTS -> choices
    view: Mapping[str, Node] = field(default_factory=dict)  # ONE -> choice
    methods: Mapping[str, Node] = field(default_factory=dict)  # label -> choice
    edits: tuple[Edit, ...] = ()  # changes of this design's own world, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A scenario as written."""

    size: Node | None
    world: Mapping[str, Node]
    designs: Mapping[str, DesignDraft]
