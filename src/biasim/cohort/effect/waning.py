"""Effect: surgery works at once, less and less, and finally not at all."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Effect, Patients
from biasim.units import HazardRatio, PositiveCount, PositiveMonths


def waning(
    patients: Patients, *, hazard_ratio: HazardRatio = 1.0, months: PositiveMonths = 24.0, steps: PositiveCount = 4
) -> Effect:
    """The true log hazard ratio falls to 0 in equal steps of equal length.

    Equation
    --------
    log HR of surgery falls from log theta to 0 in `steps` equal steps

    Where the bias comes from
    -------------------------
    Nowhere by itself: but hazards are not proportional, and analyses that begin after surgery,
    such as a late landmark, see only what is left of the effect.

    Parameters
    ----------
    hazard_ratio
        True hazard ratio in the first phase after surgery.
    months
        Months from surgery until nothing is left.
    steps
        Number of phases with an effect; with 1 it is constant and then ends.
    """
    phase = np.arange(steps + 1)
    phases = log(hazard_ratio) * (1.0 - phase / steps)
    return Effect(after=months * phase / steps, log_ratio=np.broadcast_to(phases, (patients.size, steps + 1)))
