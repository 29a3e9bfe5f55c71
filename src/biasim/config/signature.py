"""What the signature of a part says: its parameters with unit, range, default and switch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from math import inf
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from biasim.errors import BiasimError
from biasim.registry import SIGNATURES, find, folder, names
from biasim.units import Consequence, Unit, Within

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a part, or one field of a nested dataclass."""

    name: str
    annotation: Any  # with unit, range and switch still on it
    default: Any  # REQUIRED when there is none

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def mark(self, kind: type) -> Any:
        """The Unit, Within or Switch of this parameter, or None."""
        return mark(self.annotation, kind)


def mark(annotation: Any, kind: type) -> Any:
    """The first Unit, Within or Switch found on an annotation or on a member of its union."""
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, kind):
            return meta
    members = (annotation.__origin__,) if get_origin(annotation) is Annotated else ()
    if get_origin(annotation) in (Union, UnionType):
        members = get_args(annotation)
    return next((found for member in members if (found := mark(member, kind)) is not None), None)


def marks(annotation: Any, kind: type) -> list[Any]:
    """Every mark of a kind on an annotation."""
    return [meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, kind)]


@cache
def hints(room: str, name: str) -> Mapping[str, Any]:
    """The annotations of a part, `return` included, resolved."""
    try:
        return get_type_hints(find(room, name), include_extras=True)
    except NameError as error:
        place = f"src/biasim/{folder(room)}/{name}.py"
        raise BiasimError(f"{place}: an annotation is not imported at run time: {error}") from error


def of_treatment(room: str, name: str) -> bool:
    """Whether a part of the view says that what it returns is a consequence of how a woman is treated."""
    return name in names(room) and bool(marks(hints(room, name).get("return"), Consequence))


@cache
def parameters(room: str, name: str) -> Mapping[str, Parameter]:
    """The parameters a study file can set, in the order of the signature."""
    annotations = hints(room, name)
    return {
        p.name: Parameter(name=p.name, annotation=annotations.get(p.name, Any), default=p.default)
        for p in inspect.signature(find(room, name)).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.name not in SIGNATURES[room]
    }


@cache
def members(kind: type) -> Mapping[str, Parameter]:
    """The fields of a dataclass, read like the parameters of a part."""
    annotations = get_type_hints(kind, include_extras=True)
    return {f.name: Parameter(name=f.name, annotation=annotations[f.name], default=_default(f)) for f in fields(kind) if f.init}


def _default(item: Any) -> Any:
    if item.default is not MISSING:
        return item.default
    return REQUIRED if item.default_factory is MISSING else item.default_factory()


def bare(annotation: Any) -> Any:
    """The type without unit and range; of `X | None` the X."""
    if get_origin(annotation) is Annotated:
        return bare(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        some = [member for member in get_args(annotation) if member is not NoneType]
        return bare(some[0]) if len(some) == 1 else annotation
    return annotation


def inside(annotation: Any, key: str | int) -> Any:
    """The annotation of what stands under `key`; None where nothing can."""
    kind = bare(annotation)
    if is_dataclass(kind):
        return members(kind)[key].annotation if key in members(kind) else None
    origin, arguments = get_origin(kind), get_args(kind)
    if is_mapping(kind):
        return arguments[1] if len(arguments) == 2 else Any
    if origin in (tuple, list, Sequence) and isinstance(key, int) and arguments:
        return arguments[key] if key < len(arguments) and arguments[-1] is not ... else arguments[0]
    if origin in (Union, UnionType):
        return next((found for member in get_args(kind) if (found := inside(member, key)) is not None), None)
    return None


def is_mapping(kind: Any) -> bool:
    """Whether a type is Mapping[...] or dict[...]."""
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Mapping)


def expected(annotation: Any) -> str:
    """In words, what a value of this annotation looks like."""
    if get_origin(annotation) is Annotated:
        return _number(annotation) or expected(annotation.__origin__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(expected(member) for member in arguments)
    if origin is Literal:
        return "one of " + ", ".join(str(value).lower() if value is True or value is False else str(value) for value in arguments)
    if is_dataclass(annotation):
        return "a mapping with " + ", ".join(members(annotation))
    if is_mapping(annotation):
        return "a mapping of names to " + (expected(arguments[1]) if len(arguments) == 2 else "values")
    if origin in (tuple, list, Sequence):
        items = ", ".join(expected(item) for item in arguments if item is not ...)
        return "a list" if items == "a value" else f"a list of: {items}"
    words = {float: "a number", int: "a whole number", bool: "true or false", str: "a text", NoneType: "nothing (null)"}
    return words.get(annotation, "a value")


def _number(annotation: Any) -> str:
    """A number with its unit and range, or "" when the annotation is not of a number."""
    kind = bare(annotation)
    if kind not in (float, int):
        return ""
    unit, within = mark(annotation, Unit), mark(annotation, Within) or Within()
    text = "a whole number" if kind is int else "a number"
    if unit and unit.name not in ("number", "count"):
        text += f" ({unit.name})"
    optional = " or nothing (null)" if NoneType in get_args(annotation.__origin__) else ""
    return f"{text} {spread(within)}".rstrip() + optional


def spread(within: Within) -> str:
    """The range in words, "" when there is none."""
    if within.low == -inf and within.high == inf:
        return ""
    if within.high == inf:
        return f"above {amount(within.low)}" if within.above else f"at least {amount(within.low)}"
    if within.low == -inf:
        return f"at most {amount(within.high)}"
    low, high = amount(within.low), amount(within.high)
    if within.below:
        return f"{'above' if within.above else 'at least'} {low}, below {high}"
    return f"above {low}, at most {high}" if within.above else f"from {low} to {high}"


def amount(number: float) -> str:
    """A limit in words: whole numbers with all their digits."""
    return f"{int(number)}" if float(number).is_integer() else f"{number:g}"
