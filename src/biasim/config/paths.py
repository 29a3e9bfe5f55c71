"""Dotted paths: what `change`, `vary` and `switches` may point at, and the draft after the change.

treatment                          the whole choice; the same part merges, another part replaces
treatment.by_prognosis.odds_ratio  one parameter of the world, nested ones further down
run.size                           patients per replicate
design.exposure                    of every design; designs.registry.exposure of one
designs.trial.treatment...         that design's own world
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from biasim.config.checking import unknown_key
from biasim.config.choices import body_of, laid_over, merged, part_of, plain, spelled, unknown_part
from biasim.config.designs import fits, method_choices, several
from biasim.config.draft import ONE, DesignDraft, Draft, Edit
from biasim.config.signature import bare, inside, is_mapping, members, parameters
from biasim.config.text import Node
from biasim.errors import Problem, meant
from biasim.registry import LISTS, VIEW, WORLD, names


def changed(draft: Draft, edit: Edit, problems: list[Problem]) -> Draft:
    """The draft with one change; unchanged, and problems, when the path leads nowhere."""
    head, *rest = edit.steps
    if head in WORLD:
        return replace(draft, world=world_changed(draft.world, edit, problems))
    if edit.path == "run.size":
        return replace(draft, size=edit.value)
    if head == "design" and rest:
        return _every_design(draft, edit, rest, problems)
    if head == "designs" and len(rest) >= 2:
        name = rest[0]
        if name not in draft.designs:
            known = ", ".join(draft.designs) or "a design of this file"
            problems.append(_lost(edit, f"no design called '{name}'", known, meant(name, list(draft.designs))))
            return draft
        design = _design(draft.designs[name], edit, rest[1:], problems)
        return replace(draft, designs={**draft.designs, name: design})
    problems.append(_lost(edit, f"'{edit.path}' leads nowhere", "room.part.parameter", _head_hint(head, edit, draft)))
    return draft


def world_changed(world: Mapping[str, Node], edit: Edit, problems: list[Problem]) -> dict[str, Node]:
    """A world with one of its rooms changed."""
    room, *rest = edit.steps
    choice = _choice(world.get(room), room, rest, edit, problems)
    return {**world, room: choice} if choice else dict(world)


def _every_design(draft: Draft, edit: Edit, rest: list[str], problems: list[Problem]) -> Draft:
    result, refused = dict(draft.designs), []
    for name, design in draft.designs.items():
        own: list[Problem] = []
        candidate = _design(design, edit, rest, own)
        if own or (edit.lenient and not _fits(candidate)):
            refused.append(own)
        else:
            result[name] = candidate
    # a part that only some designs have is changed in those; what no design can take is a mistake
    if draft.designs and len(refused) == len(draft.designs):
        none = _lost(edit, "no design can take this", "a change that fits a design", "Name one: designs.<name>...")
        problems.extend(refused[0] or [none])
    return replace(draft, designs=result)


def _fits(design: DesignDraft) -> bool:
    exposure = design.view.get("exposure")
    return exposure is None or all(fits(part_of(choice), part_of(exposure)) for choice in design.methods.values())


def _design(design: DesignDraft, edit: Edit, rest: list[str], problems: list[Problem]) -> DesignDraft:
    key, *deeper = rest
    if key in WORLD:
        return replace(design, edits=(*design.edits, replace(edit, path=".".join(rest))))
    if key in ONE:
        choice = _choice(design.view.get(key), key, deeper, edit, problems)
        return replace(design, view={**design.view, key: choice}) if choice else design
    if key in LISTS:
        old = design.lists.get(key, ())
        new = _among(dict(enumerate(old)), key, deeper, edit, problems).values() if deeper else several(edit.value, key, problems)
        return replace(design, lists={**design.lists, key: tuple(new)})
    if key == "methods" and not deeper:
        return replace(design, methods=method_choices(edit.value, problems))
    if key == "methods":
        return replace(design, methods=_among(design.methods, key, deeper, edit, problems))
    hint = "Leave out 'change': designs.<name>.treatment..." if key == "change" else meant(key, [*VIEW, "methods", *WORLD])
    problems.append(_lost(edit, f"a design has no '{key}'", ", ".join([*VIEW, "methods"]), hint))
    return design


def _among(choices: Mapping[Any, Node], room: str, deeper: list[str], edit: Edit, problems: list[Problem]) -> dict[Any, Node]:
    """Change the choices of a list that carry the label or the name that the path gives."""
    wanted = deeper[0]
    reached = [key for key, choice in choices.items() if wanted in (key, part_of(choice))]
    if not reached:
        known = [str(key) if room == "methods" else part_of(choice) for key, choice in choices.items()]
        problems.append(_lost(edit, f"no '{wanted}' among the {room}", ", ".join(known) or "none", meant(wanted, known)))
    result = dict(choices)
    for key in reached:
        steps = [part_of(choices[key]), *deeper[1:]]
        result[key] = _choice(choices[key], room, steps, edit, problems) or choices[key]
    return result


def _choice(old: Node | None, room: str, steps: list[str], edit: Edit, problems: list[Problem]) -> Node | None:
    """The choice of a room after a change at `steps` below it; None, and problems, when that is not possible."""
    if not steps:
        new = spelled(edit.value, room, problems)
        return merged(old, new, room) if old and new else new
    if old is None:
        return None  # why it could not be read has been said
    part, *rest = steps
    if part != part_of(old):
        problems.append(_other_part(old, room, part, edit))
        return None
    body = edit.value
    for step in reversed(rest):
        body = replace(edit.value, value={step: body}, key=None)
    if not body.is_mapping:
        problems.append(body.problem(f"{body.shown} does not fit", f"parameters of {part}, as a mapping"))
        return None
    shape = {name: parameter.annotation for name, parameter in parameters(room, part).items()}
    defaults = {name: parameter.default for name, parameter in parameters(room, part).items()}
    if len(rest) < 2:
        return replace(old, value={part: replace(laid_over(body_of(old), body, shape), path=body_of(old).path)})
    place = _opened(body_of(old), rest, shape, defaults, edit, problems)
    return replace(old, value={part: place}) if place else None


def _opened(
    body: Node,
    steps: list[str],
    shape: Mapping[str, Any],
    defaults: Mapping[str, Any],
    edit: Edit,
    problems: list[Problem],
) -> Node | None:
    """`body` with the value set further down; defaults on the way are written in."""
    step, *rest = steps
    if shape and step not in shape:
        problems.append(unknown_key(_at_key(edit), step, list(shape)))
        return None
    if not rest:
        return replace(body, value={**body.value, step: edit.value})
    child = body.value.get(step)
    if child is None or not child.is_mapping:
        below = plain(defaults.get(step))
        child = edit.value.here(below if isinstance(below, dict) else {})
    annotation = shape.get(step)
    kind = bare(annotation)
    fields = {n: p.annotation for n, p in members(kind).items()} if hasattr(kind, "__dataclass_fields__") else {}
    if not fields and not is_mapping(kind):
        problems.append(_lost(edit, f"'{step}' has nothing below it", "a parameter that holds others", ""))
        return None
    if not fields:
        fields = {key: inside(annotation, key) for key in child.value} | {rest[0]: inside(annotation, rest[0])}
    place = _opened(child, rest, fields, {}, edit, problems)
    return replace(body, value={**body.value, step: place}) if place else None


def _other_part(old: Node, room: str, part: str, edit: Edit) -> Problem:
    here = part_of(old)
    if part not in names(room):
        close = meant(part, [here])
        missing = unknown_part(replace(_at_key(edit), value=part), room)
        return replace(missing, hint=close) if close.startswith("Did") else missing
    hint = f"Write '{room}.{here}...', or replace the part: '{room}: {{{part}: {{...}}}}'."
    return _lost(edit, f"the {room} here is '{here}', not '{part}'", f"a path that begins with {room}.{here}", hint)


def _head_hint(head: str, edit: Edit, draft: Draft) -> str:
    if head in (*VIEW, "methods"):
        return f"Write 'design.{edit.path}' for every design, or 'designs.<name>.{edit.path}' for one."
    if head in draft.designs:
        return f"Write 'designs.{edit.path}'."
    if edit.path in ("size", "run"):
        return "Did you mean 'run.size'?"
    if head in ("world", "change"):
        return f"Leave out '{head}.'."
    if head == "run":
        return "Only 'run.size' can be changed here."
    owners = [room for room in WORLD if head in names(room)]
    return f"Did you mean '{owners[0]}.{edit.path}'?" if owners else meant(head, [*WORLD, "design", "designs", "run.size"])


def _at_key(edit: Edit) -> Node:
    line, column = edit.value.key or (edit.value.line, edit.value.column)
    return replace(edit.value, line=line, column=column)


def _lost(edit: Edit, found: str, wanted: str, hint: str) -> Problem:
    return edit.value.problem(found, wanted, hint, at_key=True)
