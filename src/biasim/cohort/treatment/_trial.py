"""What trials share: who is randomised when, and when the operation of her arm would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from biasim.cohort.treatment.randomised import qualified
from biasim.types import Bools, Course, Floats, Patients, Treatment
from biasim.units import Months, Probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The trial as planned; each as in `treatment.randomised`, `later` the months by which a crossover comes after `delay`."""

    at: Months = 0.0
    among: Literal["everyone", "fit", "non_progressors", "fit_non_progressors"] = "everyone"
    refusal: Probability = 0.0
    delay: Months = 0.0
    later: Months = 0.0


AT_DIAGNOSIS = Protocol()


def entering(patients: Patients, course: Course, rng: np.random.Generator, protocol: Protocol) -> tuple[Bools, Floats, Floats]:
    """Who is randomised, and the uniforms that decide the arm and whether she is operated: the draws of `randomised`."""
    accepts = rng.random(patients.size) >= protocol.refusal
    arm, done = rng.random(patients.size), rng.random(patients.size)
    return accepts & qualified(patients, course, protocol.among), arm, done


def assigned(enters: Bools, surgery: Bools, arms: tuple[Floats, Floats], at: float) -> Treatment:
    """The trial in which these women enter, with their arm and the wait that each arm would mean for them."""
    return Treatment(
        intended=enters & surgery,
        wait=np.where(surgery, *arms),
        randomised=enters,
        randomised_at=np.where(enters, at, np.inf),
        arms=arms,
    )
