"""Care: the same other treatment for everybody."""

from __future__ import annotations

import numpy as np

from biasim.types import Care, Course, Patients, Treatment


def none(patients: Patients, course: Course, treatment: Treatment, rng: np.random.Generator) -> Care:
    """Nobody gets more, or better, of any treatment but surgery.

    Equation
    --------
    hazard x 1

    Where the bias comes from
    -------------------------
    Nowhere: the operated and the others are treated alike.
    """
    return Care(begins=0.0, log_ratio=np.zeros(patients.size))
