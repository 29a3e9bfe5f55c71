"""What parts say that they need of each other, and whether a design and its world give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from biasim.config.choices import body_of, part_of
from biasim.config.designs import DEFAULTS
from biasim.config.draft import DesignDraft
from biasim.config.signature import hints, marks, parameters
from biasim.config.text import Node
from biasim.config.worlds import NEUTRAL
from biasim.errors import Problem
from biasim.registry import WORLD, names
from biasim.units import Gives, Needs


def needs(room: str, part: str, values: Mapping[str, Any]) -> Iterator[tuple[Needs, str]]:
    """What a part needs with these parameters, each with the parameter that asks for it, "" for the part itself."""
    yield from ((need, "") for need in marks(hints(room, part).get("return"), Needs))
    for name, parameter in parameters(room, part).items():
        value = values.get(name, parameter.default)
        yield from ((need, name) for need in marks(parameter.annotation, Needs) if value in need.when)


def givers(room: str, what: str) -> list[str]:
    """The parts of a room that give something; all but the neutral one where nothing is named."""
    return [part for part in names(room) if gives(room, part, what)]


def gives(room: str, part: str, what: str) -> bool:
    """Whether a part gives what is needed of its room."""
    if not what:
        return part != (NEUTRAL | DEFAULTS).get(room)
    return any(given.what == what for given in marks(hints(room, part).get("return"), Gives))


def met(need: Needs, chosen: Mapping[str, str]) -> bool:
    """Whether one of the chosen parts gives what is needed; a room that could not be read counts as if it did."""
    return any(room not in chosen or gives(room, chosen[room], what) for room, what in need.of)


def unmet(design: DesignDraft, world: Mapping[str, Node], problems: list[Problem]) -> None:
    """Refuse every choice of a design and of its world that needs what nothing here gives."""
    single = {**world, **design.view}
    chosen = {room: part_of(choice) for room, choice in single.items()}
    every = [*single.items(), *((room, choice) for room, choices in design.lists.items() for choice in choices)]
    every += [("methods", choice) for choice in design.methods.values()]
    for room, choice in every:
        part, body = part_of(choice), body_of(choice)
        for need, name in needs(room, part, body.plain):
            if not met(need, chosen):
                node = body.value.get(name, choice) if name else choice
                asking = f"'{part}' with '{name}: {node.shown}'" if name in body.value else f"'{part}'"
                there = " and ".join(f"the {one} is '{chosen[one]}'" for one, _ in need.of)
                expected, hint = mended(need)
                other = f"another {name or room.removesuffix('s')}"
                problems.append(node.problem(f"{asking} where {there}: {need.otherwise}", f"{expected}, or {other}", hint))


def mended(need: Needs) -> tuple[str, str]:
    """What would give it, and the line to write."""
    able = [(room, part) for room, what in need.of for part in givers(room, what)]
    if not able:
        return f"another part of {' or '.join(room for room, _ in need.of)}", ""
    room, part = able[0]
    line = f"Add 'change: {{{room}: {part}}}' to this design." if room in WORLD else f"Write '{room}: {part}'."
    return " or ".join(f"'{one}: {which}'" for one, which in able), line
