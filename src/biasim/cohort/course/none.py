"""Course: no systemic therapy to respond to."""

from __future__ import annotations

import numpy as np

from biasim.types import Course, Patients


def none(patients: Patients, rng: np.random.Generator) -> Course:
    """Everybody is stable and the hazard never changes with the course of the disease.

    Equation
    --------
    hazard x 1

    Where the bias comes from
    -------------------------
    Nowhere: nothing happens between diagnosis and surgery that could guide the choice.
    """
    return Course(
        evaluated=0.0,
        response=np.zeros(patients.size, np.int8),
        log_ratio=np.zeros(patients.size),
    )
