"""A choice of the study file: `name` or `{name: {parameters}}`, checked against the signature of the part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from biasim.config.checking import checked
from biasim.config.models import part_model
from biasim.config.signature import bare, members, parameters
from biasim.config.study import Choice
from biasim.config.text import Node
from biasim.errors import Problem, meant
from biasim.registry import SIGNATURES, names


def spelled(node: Node, room: str, problems: list[Problem]) -> Node | None:
    """The choice in its one canonical spelling, {name: {parameters}}; None, and problems, when it is none."""
    name, body = node, None
    if node.is_mapping and len(node.value) == 1:
        ((word, body),) = node.value.items()
        line, column = body.key or (node.line, node.column)
        name = replace(node, value=word, written=word, line=line, column=column)
    if not isinstance(name.value, str):
        problems.append(_not_a_choice(node, room))
        return None
    part = name.value
    if part not in names(room):
        problems.append(unknown_part(name, room))
        return None
    if body is None or body.value is None:
        place = name if body is None else body
        body = replace(place, value={}, path=f"{node.path}.{part}", key=(name.line, name.column))
    if not body.is_mapping:
        known = list(parameters(room, part))
        hint = f"Write {{{part}: {{{known[0]}: {body.written or '...'}}}}}." if known else f"Write '{part}' alone."
        problems.append(body.problem(f"{body.shown} does not fit", f"the parameters of {part}, as a mapping", hint))
        return None
    return replace(node, value={part: body}, written="", quoted=False)


def unknown_part(node: Node, room: str) -> Problem:
    """A name that no file of the room carries."""
    name, known = str(node.value), list(names(room))
    elsewhere = [other for other in SIGNATURES if other != room and name in names(other)]
    hint = meant(name, known)
    if elsewhere and not hint.startswith("Did you mean"):
        hint = f"'{name}' is a part of {' and of '.join(elsewhere)}."
    elif hint.startswith("Known"):
        hint = f"See 'biasim parts {room}'."
    return node.problem(f"'{name}' is not a part of {room}", "one of " + ", ".join(known), hint)


def _not_a_choice(node: Node, room: str) -> Problem:
    wanted = f"a part of {room}: a name or {{name: {{parameters}}}}"
    if node.value is None:
        none = "none" in names(room)
        return node.problem(
            "nothing stands here", wanted, "Did you mean 'none'?" if none else f"One of {', '.join(names(room))}."
        )
    if node.is_list:
        return node.problem("a list", wanted, "One choice stands here; to compare several, write them under 'vary'.")
    if not node.is_mapping:
        return node.problem(f"{node.shown} is not a name", wanted, f"One of {', '.join(names(room))}.")
    parts = [key for key in node.value if key in names(room)]
    others = [key for key in node.value if key not in parts]
    hint = "One choice stands here; write one name."
    if len(parts) == 1 and others:
        hint = f"Are {', '.join(others)} parameters? Write {{{parts[0]}: {{{others[0]}: ...}}}}."
    return node.problem(f"a mapping with {len(node.value)} keys", wanted, hint)


def part_of(choice: Node) -> str:
    """The part that a canonical choice names."""
    return next(iter(choice.value))


def body_of(choice: Node) -> Node:
    """The parameters of a canonical choice."""
    return next(iter(choice.value.values()))


def built(choice: Node, room: str, problems: list[Problem]) -> Choice | None:
    """A canonical choice with every default, checked; None, and problems, when a parameter is wrong."""
    part, body = part_of(choice), completed(body_of(choice), room, part_of(choice))
    shape = parameters(room, part)
    model = checked(body, part_model(room, part), shape, problems)
    if model is None:
        return None
    return Choice(room=room, name=part, parameters={name: getattr(model, name) for name in shape})


def completed(body: Node, room: str, part: str) -> Node:
    """The parameters with nested dataclasses filled from the default of the parameter, not of the class."""
    filled = dict(body.value)
    for name, parameter in parameters(room, part).items():
        written = filled.get(name)
        if written is not None and written.is_mapping and is_dataclass(parameter.default):
            shape = {n: p.annotation for n, p in members(type(parameter.default)).items()}
            filled[name] = laid_over(written.here(plain(parameter.default)), written, shape)
    return replace(body, value=filled)


def plain(value: Any) -> Any:
    """A parameter as YAML holds it: dataclasses as mappings, tuples as lists."""
    if is_dataclass(value):
        return {name: plain(getattr(value, name)) for name in members(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def merged(old: Node, new: Node, room: str) -> Node:
    """`new` over `old`: another part replaces, the same part keeps what `new` does not mention."""
    part = part_of(new)
    if part_of(old) != part:
        return new
    shape = {name: p.annotation for name, p in parameters(room, part).items()}
    return replace(new, value={part: laid_over(body_of(old), body_of(new), shape)})


def laid_over(old: Node, new: Node, shape: Mapping[str, Any]) -> Node:
    """Parameters over parameters. Nested dataclasses merge field by field, everything else is replaced."""
    if not (old.is_mapping and new.is_mapping):
        return new
    result = dict(old.value)
    for key, value in new.value.items():
        kind = bare(shape.get(key))
        if key in result and is_dataclass(kind):
            value = laid_over(result[key], value, {n: p.annotation for n, p in members(kind).items()})
        result[key] = value
    return replace(new, value=result)


def label(choice: Node) -> str:
    """The label a method gets from what was written: `cox`, `cox(adjust=true)`."""
    written = ", ".join(f"{key}={brief(value.plain)}" for key, value in body_of(choice).value.items())
    return f"{part_of(choice)}({written})" if written else part_of(choice)


def full_label(choice: Choice) -> str:
    """The name with every parameter: `rmst_difference(horizon=60)`."""
    every = ", ".join(f"{key}={brief(value)}" for key, value in choice.parameters.items())
    return f"{choice.name}({every})" if every else choice.name


def brief(value: Any) -> str:
    """A value in a label: numbers as %g, true, false, none, lists joined by +."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return "+".join(f"{key}:{brief(item)}" for key, item in value.items())
    return "+".join(map(brief, value)) if isinstance(value, (list, tuple)) else str(value)
