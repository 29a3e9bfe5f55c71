"""Censoring: nobody is lost."""

from __future__ import annotations

import numpy as np

from biasim.types import Floats, Patients, Treatment


def none(patients: Patients, treatment: Treatment, rng: np.random.Generator) -> Floats:
    """Follow-up ends only where the study ends it.

    Equation
    --------
    nobody is lost

    Where the bias comes from
    -------------------------
    Nowhere.
    """
    return np.full(patients.size, np.inf)
