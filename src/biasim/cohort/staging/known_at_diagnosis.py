"""Staging: every metastasis is seen at diagnosis."""

from __future__ import annotations

import numpy as np

from biasim.types import Patients, Staging, Treatment


def known_at_diagnosis(patients: Patients, treatment: Treatment, rng: np.random.Generator) -> Staging:
    """Stage IV is known from the first day, for occult metastases too.

    Equation
    --------
    known = 0

    Where the bias comes from
    -------------------------
    Nowhere: who is in the study does not depend on treatment.
    """
    return Staging(known=np.zeros(patients.size), found_by_surgery=np.zeros(patients.size, bool))
