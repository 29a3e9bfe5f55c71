"""Staging: occult metastases come to light only through the operation."""

from __future__ import annotations

import numpy as np

from biasim.types import Patients, Staging, Treatment


def found_at_surgery(patients: Patients, treatment: Treatment, rng: np.random.Generator) -> Staging:
    """Occult patients are registered as stage IV when, and only when, they have been operated on.

    Patients without a planned operation stay unknown (`known` is inf). For the others the month
    is that of the plan; `generate` takes it back where death or loss came first.

    Equation
    --------
    known = 0, or the month of surgery where metastases are occult (never, if not operated)

    Where the bias comes from
    -------------------------
    Stage migration, favours surgery: occult patients have less disease and enter the study only
    as operated ones, so they lift the survival of the exposed group and have no counterpart in
    the other (Feinstein, Sosin, Wells 1985, doi 10.1056/NEJM198506203122504). It takes a world
    with occult patients.
    """
    return Staging(
        known=np.where(patients.occult, treatment.wait, 0.0),
        found_by_surgery=patients.occult & np.isfinite(treatment.wait),
    )
