"""The grid of `vary`, and scenarios from drafts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from biasim.config.checking import checked
from biasim.config.choices import brief, built, part_of
from biasim.config.designs import finished
from biasim.config.draft import DesignDraft, Draft, Edit
from biasim.config.grammar import Size
from biasim.config.models import dataclass_model
from biasim.config.paths import changed, world_changed
from biasim.config.rules import beyond_follow_up, impossible, overlapping
from biasim.config.signature import members
from biasim.config.study import Choice, Scenario
from biasim.config.text import Node
from biasim.errors import Problem
from biasim.registry import WORLD

MOST_SCENARIOS = 2_000  # each one is a whole simulation study
Build = Callable[[Node, str], Choice | None]


def builder(problems: list[Problem]) -> Build:
    """A function that checks canonical choices, and gives equal content the same Choice."""
    known: dict[tuple[str, str], Choice] = {}

    def build(node: Node, room: str) -> Choice | None:
        key = (room, json.dumps(node.plain))
        if key not in known:
            choice = built(node, room, problems)
            if choice is None:
                return None
            known[key] = choice
        return known[key]

    return build


def grid(vary: Node | None, problems: list[Problem]) -> list[tuple[Edit, ...]]:
    """Every cell of `vary`: in the order of the file, the last path varying fastest. One empty cell without `vary`."""
    if vary is None or not vary.is_mapping:
        return [()]
    axes: list[list[Edit]] = []
    for path, values in vary.value.items():
        if not values.is_list:
            continue  # refused by the grammar already
        if not values.value:
            problems.append(values.problem("an empty list", "at least one value", "Leave out the path to vary nothing."))
            continue
        _no_twins(values, problems)
        axes.append([Edit(path=path, value=replace(value, key=values.key)) for value in values.value])
    overlapping([axis[0] for axis in axes], problems)
    cells = prod(len(axis) for axis in axes)
    if cells > MOST_SCENARIOS:
        hint = "Vary fewer values; every scenario is a whole simulation."
        problems.append(vary.problem(f"{cells:,} scenarios", f"at most {MOST_SCENARIOS:,}", hint, at_key=True))
        return [tuple(axis[min(i, len(axis) - 1)] for axis in axes) for i in range(max(map(len, axes)))]  # each value once
    return [tuple(cell) for cell in product(*axes)]


def _no_twins(values: Node, problems: list[Problem]) -> None:
    seen: set[str] = set()
    for value in values.value:
        text = json.dumps(value.plain, sort_keys=True)
        if text in seen:
            problems.append(value.problem(f"the value {brief(value.plain)} stands twice", "each value once", "Leave one out."))
        seen.add(text)


def laid(draft: Draft, edits: Iterable[Edit], problems: list[Problem]) -> Draft:
    """The draft after several changes, in order."""
    for edit in edits:
        draft = changed(draft, edit, problems)
    return draft


def scenario(number: int, draft: Draft, cell: tuple[Edit, ...], build: Build, problems: list[Problem]) -> Scenario | None:
    """One checked scenario; None, and problems, when something in it is wrong."""
    size = _size(draft.size, problems)
    world = {room: build(node, room) for room, node in draft.world.items()}
    designs = {}
    for name, design in draft.designs.items():
        nodes = own_world(draft.world, design, problems)
        impossible(design, nodes, problems)
        rooms = {room: world[room] if nodes[room] is draft.world.get(room) else build(nodes[room], room) for room in nodes}
        done = finished(name, design, rooms, build)
        if done:
            beyond_follow_up(design, done, problems)
            designs[name] = done
    whole = size is not None and len(world) == len(WORLD) and None not in world.values()
    if not whole or len(designs) < len(draft.designs):
        return None
    varied = {edit.path: edit.value.plain for edit in cell}
    return Scenario(number=number, varied=varied, size=size, world=world, designs=designs)  # type: ignore[arg-type]


def own_world(world: Mapping[str, Node], design: DesignDraft, problems: list[Problem]) -> Mapping[str, Node]:
    """The world of one design: the study's, with the design's own changes."""
    for edit in design.edits:
        if edit.steps[0] not in WORLD:
            hint = "What is not of the world is written in the design itself."
            expected = "a path that begins with " + ", ".join(WORLD)
            problems.append(edit.value.problem(f"'{edit.path}' is not of the world", expected, hint, at_key=True))
            continue
        world = world_changed(world, edit, problems)
    return world


def _size(node: Node | None, problems: list[Problem]) -> int | None:
    if node is None:
        return None
    parent = replace(node, value={"size": node}, path=node.path.rpartition(".")[0])
    model: Any = checked(parent, dataclass_model(Size), members(Size), problems)
    return None if model is None else model.size


def same_part(first: Node | None, second: Node | None) -> bool:
    """Whether two canonical choices name the same part."""
    return first is not None and second is not None and part_of(first) == part_of(second)
