"""From the bound parts of a world to a cohort: every stage draws from a stream of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from biasim.types import Bools, Cohort, Floats, Potential, Staging, Streams, Treatment

World = Mapping[str, Callable]  # room -> part with its parameters bound, for every room of registry.WORLD

# The causal diagram: the stages whose results each stage is a function of.
CAUSES = {
    "patients": (),
    "course": ("patients",),
    "treatment": ("patients", "course"),
    "care": ("patients", "course", "treatment"),
    "effect": ("patients",),
    "survival": ("patients", "course", "treatment", "care", "effect"),
    "staging": ("patients", "treatment"),
    "censoring": ("patients", "treatment"),
    "local": ("patients", "treatment"),
}


def generate(world: World, size: int, streams: Streams, *, like: tuple[World, Cohort] | None = None) -> Cohort:
    """A cohort of `size` patients.

    `streams(stage)` gives each stage its own generator: the room's name, "clock" for the
    unit-exponential draws that survival is read from, and "cause" for what each dies of. `like` is a world with the cohort made
    from it, of the same replicate: stages with equal parts and equal causes are taken over
    from it, which gives the same arrays as drawing them again.
    """
    same = unchanged(world, like, size)
    old = like[1] if like else None
    patients = old.patients if "patients" in same else world["patients"](size, streams("patients"))
    course = old.course if "course" in same else world["course"](patients, streams("course"))
    treatment = old.treatment if "treatment" in same else world["treatment"](patients, course, streams("treatment"))
    care = old.care if "care" in same else world["care"](patients, course, treatment, streams("care"))
    effect = old.effect if "effect" in same else world["effect"](patients)
    if "survival" in same:
        potential = old.potential
    else:
        clock = streams("clock").standard_exponential(size)
        potential = world["survival"](patients, course, treatment, care, effect, clock)
    lost = old.lost if "censoring" in same else world["censoring"](patients, treatment, streams("censoring"))
    staging = world["staging"](patients, treatment, streams("staging"))
    local = old.local if "local" in same else world["local"](patients, treatment, streams("local"))
    return Cohort(
        patients=patients, course=course, treatment=treatment, care=care, effect=effect, potential=potential,
        staging=as_happened(staging, treatment, potential, lost), local=local, lost=lost,
        of_other_cause=of_other_cause(potential.other_share, streams),
    )  # fmt: skip


def of_other_cause(share: Floats | None, streams: Streams) -> Bools | None:
    """Whose death is not of the cancer, given the chance of it: by one draw per patient, the same under any treatment."""
    return None if share is None else streams("cause").random(len(share)) < share


def unchanged(world: World, like: tuple[World, Cohort] | None, size: int) -> set[str]:
    """The stages that `like` already holds: equal parts, and causes that are unchanged too."""
    same: set[str] = set()
    if like is None or like[1].size != size:
        return same
    for stage, causes in CAUSES.items():
        if same.issuperset(causes) and equal(world[stage], like[0][stage]):
            same.add(stage)
    return same


def equal(part: Callable, other: Callable) -> bool:
    """Whether two bound parts are the same function with the same parameters."""
    if isinstance(part, partial) and isinstance(other, partial):
        return (part.func, part.args, part.keywords) == (other.func, other.args, other.keywords)
    return part is other


def as_happened(staging: Staging, treatment: Treatment, potential: Potential, lost: Floats) -> Staging:
    """Staging with the findings of operations that never took place taken out: death or loss came first."""
    happened = (treatment.wait < potential.operated) & (treatment.wait < lost)
    never = staging.found_by_surgery & ~happened
    if not never.any():
        return staging
    return replace(
        staging,
        known=np.where(never, np.inf, staging.known),
        found_by_surgery=staging.found_by_surgery & happened,
    )
