"""From what pydantic refuses to messages with place, expectation and the likely intention."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass, replace
from math import exp
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from biasim.config.signature import Parameter, amount, bare, expected, inside, is_mapping, mark, members
from biasim.config.text import DECIMAL, Node
from biasim.errors import Problem, meant
from biasim.units import Unit, Within

NUMERIC = (float, int)
YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def checked(node: Node, model: type[BaseModel], shape: Mapping[str, Parameter], problems: list[Problem]) -> BaseModel | None:
    """The model filled from a mapping; None, and problems, when it does not fit."""
    node = _respelled(node, shape, problems)
    try:
        return model.model_validate(node.plain)
    except ValidationError as error:
        seen: set[tuple[str, str]] = set()
        for item in error.errors(include_url=False, include_context=False):
            problem = refusal(node, shape, item["type"], item["loc"], item["msg"])
            if (problem.path, problem.found) not in seen:
                seen.add((problem.path, problem.found))
                problems.append(problem)
    except RecursionError:
        problems.append(node.problem("a value nested too deeply", "a few levels at most"))
    return None


def _respelled(node: Node, shape: Mapping[str, Parameter], problems: list[Problem]) -> Node:
    node = repaired(node, list(shape), problems)
    for name, child in node.value.items() if node.is_mapping else ():
        kind = bare(shape[name].annotation)
        if is_dataclass(kind) and child.is_mapping:
            node = replace(node, value={**node.value, name: _respelled(child, members(kind), problems)})
    return node


def repaired(node: Node, known: list[str], problems: list[Problem], elsewhere: Callable[[str], str] = lambda key: "") -> Node:
    """A mapping with known keys only. A near miss is told once and then read as what was meant.

    `elsewhere` gives the hint for a key that belongs in another place.
    """
    if not node.is_mapping:
        return node
    entries = {key: child for key, child in node.value.items() if key in known}
    for key, child in node.value.items():
        if key not in known:
            problems.append(unknown_key(child, key, known, elsewhere(key)))
            likely = meant(key, known).split("'")
            if len(likely) == 3 and likely[1] not in entries and not elsewhere(key):
                entries[likely[1]] = child
    return replace(node, value=entries)


def refusal(node: Node, shape: Mapping[str, Parameter], kind: str, where: tuple[Any, ...], said: str = "") -> Problem:
    """One pydantic error as a problem at the deepest node it speaks of; `said` is what a group of values says of itself."""
    annotation: Any = None
    for position, step in enumerate(where):
        child = _child(node, step)
        if child is None:
            known = list(shape) if position == 0 else _keys(annotation)
            if kind == "missing" and step in known:
                needed = shape[step].annotation if position == 0 else inside(annotation, step)
                return node.problem(f"'{step}' is missing", expected(needed), f"Write '{step}: ...' here.", at_key=True)
            break  # what follows names a member of a union
        if kind == "extra_forbidden" and position == len(where) - 1:
            known = list(shape) if position == 0 else _keys(annotation)
            return unknown_key(child, str(step), known)
        annotation = shape[step].annotation if position == 0 and step in shape else inside(annotation, step)
        node = child
    if kind == "value_error" and is_dataclass(bare(annotation)) and node.is_mapping:
        found, _, wanted = said.removeprefix("Value error, ").partition("; expected ")
        changed = (child for child in node.value.values() if child.file != node.file)
        return next(changed, node).problem(found, wanted or expected(annotation))
    return wrong(node, annotation)


def wrong(node: Node, annotation: Any) -> Problem:
    """A value that its annotation does not allow."""
    return node.problem(f"{node.shown} does not fit", expected(annotation), intention(node, annotation))


def unknown_key(node: Node, name: str, known: list[str], hint: str = "") -> Problem:
    """A key that is not known here. `known` may be empty: then nothing can be set."""
    if not known:
        return node.problem(f"unknown key '{name}'", "no parameters here", hint or f"Leave out '{name}'.", at_key=True)
    likely = hint or meant(name, known)
    likely = likely if likely.startswith("Known") is False else f"Leave out '{name}', or see 'biasim parts'."
    return node.problem(f"unknown key '{name}'", "one of " + ", ".join(known), likely, at_key=True)


def intention(node: Node, annotation: Any) -> str:
    """What somebody who wrote this probably meant."""
    kind, value = bare(annotation), node.value
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if get_origin(kind) in (Union, UnionType):
        kind = next((member for member in map(bare, get_args(kind)) if member in (bool, *NUMERIC)), kind)
    if value is None:
        return "Nothing stands after the colon; write a value or leave out the key."
    if choices:
        return (
            "Write true or false without quotes." if bool in map(type, choices) else meant(str(value), [str(c) for c in choices])
        )
    if isinstance(value, str):
        return _word(node, kind)
    if isinstance(value, bool):
        return f"{node.written} is a word, not a number." if kind in NUMERIC else f"Put it in quotes: '{node.written}'."
    if node.is_list:
        return "One value stands here; to try several, write them under 'vary'." if kind in (*NUMERIC, str, bool) else ""
    if node.is_mapping:
        return "Write the value alone, without a key." if kind in (*NUMERIC, str, bool) else ""
    return _numeral(value, node.written, kind, annotation)


def _word(node: Node, kind: Any) -> str:
    text = node.value.strip()
    if kind is bool:
        word = text.lower() if text.lower() in ("true", "false") else YES_NO.get(text.lower())
        return f"Write {word}" + (" without quotes." if node.quoted else "; in YAML 1.2 only true and false are.") if word else ""
    if kind in NUMERIC:
        if text.lower() in YES_NO or text.lower() in ("true", "false"):
            return f"'{text}' is a word, not a number."
        if text.endswith("%") and DECIMAL.match(text[:-1].strip()):
            return f"Write {float(text[:-1]) / 100:g}."
        if DECIMAL.match(text):
            return f"Remove the quotes: {text}."
        if re.fullmatch(r"[-+]?\d+,\d+", text):
            return f"Write the decimal with a point: {text.replace(',', '.')}."
        if re.fullmatch(r"[-+]?\d{1,3}([_' ]\d{3})+", text):
            return f"Write the digits together: {re.sub(r'[^0-9+-]', '', text)}."
        unit = re.fullmatch(r"([-+]?[\d.]+)\s*([a-zA-Z]+)", text)
        return f"Write the number alone: {unit[1]}." if unit else "Write a number, without words."
    return f"Write a list: [{text}]." if get_origin(kind) is tuple else ""


def _numeral(value: float, written: str, kind: Any, annotation: Any) -> str:
    unit = mark(annotation, Unit)
    name = unit.name if unit else ""
    if kind is bool:
        return f"A number is not a yes or no; write {'true' if value else 'false'}."
    if kind is str:
        return f"Put it in quotes: '{written}'."
    if value != value or value in (float("inf"), float("-inf")):
        return "Write a finite number."
    if name == "probability" and 1 < value <= 100:
        return f"For {value:g} percent write {value / 100:g}."
    if name in ("odds ratio", "hazard ratio") and -20 < value < 0:
        return f"A ratio is above 0; for a log ratio of {value:g} write {exp(value):.4g}."
    if name in ("odds ratio", "hazard ratio") and value == 0:
        return "No effect is a ratio of 1."
    if kind is int and not float(value).is_integer():
        within = mark(annotation, Within) or Within()
        return f"Write {amount(min(max(round(value), within.low), within.high))}."
    if name == "months" and value < 0:
        return "Months count forward from diagnosis or time zero."
    if get_origin(kind) is tuple:
        return "Write a list of values."
    within = mark(annotation, Within)
    if within and value <= within.low:
        return f"Write more than {amount(within.low)}." if within.above else f"The least is {amount(within.low)}."
    return f"The most is {amount(within.high)}." if within and value > within.high else ""


def _child(node: Node, step: Any) -> Node | None:
    if node.is_mapping:
        return node.value.get(str(step))
    if node.is_list and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _keys(annotation: Any) -> list[str]:
    kind = bare(annotation)
    if hasattr(kind, "__dataclass_fields__"):
        return list(members(kind))
    found = [list(members(m)) for m in get_args(kind) if hasattr(bare(m), "__dataclass_fields__")]
    return found[0] if found and not is_mapping(kind) else []
