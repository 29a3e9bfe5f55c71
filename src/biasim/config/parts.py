"""What stands in the house, as `biasim parts` prints it: read from the source tree, nothing to keep up to date."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from biasim.config.docstrings import summary
from biasim.config.signature import Parameter, bare, is_mapping, members, parameters, spread
from biasim.config.written import flow
from biasim.errors import BiasimError, meant
from biasim.registry import SIGNATURES, find, names
from biasim.units import Switch, Unit, Within

WORDS = {float: "number", int: "whole number", bool: "true or false", str: "text", type(None): "null"}


def listing(room: str = "") -> list[tuple[str, str, str]]:
    """(room, name, first line of the docstring) of every part, or of the parts of one room."""
    if room and room not in SIGNATURES:
        raise BiasimError(f"no room called '{room}'. {meant(room, list(SIGNATURES))}")
    rooms = [room] if room else list(SIGNATURES)
    return [(where, name, summary(find(where, name))) for where in rooms for name in names(where)]


def located(which: str) -> list[tuple[str, str]]:
    """(room, name) of the parts meant by `methods.cox` or `cox`; empty where `which` is a room, or nothing.

    Raises BiasimError, with the likely intention, when there is neither such a room nor such a part.
    """
    room, _, name = which.rpartition(".")
    if room:
        return [(room, name)]
    found = [(where, name) for where in SIGNATURES for name in names(where) if name == which]
    if which and which not in SIGNATURES and not found:
        every = [*SIGNATURES, *(name for where in SIGNATURES for name in names(where))]
        raise BiasimError(f"no room and no part called '{which}'. {meant(which, every)}")
    return found if which not in SIGNATURES else []


def describe(room: str, name: str) -> tuple[str, list[tuple[str, str, str, str, str, str]]]:
    """A part's docstring, and for each parameter: name, type, unit, range, default, switch. Nested ones are dotted."""
    if room not in SIGNATURES:
        raise BiasimError(f"no room called '{room}'. {meant(room, list(SIGNATURES))}")
    text = inspect.getdoc(find(room, name)) or ""
    every = parameters(room, name).values()
    return text, [row for parameter in every for row in _rows(parameter, "", parameter.default)]


def _rows(parameter: Parameter, prefix: str, default: Any) -> Iterator[tuple[str, str, str, str, str, str]]:
    yield _row(parameter, prefix, default)
    kind = bare(parameter.annotation)
    for item in members(kind).values() if is_dataclass(kind) else ():
        yield from _rows(item, f"{prefix}{parameter.name}.", getattr(default, item.name, item.default))


def _row(parameter: Parameter, prefix: str, default: Any) -> tuple[str, str, str, str, str, str]:
    unit, within, switch = (parameter.mark(kind) for kind in (Unit, Within, Switch))
    return (
        prefix + parameter.name,
        type_words(parameter.annotation),
        unit.name if unit else "",
        spread(within) if within else "",
        _shown(default, parameter),
        flow(switch.value) if switch else "",
    )


def _shown(default: Any, parameter: Parameter) -> str:
    if default is inspect.Parameter.empty:
        return "required"
    return "see below" if is_dataclass(default) else flow(default)


def type_words(annotation: Any) -> str:
    """The type of a parameter in words."""
    if get_origin(annotation) is Annotated:
        return type_words(annotation.__origin__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(flow(value) for value in arguments)
    if is_dataclass(annotation):
        return "mapping"
    if is_mapping(annotation):
        return f"mapping of {type_words(arguments[1])}" if len(arguments) == 2 else "mapping"
    if origin in (tuple, list):
        return "list of " + ", ".join(dict.fromkeys(type_words(item) for item in arguments if item is not ...))
    if arguments:
        return " or ".join(type_words(item) for item in arguments)
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))
