"""An estimand put to the patients, the time zero and the follow-up of the design whose methods claim it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np

from biasim.config.signature import of_treatment, parameters
from biasim.config.study import Choice, Design
from biasim.types import Floats

NOTHING: Mapping[str, Any] = MappingProxyType({})
HORIZON_IN_CLAIM = ("rmst_difference", "survival_difference")  # the others take the horizon of the design


def aligned(choice: Choice, design: Design, said: Mapping[str, Any] = NOTHING) -> Choice:
    """`choice` with population, landmark, grace, strategies and horizon of the design, wherever the study left the default.

    What the claim of a method itself has `said`, such as a grace period, stays.

    A trial is judged in the randomised from randomisation on: where the exposure is the arm, as
    assigned, else operated at once against never. A landmark study is judged in those whom either
    strategy lets live to the landmark, operated by then or never; any other in all patients, operated
    at diagnosis or never. So is a time zero that differs between the groups, which is a moment of neither strategy: both
    are judged from diagnosis (`judged_from`). A hazard ratio that is not constant depends on the length of follow-up, so a
    design with a fixed follow-up is judged over those months.
    """
    known = parameters(choice.room, choice.name)
    if "landmark" in said and (later := frame(design).get("landmark")):  # a landmark counted from a time zero that is one
        moved = {name: choice.parameters[name] + later for name in ("landmark", "grace") if name in said}
        choice = replace(choice, parameters={**choice.parameters, **moved})
    wanted = {name: value for name, value in frame(design).items() if name in known}
    if choice.name in HORIZON_IN_CLAIM:
        wanted.pop("horizon", None)
    open_ = known.keys() - said.keys()
    free = {name: value for name, value in wanted.items() if name in open_ and choice.parameters[name] == known[name].default}
    return replace(choice, parameters={**choice.parameters, **free})


def frame(design: Design) -> Mapping[str, Any]:
    """What belongs to the design's time zero and exposure; the horizon of a fixed follow-up."""
    found: dict[str, Any] = {"population": "all", "grace": 0.0}
    if design.time_zero.name == "randomisation":
        found = {"population": "randomised", "grace": 0.0}
        found |= {"strategies": "assigned"} if design.exposure.name == "intended" else {}
    elif design.time_zero.name == "landmark":
        months = design.time_zero.parameters["months"]
        found = {"population": "alive_at", "landmark": months, "grace": months}
        found |= {"strategies": "within_grace"} if design.exposure.name == "operated_by_time_zero" else {}
    found["horizon"] = design.follow_up.parameters["months"] if design.follow_up.name == "months" else inf
    return found


def judged_from(design: Design, time_zero: Floats) -> Floats:
    """The time zero of each patient from which the strategies are compared in truth, months from diagnosis, shape (n,)."""
    return np.zeros(len(time_zero)) if of_treatment("time_zero", design.time_zero.name) else time_zero
