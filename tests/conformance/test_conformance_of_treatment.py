"""A criterion or a time zero that changes with how women are treated says so: else truths would be taken by it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from biasim.config.signature import of_treatment, parameters
from biasim.registry import find, names
from biasim.types import Course, Patients, Treatment
from biasim.units import Switch

PARTS = [(room, name) for room in ("eligibility", "time_zero") for name in names(room)]
WAIT = 2.0  # months: soon enough for all but a few
OFF_THE_SWITCH = 12.0  # months, for a part that does nothing by default


def all_alike(patients: Patients, course: Course, rng: np.random.Generator, *, wait: float) -> Treatment:
    """A trial at diagnosis, for parts that need one, in which everybody or nobody is meant for surgery."""
    trial = find("treatment", "randomised")(patients, course, rng)
    return replace(trial, intended=np.full(patients.size, np.isfinite(wait)), wait=np.full(patients.size, wait))


def bound(kit: Any, room: str, name: str) -> partial:
    """The part as it is by default, its months off their switch."""
    months = {
        key: OFF_THE_SWITCH
        for key, one in parameters(room, name).items()
        if (switch := one.mark(Switch)) is not None and one.default == switch.value and key == "months"
    }
    return partial(find(room, name), **{**kit.given(room, name), **months})


def answers(kit: Any, part: partial, room: str, wait: float) -> np.ndarray:
    changes = (
        ("treatment", partial(all_alike, wait=wait)),
        ("effect", partial(find("effect", "constant"), hazard_ratio=0.2)),
        ("censoring", partial(find("censoring", "exponential"), per_month=0.02)),
    )
    cohort = kit.cohort_of("two_scores", changes=changes)
    return part(cohort, kit.stream(room)) if room == "eligibility" else part(cohort)


@pytest.mark.parametrize(("room", "name"), PARTS, ids=[f"{room}.{name}" for room, name in PARTS])
def test_what_follows_from_treatment_is_marked(kit, room, name) -> None:
    part = bound(kit, room, name)
    operated, not_operated = (answers(kit, part, room, wait) for wait in (WAIT, np.inf))
    assert of_treatment(room, name) == (not np.array_equal(operated, not_operated))
