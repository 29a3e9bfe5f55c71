"""(room, name) -> function. The source tree is the list: a part is the function that its file is named after."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from biasim.errors import BiasimError, UnknownPart

HOUSE = Path(__file__).parent

# room -> the arguments every part of the room starts with, in this order (DESIGN: the causal
# diagram is in the signatures). Parameters of the study file follow, keyword-only.
SIGNATURES = MappingProxyType({
    "patients": ("size", "rng"),
    "course": ("patients", "rng"),
    "treatment": ("patients", "course", "rng"),
    "care": ("patients", "course", "treatment", "rng"),
    "effect": ("patients",),
    "survival": ("patients", "course", "treatment", "care", "effect", "clock"),
    "staging": ("patients", "treatment", "rng"),
    "censoring": ("patients", "treatment", "rng"),
    "local": ("patients", "treatment", "rng"),
    "eligibility": ("cohort", "rng"),
    "time_zero": ("cohort",),
    "exposure": ("cohort", "time_zero", "rng"),
    "measurement": ("cohort", "rng"),
    "recording": ("cohort", "measured", "rng"),
    "follow_up": ("cohort", "time_zero", "rng"),
    "outcome": ("cohort", "rng"),
    "methods": ("observed",),
    "estimands": ("cohort",),
    "performance": ("estimates", "truth"),
})

WORLD = ("patients", "course", "treatment", "care", "effect", "survival", "staging", "censoring", "local")
VIEW = ("eligibility", "time_zero", "exposure", "measurement", "recording", "follow_up", "outcome")
LISTS = ("eligibility", "recording")  # rooms of the view of which a design takes any number of parts, in order; none by default


def folder(room: str) -> str:
    """Where a room stands in the house, with slashes: `cohort/patients`, `methods`."""
    floor = "cohort/" if room in WORLD else "design/" if room in VIEW else ""
    return floor + room


@cache
def names(room: str) -> tuple[str, ...]:
    """The parts of a room in alphabetical order. Files that begin with an underscore are not parts."""
    files = (HOUSE / folder(room)).glob("[a-z]*.py")
    return tuple(sorted(file.stem for file in files))


@cache
def find(room: str, name: str) -> Callable:
    """The part called `name`. Raises UnknownPart with the likely intention."""
    if name not in names(room):
        raise UnknownPart(room, name, list(names(room)))
    module = import_module(f"biasim.{folder(room).replace('/', '.')}.{name}")
    if not hasattr(module, name):
        raise BiasimError(f"src/biasim/{folder(room)}/{name}.py: no function called '{name}'. Write `def {name}(...)` there.")
    return getattr(module, name)
