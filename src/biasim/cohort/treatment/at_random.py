"""Treatment: surgery by chance, after an exponential wait, independent of everything."""

from __future__ import annotations

import numpy as np

from biasim.cohort.treatment._choice import outside_trial
from biasim.types import Course, Patients, Treatment
from biasim.units import PositiveMonths, Probability


def at_random(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    share: Probability = 0.5,
    mean_wait: PositiveMonths = 6.0,
) -> Treatment:
    """A coin decides who is meant for surgery, and a constant rate when.

    With a constant hazard of death everything about this choice has a closed form.

    Equation
    --------
    P(meant) = share; wait ~ exponential(mean)

    Where the bias comes from
    -------------------------
    Immortal time alone, favours surgery: nobody is selected, yet the operated are those who
    lived until their operation.

    Parameters
    ----------
    share
        Chance of being meant for surgery.
    mean_wait
        Mean months from diagnosis to the planned date.
    """
    intended = rng.random(patients.size) < share
    return outside_trial(intended, mean_wait * rng.standard_exponential(patients.size))
