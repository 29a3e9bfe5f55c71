"""Chances that depend on prognosis, as several ways of measuring use them."""

from __future__ import annotations

from math import log

import numpy as np

from biasim.types import Floats


def standardised(values: Floats) -> Floats:
    """Values in standard deviations from their mean; zeros where all are equal."""
    spread = values.std() if values.size else 0.0
    return (values - values.mean()) / spread if spread > 0.0 else np.zeros(values.shape)


def chance(average: float, *effects: tuple[float, Floats]) -> Floats:
    """The probability of each patient, `average` where all values are 0; an odds ratio per unit of each value. Shape (n,)."""
    relative = np.exp(np.clip(sum(log(ratio) * values for ratio, values in effects), -30.0, 30.0))
    return average * relative / (1.0 - average + average * relative)
