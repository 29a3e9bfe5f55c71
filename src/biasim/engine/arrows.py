"""The causal diagram of a study as it is: which arrows the numbers draw, measured on a cohort before any run."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from biasim.design.observe import enter, recorded
from biasim.engine.plan import DesignPlan, Plan
from biasim.engine.replicate import cohorts
from biasim.engine.streams import Streams
from biasim.types import Bools, Cohort, ExposureOverTime, Floats

EXPLANATION = "explanation"  # the replicate that diagrams are measured on
SIZE = 20_000
SIGNIFICANT = 5.0  # standard errors: an arrow is drawn when its strength is this far from none


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A cause of being meant for surgery: how far apart those meant and not meant are in it."""

    cause: str  # recorded prognosis, hidden prognosis, response, occult metastases
    to_surgery: float  # difference in means, meant minus not, in standard deviations (0: no arrow)
    to_death: float  # standard deviation of its part of the log hazard (0: no arrow)
    measured: bool = False  # whether the design could adjust for it

    @property
    def opens_a_path(self) -> bool:
        """A common cause of surgery and death."""
        return self.to_surgery != 0.0 and self.to_death != 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """One design of a study: its arrows, the wait, the true effect and how far the exposure looks ahead."""

    design: str
    arrows: tuple[Arrow, ...]
    effect: float  # mean true log hazard ratio of the first and later phases; 0 when surgery does nothing
    looks_ahead: float  # mean months between time zero and the exposure's being decided, among the exposed


def diagrams(plan: Plan) -> list[Diagram]:
    """The diagram of every design of a scenario."""
    measured = Plan(scenario=plan.scenario, size=SIZE, seed=plan.seed, worlds=plan.worlds, designs=plan.designs)
    streams = Streams(plan.seed, EXPLANATION)
    made = cohorts(measured, streams)
    return [diagram(design, made[design.world], streams) for design in plan.designs]


def diagram(design: DesignPlan, cohort: Cohort, streams: Streams) -> Diagram:
    """The arrows of one design, among the patients who could be in it."""
    patients, treatment = cohort.patients, cohort.treatment
    seen = enter(cohort, design.view, streams).eligible
    if treatment.randomised.any():
        seen = seen & treatment.randomised
    plain, meant = seen & ~patients.occult, treatment.intended
    names = set(recorded(cohort, design.view, streams).names)
    hidden = {name for name in patients.hidden if name != "occult"}
    causes = (
        ("recorded prognosis", patients.recorded_log_hazard, plain, names.issuperset(patients.recorded)),
        ("hidden prognosis", patients.hidden_log_hazard, plain, names.issuperset(hidden)),
        ("response", cohort.course.log_ratio, plain, names.issuperset({"responded", "progressed"})),
        ("occult metastases", patients.occult.astype(float), seen & (cohort.staging.known < np.inf), "occult" in names),
    )
    return Diagram(
        design=design.name,
        arrows=tuple(arrow(cause, values, meant, among, measured) for cause, values, among, measured in causes),
        effect=float(cohort.effect.log_ratio.mean()),
        looks_ahead=looks_ahead(design, cohort, streams),
    )


def arrow(cause: str, values: Floats, meant: Bools, among: Bools, measured: bool) -> Arrow:
    """Strength of a cause on surgery (standardised difference, 0 when not significant) and on death (its spread)."""
    inside, outside = values[among & meant], values[among & ~meant]
    spread = float(values[among].std()) if among.any() else 0.0
    if spread < 1e-12 or not len(inside) or not len(outside):
        return Arrow(cause=cause, to_surgery=0.0, to_death=spread if spread > 1e-12 else 0.0, measured=measured)
    difference = float(inside.mean() - outside.mean()) / spread
    error = sqrt(1.0 / len(inside) + 1.0 / len(outside))
    real = abs(difference) > SIGNIFICANT * error
    return Arrow(cause=cause, to_surgery=difference if real else 0.0, to_death=spread, measured=measured)


def looks_ahead(design: DesignPlan, cohort: Cohort, streams: Streams) -> float:
    """Mean months from time zero until the exposure was decided, among the exposed; 0 when it begins when decided."""
    time_zero = design.view["time_zero"](cohort)
    exposure = design.view["exposure"](cohort, time_zero, streams("exposure"))
    if isinstance(exposure, ExposureOverTime):
        return 0.0
    counted = exposure.exposed & np.isfinite(time_zero) & np.isfinite(exposure.decided) & (cohort.death > time_zero)
    return float(np.maximum(exposure.decided - time_zero, 0.0)[counted].mean()) if counted.any() else 0.0
