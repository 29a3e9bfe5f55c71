"""Combinations that fit one by one and not together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from biasim.config.choices import body_of, part_of
from biasim.config.designs import KIND, fits, gives, takes
from biasim.config.draft import DesignDraft, Edit
from biasim.config.needs import unmet
from biasim.config.signature import bare, parameters
from biasim.config.study import Choice, Design
from biasim.config.text import Node
from biasim.errors import Problem
from biasim.registry import names
from biasim.units import Unit


def impossible(design: DesignDraft, world: Mapping[str, Node], problems: list[Problem]) -> None:
    """Refuse what a design asks of a world, or of its own parts, and cannot have.

    Refused is what contradicts itself or leaves nothing to answer. A flaw that a study may have, such as an exposure that
    looks into the future, is no mistake, nor is a part that has nothing to act on: its bias is then switched off.
    """
    _exposure_and_methods(design, problems)
    unmet(design, world, problems)
    for room, choices in design.lists.items():
        for place, choice in enumerate(choices):
            if any(repeated(choice, earlier, room) for earlier in choices[:place]):
                found = f"'{part_of(choice)}' stands twice"
                problems.append(choice.problem(found, f"each part of {room} once", "Leave one out."))


def repeated(choice: Node, earlier: Node, room: str) -> bool:
    """Whether a choice of a list repeats another: a step of the record the same part, a criterion the same part and values.

    Two steps of one part would draw the same numbers, from the stream of its name; two ranges of `column` are two criteria.
    """
    return part_of(choice) == part_of(earlier) if room == "recording" else choice.plain == earlier.plain


def _exposure_and_methods(design: DesignDraft, problems: list[Problem]) -> None:
    exposure = design.view.get("exposure")
    for choice in design.methods.values() if exposure else ():
        method, seen = part_of(choice), part_of(exposure)
        if fits(method, seen):
            continue
        wanted = takes(method)
        other = [name for name in names("methods") if fits(name, seen)]
        fitting = sorted((name for name in names("exposure") if fits(method, name)), key=lambda name: gives(name) is not wanted)
        expected = "one of " + ", ".join(other) if other else "another method"
        hint = f"Or choose 'exposure: {fitting[0]}'." if fitting else ""
        problems.append(choice.problem(f"'{method}' needs an exposure {KIND[wanted]}; '{seen}' is not", expected, hint))


def beyond_follow_up(draft: DesignDraft, design: Design, problems: list[Problem]) -> None:
    """Refuse a method that looks at months after the end of a follow-up of stated length."""
    limit = _months(design.follow_up).get("months")
    if limit is None:
        return
    for key, method in design.methods.items():
        for name, value in _months(method).items():
            if value > limit or (value == limit and name == "months"):
                node = draft.methods[key]
                at = body_of(node).value.get(name, node)
                found = f"{name} of {value:g} months in a follow-up of {limit:g}"
                hint = "Lengthen 'follow_up' or shorten this."
                problems.append(at.problem(found, f"{'fewer than' if name == 'months' else 'at most'} {limit:g} months", hint))


def _months(choice: Choice) -> dict[str, float]:
    result = {}
    for name, parameter in parameters(choice.room, choice.name).items():
        unit, value = parameter.mark(Unit), choice.parameters[name]
        if unit and unit.name == "months" and bare(parameter.annotation) is float and isinstance(value, float | int):
            result[name] = float(value)
    return result


def overlapping(edits: Iterable[Edit], problems: list[Problem]) -> None:
    """Refuse to vary a value together with one that holds it: the second would undo the first."""
    for first, second in combinations(edits, 2):
        if second.path.startswith(first.path + ".") or first.path.startswith(second.path + "."):
            found = f"'{second.path}' is varied together with '{first.path}'"
            problems.append(second.value.problem(found, "paths that do not hold each other", "Vary one of them.", at_key=True))
