"""An estimand put to the patients, the time zero and the follow-up of the design whose methods claim it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from biasim.config.signature import parameters
from biasim.config.study import Choice, Design

NOTHING: Mapping[str, float] = MappingProxyType({})
HORIZON_OF_DESIGN = "marginal_log_hazard_ratio"  # the others say their horizon in the claim


def aligned(choice: Choice, design: Design, said: Mapping[str, float] = NOTHING) -> Choice:
    """`choice` with population, landmark, grace and horizon of the design, wherever the study left the default.

    What the claim of a method itself has `said`, such as a grace period, stays.

    A trial is judged in the randomised from randomisation on, operated at once against never; a
    landmark study in those alive at the landmark, operated by then or never; any other in all
    patients, operated at diagnosis or never. A hazard ratio that is not constant depends on the
    length of follow-up, so a design with a fixed follow-up is judged over those months.
    """
    known = parameters(choice.room, choice.name)
    wanted = {name: value for name, value in frame(design).items() if name in known}
    if choice.name != HORIZON_OF_DESIGN:
        wanted.pop("horizon", None)
    open_ = known.keys() - said.keys()
    free = {name: value for name, value in wanted.items() if name in open_ and choice.parameters[name] == known[name].default}
    return replace(choice, parameters={**choice.parameters, **free})


def frame(design: Design) -> Mapping[str, Any]:
    """Population, landmark and grace that belong to the design's time zero; the horizon of a fixed follow-up."""
    found: dict[str, Any] = {"population": "all", "grace": 0.0}
    if design.time_zero.name == "randomisation":
        found = {"population": "randomised", "grace": 0.0}
    elif design.time_zero.name == "landmark":
        months = design.time_zero.parameters["months"]
        found = {"population": "alive_at", "landmark": months, "grace": months}
    if design.follow_up.name == "months":
        found["horizon"] = design.follow_up.parameters["months"]
    return found
