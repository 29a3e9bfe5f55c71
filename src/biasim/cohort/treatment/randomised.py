"""Treatment: a randomised trial among the patients of this world."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.types import Bools, Course, Patients, Treatment
from biasim.units import RANDOMISATION, Gives, Months, Probability, Switch


def randomised(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    at: Months = 0.0,
    among: Literal["everyone", "fit", "non_progressors", "fit_non_progressors", "responders"] = "everyone",
    refusal: Probability = 0.0,
    adherence: Annotated[Probability, Switch(1.0)] = 1.0,
    crossover: Annotated[Probability, Switch(0.0)] = 0.0,
    delay: Months = 0.0,
) -> Annotated[Treatment, Gives(RANDOMISATION)]:
    """One to one between surgery and none, `at` months after diagnosis.

    Everyone who qualifies is given an arm; those who are no longer alive or under follow-up at
    that month are left out by the study's eligibility. Patients outside the trial are not
    operated on, and patients with occult metastases cannot be in it.

    Equation
    --------
    P(arm = surgery) = 1/2 at month `at`; operated = arm x adherence + (1 - arm) x crossover

    Where the bias comes from
    -------------------------
    Nowhere while it is analysed from randomisation by arm: chance chose. Non-adherence and
    crossover dilute that comparison towards no effect; analysing by what was done instead
    brings selection and immortal time back.

    Parameters
    ----------
    at
        Months from diagnosis to randomisation.
    among
        Who qualifies: everyone, fit women (performance status 0 or 1), those who have not
        progressed at the evaluation of systemic therapy, or both; or only those who responded to it. The
        answer is then about them: where the effect differs between women, it is not the answer for all.
    refusal
        Share of the qualified who are not randomised, by chance.
    adherence
        Share of the surgery arm who are operated on. Default: 1, none of the departures.
    crossover
        Share of the control arm who are operated on, at the same date. Default: none of it.
    delay
        Months from randomisation to the operation.
    """
    accepts = rng.random(patients.size) >= refusal
    arm = rng.random(patients.size) < 0.5
    draw = rng.random(patients.size)
    enters = accepts & qualified(patients, course, among)
    intended = enters & arm
    arms = tuple(np.where(enters & (draw < share), at + delay, np.inf) for share in (adherence, crossover))
    return Treatment(
        intended=intended,
        wait=np.where(arm, *arms),
        randomised=enters,
        randomised_at=np.where(enters, at, np.inf),
        arms=arms,
    )


def qualified(patients: Patients, course: Course, among: str) -> Bools:
    """Who may be randomised. A world without performance status counts everybody as fit."""
    chosen = ~patients.occult
    if among in ("non_progressors", "fit_non_progressors"):
        chosen &= course.response >= 0
    if among == "responders":
        chosen &= course.response > 0
    if among in ("fit", "fit_non_progressors"):
        for status in ("ps2", "ps3"):
            if status in patients.columns:
                chosen &= patients.columns[status] == 0.0
    return chosen
