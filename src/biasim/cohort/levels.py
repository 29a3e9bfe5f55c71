"""Parameters by level of a covariate, and sums over covariates, as several rooms of the calibrated world use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from math import log

import numpy as np

from biasim.errors import BiasimError
from biasim.types import Floats
from biasim.units import OpenProbability, Probability

SUBTYPES = ("hr_pos_her2_neg", "hr_pos_her2_pos", "hr_neg_her2_pos", "tnbc")  # the first is the reference


@dataclass(frozen=True, slots=True, kw_only=True)
class BySubtype:
    """A probability for each subtype."""

    hr_pos_her2_neg: Probability
    hr_pos_her2_pos: Probability
    hr_neg_her2_pos: Probability
    tnbc: Probability


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsBySubtype(BySubtype):
    """A probability for each subtype that has odds: neither 0 nor 1."""

    hr_pos_her2_neg: OpenProbability
    hr_pos_her2_pos: OpenProbability
    hr_neg_her2_pos: OpenProbability
    tnbc: OpenProbability


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtypeShares(BySubtype):
    """The share of each subtype."""

    def __post_init__(self) -> None:
        add_up(self)


def add_up(levels: object) -> None:
    """Raises ValueError unless the shares of a dataclass add up to 1: what is varied alone must be taken from another."""
    total = sum(values(levels))
    if abs(total - 1.0) > 1e-6:
        raise ValueError(f"the shares add up to {total:g}; expected 1 in all")


@cache
def names(kind: type) -> tuple[str, ...]:
    """The field names of a dataclass, in order."""
    return tuple(field.name for field in fields(kind))


def values(levels: object) -> tuple[float, ...]:
    """The field values of a dataclass, in order."""
    return tuple(getattr(levels, name) for name in names(type(levels)))


def logit(probability: float) -> float:
    """The log odds of a probability."""
    return log(probability / (1.0 - probability))


def column(columns: Mapping[str, Floats], name: str, part: str) -> Floats:
    """A covariate that `part` cannot do without. Raises BiasimError where the patients have none of that name."""
    if name not in columns:
        raise BiasimError(f"{part} needs patients with the covariate '{name}', as those of patients.de_novo.")
    return columns[name]


def weighted_sum(columns: Mapping[str, Floats], coefficients: object, part: str) -> Floats | float:
    """Sum of coefficient times covariate over the fields of a dataclass; a field `intercept` counts once."""
    total: Floats | float = getattr(coefficients, "intercept", 0.0)
    for name, coefficient in zip(names(type(coefficients)), values(coefficients), strict=True):
        if name != "intercept" and coefficient != 0.0:
            total = total + coefficient * column(columns, name, part)
    return total


def by_subtype(columns: Mapping[str, Floats], levels: BySubtype, part: str) -> Floats:
    """The log odds of each patient's own subtype. Shape (n,)."""
    reference, *others = (logit(value) for value in values(levels))
    total: Floats | float = reference
    for name, value in zip(SUBTYPES[1:], others, strict=True):
        total = total + (value - reference) * column(columns, name, part)
    return np.asarray(total)
