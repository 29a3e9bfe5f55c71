"""Effect: the same true hazard ratio for every patient from surgery on."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Effect, Patients
from biasim.units import HazardRatio


def constant(patients: Patients, *, hazard_ratio: HazardRatio = 1.0) -> Effect:
    """Surgery multiplies the hazard by one number for ever.

    Equation
    --------
    HR of surgery = theta, from surgery on

    Where the bias comes from
    -------------------------
    Nowhere: this is the truth that a study should find.

    Parameters
    ----------
    hazard_ratio
        True hazard ratio from surgery on; 1 is no effect.
    """
    return Effect(after=np.zeros(1), log_ratio=np.broadcast_to(np.full((1, 1), log(hazard_ratio)), (patients.size, 1)))
