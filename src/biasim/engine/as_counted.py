"""The cohort with the outcome of a design in place of death: what a perfect trial of that outcome would count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from biasim.cohort.generate import of_other_cause
from biasim.config.signature import parameters
from biasim.engine.streams import Streams
from biasim.types import Cohort, Effect, Floats, Outcome
from biasim.units import Switch

Part = Any
PLAIN = "death"


def as_counted(cohort: Cohort, view: Mapping[str, Any], streams: Streams) -> Cohort:
    """The same women, `potential` and `effect` those of the outcome that the design counts; as they are where that is death.

    Under either strategy the outcome is what its part makes of the woman treated so, with every mechanism that acts on the
    record of it switched off: a truth is about what happened. What ends her observation without the outcome, such as death
    before local progression, becomes `potential.competing`, at which she leaves the risk set: the hazard is the
    cause-specific one. `potential.operated` is the first of the two. Where no one ratio says what surgery does to the hazard,
    `effect` is nan. An outcome that is read as death is judged as death. Loss stays as it is: `as_designed` has dealt it anew.
    """
    if judged_as_death(view["outcome"]):
        return cohort
    part = without_error(view["outcome"])

    def found(wait: Floats | float) -> Outcome:
        return part(treated(cohort, wait, streams), streams("outcome"))

    def happens(wait: Floats | float) -> Floats:
        outcome = found(wait)
        return np.where(outcome.event, outcome.at, np.inf)

    def competes(wait: Floats | float) -> Floats:
        outcome = found(wait)
        return np.where(outcome.event, np.inf, outcome.at)

    wait = cohort.treatment.wait
    counted, without = found(wait), found(np.inf)
    everyone = bool(counted.event.all() and without.event.all())
    potential = replace(
        cohort.potential, unoperated=happens(np.inf), operated=counted.at, under=happens,
        competing=None if everyone else competes,
    )  # fmt: skip
    return replace(cohort, potential=potential, effect=counted.effect or unsaid(cohort))


def without_error(part: Part) -> Part:
    """The outcome part with each parameter that has a switch at its switch."""
    shape = parameters("outcome", part.func.__name__)
    switches = {name: one.mark(Switch) for name, one in shape.items()}
    off = {name: switch.value for name, switch in switches.items() if switch is not None}
    return partial(part.func, *part.args, **{**part.keywords, **off})


def treated(cohort: Cohort, wait: Floats | float, streams: Streams) -> Cohort:
    """The cohort in which every woman's planned wait is this."""
    potential, local = cohort.potential, cohort.local
    share = potential.other_share_under
    return replace(
        cohort,
        treatment=replace(cohort.treatment, wait=np.broadcast_to(np.asarray(wait, dtype=np.float64), cohort.size)),
        potential=replace(potential, operated=potential.under(wait)),
        local=replace(local, operated=local.under(wait)),
        of_other_cause=None if share is None else of_other_cause(share(wait), streams),
    )


def unsaid(cohort: Cohort) -> Effect:
    """An effect of which no single ratio can be given."""
    return replace(cohort.effect, log_ratio=np.full_like(cohort.effect.log_ratio, np.nan))


def surgery_matters(cohort: Cohort, view: Mapping[str, Any]) -> bool:
    """Whether surgery does anything to what the design counts; where not, every contrast of strategies is exactly 0."""
    if not cohort.effect.is_none:
        return True
    return not judged_as_death(view["outcome"]) and cohort.local.log_ratio != 0.0


def judged_as_death(part: Part) -> bool:
    """Whether the outcome is death, or another that readers take for it."""
    return part.func.__name__ == PLAIN or part.keywords.get("read_as") == PLAIN
