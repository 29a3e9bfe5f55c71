"""Effect: the operation harms at first; who comes through may benefit."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Effect, Patients
from biasim.units import HazardRatio, PositiveMonths


def early_harm(
    patients: Patients,
    *,
    harm: HazardRatio = 1.0,
    months: PositiveMonths = 1.0,
    hazard_ratio: HazardRatio = 1.0,
) -> Effect:
    """One true hazard ratio in the first months after surgery, another afterwards.

    Equation
    --------
    HR of surgery = harm for `months` after it, then theta

    Where the bias comes from
    -------------------------
    Nowhere by itself: but an analysis that starts counting some time after surgery misses the
    early deaths, which favours surgery.

    Parameters
    ----------
    harm
        True hazard ratio in the first months after surgery, above 1.
    months
        Length of the harmful phase.
    hazard_ratio
        True hazard ratio afterwards.
    """
    phases = np.array([[log(harm), log(hazard_ratio)]])
    return Effect(after=np.array([0.0, months]), log_ratio=np.broadcast_to(phases, (patients.size, 2)))
