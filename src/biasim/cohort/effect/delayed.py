"""Effect: surgery does nothing at first, and works later."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Effect, Patients
from biasim.units import HazardRatio, PositiveMonths


def delayed(patients: Patients, *, months: PositiveMonths = 12.0, hazard_ratio: HazardRatio = 1.0) -> Effect:
    """The true hazard ratio is 1 for some months after surgery and then another for ever.

    Equation
    --------
    HR of surgery = 1 for `months` after it, then theta

    Where the bias comes from
    -------------------------
    Nowhere by itself: but hazards are not proportional, so one hazard ratio, even that of a
    perfect trial, is an average that depends on the length of follow-up.

    Parameters
    ----------
    months
        Months from surgery to the beginning of the effect.
    hazard_ratio
        True hazard ratio from then on.
    """
    phases = np.array([[0.0, log(hazard_ratio)]])
    return Effect(after=np.array([0.0, months]), log_ratio=np.broadcast_to(phases, (patients.size, 2)))
