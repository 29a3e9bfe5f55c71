"""Censoring: loss to follow-up at a constant rate, unrelated to prognosis and treatment."""

from __future__ import annotations

import numpy as np

from biasim.types import Floats, Patients, Treatment
from biasim.units import PerMonth


def exponential(
    patients: Patients, treatment: Treatment, rng: np.random.Generator, *, per_month: PerMonth = 0.0
) -> Floats:
    """Months from diagnosis to loss, exponential with the same rate for everybody.

    Equation
    --------
    loss ~ exponential(rate per month)

    Where the bias comes from
    -------------------------
    Nowhere: the loss carries no information about survival.

    Parameters
    ----------
    per_month
        Rate of loss; 0 loses nobody.
    """
    draw = rng.standard_exponential(patients.size)
    return draw / per_month if per_month > 0.0 else np.full(patients.size, np.inf)
