"""Pydantic models made from signatures and dataclasses: the types and ranges of the grammar.

Every number is strict: true, yes, "4" and 4 are four different things. A whole number passes for a number, a number
without fraction (1e3) for a whole number, the word none for null. Infinity passes only where the default itself is
infinite; NaN never.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, reduce
from math import inf, isinf
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, Strict, create_model

from biasim.config.signature import Parameter, is_mapping, members, parameters
from biasim.units import Unit, Within

GRAMMAR = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())


@cache
def part_model(room: str, name: str) -> type[BaseModel]:
    """The model of a part's parameters."""
    return _model(f"{room}.{name}", parameters(room, name))


@cache
def dataclass_model(kind: type) -> type[BaseModel]:
    """The model of a dataclass of the grammar."""
    return _model(kind.__name__, members(kind))


def _model(name: str, wanted: Mapping[str, Parameter]) -> type[BaseModel]:
    definitions: dict[str, Any] = {p.name: (translated(p.annotation, _infinite(p.default)), _field(p)) for p in wanted.values()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a parameter may be called like a method of BaseModel
        return create_model(name, __config__=GRAMMAR, **definitions)


def _field(parameter: Parameter) -> Any:
    unit = parameter.mark(Unit)
    notes: dict[str, Any] = {"description": unit.name} if unit else {}
    return Field(**notes) if parameter.required else Field(default=parameter.default, **notes)


def translated(annotation: Any, infinite: bool = False) -> Any:
    """An annotation of `units` as one that pydantic enforces."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = translated(annotation.__origin__, infinite)
        return _bounded(inner, [meta for meta in annotation.__metadata__ if isinstance(meta, Within)])
    if origin in (Union, UnionType):
        union = reduce(or_, (translated(member, infinite) for member in arguments))
        return Annotated[union, BeforeValidator(_none)] if NoneType in arguments and str not in arguments else union
    if origin is Literal:
        return Annotated[annotation, BeforeValidator(_same_type(arguments))]
    if is_dataclass(annotation):
        return Annotated[dataclass_model(annotation), AfterValidator(lambda model: _made(annotation, model))]
    if origin in (tuple, list, Sequence) and arguments:
        items = tuple(item if item is ... else translated(item, infinite) for item in arguments)
        return tuple[items if origin is tuple else (*items, ...)]
    if is_mapping(annotation) and len(arguments) == 2:
        return dict[arguments[0], translated(arguments[1], infinite)]  # type: ignore[valid-type]
    if annotation is float:
        return Annotated[float, Strict(), AllowInfNan(infinite), AfterValidator(_not_nan)]
    if annotation is int:
        return Annotated[int, Strict(), BeforeValidator(_whole)]
    return Annotated[annotation, Strict()] if annotation in (bool, str) else annotation


def _bounded(inner: Any, ranges: list[Within]) -> Any:
    for within in ranges:
        limits: dict[str, float] = {"gt" if within.above else "ge": within.low} if within.low > -inf else {}
        if within.high < inf:
            limits["lt" if within.below else "le"] = within.high
        inner = Annotated[inner, Field(**limits)] if limits else inner
    return inner


def _made(kind: type, model: BaseModel) -> Any:
    return kind(**{name: getattr(model, name) for name in type(model).model_fields})


def _infinite(default: Any) -> bool:
    return isinstance(default, float) and isinf(default)


def _not_nan(value: float) -> float:
    if value != value:
        raise ValueError("not a number")
    return value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _none(value: Any) -> Any:
    return None if value == "none" else value  # the word reads better in a study file than YAML's null


def _same_type(allowed: tuple[Any, ...]) -> Any:
    kinds = {type(value) for value in allowed}

    def same(value: Any) -> Any:
        if type(value) not in kinds:  # Literal[1] would take True, and Literal["a"] is clearer refused here
            raise ValueError("another type")
        return value

    return same
