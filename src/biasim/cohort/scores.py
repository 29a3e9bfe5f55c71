"""Prognosis in standard deviations, for the parts of the world that depend on it."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Bools, Floats, Patients


def standardised(values: Floats, among: Bools | None = None) -> Floats:
    """Values in standard deviations from their mean, both taken `among` some patients; zeros where all are equal."""
    chosen = values if among is None else values[among]
    spread = chosen.std() if chosen.size else 0.0
    return (values - chosen.mean()) / spread if spread > 0.0 else np.zeros(values.shape)


def log_ratio(patients: Patients, recorded_ratio: float, hidden_ratio: float) -> Floats:
    """Log of a ratio per standard deviation of worse recorded, and of worse hidden prognosis; 0 where both are 1. Shape (n,)."""
    recorded = log(recorded_ratio) * standardised(patients.recorded_log_hazard)
    return recorded + log(hidden_ratio) * standardised(patients.hidden_log_hazard)
