"""Effect: surgery does nothing."""

from __future__ import annotations

import numpy as np

from biasim.types import Effect, Patients


def none(patients: Patients) -> Effect:
    """The true hazard ratio of surgery is 1 for everybody at all times.

    Equation
    --------
    HR of surgery = 1

    Where the bias comes from
    -------------------------
    Nowhere: any benefit that a study of this world reports is bias or chance.
    """
    return Effect(after=np.zeros(1), log_ratio=np.broadcast_to(np.zeros((1, 1)), (patients.size, 1)))
