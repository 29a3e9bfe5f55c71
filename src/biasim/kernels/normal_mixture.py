"""Quantiles of a mixture of normal distributions that share one standard deviation."""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from biasim.types import Floats

STEPS = 200
CLOSE = 1e-13  # in standard deviations


def quantile(share: float, centres: Floats, chances: Floats, spread: float) -> float:
    """The value below which `share` of the mixture lies; `chances` (k,) add up to 1, `spread` is positive.

    Newton steps inside a bracket: a quantile of a mixture lies between those of its outermost parts.
    """
    own = float(ndtri(share)) * spread
    low, high = float(centres.min()) + own, float(centres.max()) + own
    value = 0.5 * (low + high)
    for _ in range(STEPS):
        away = (value - centres) / spread
        excess = float(chances @ ndtr(away)) - share
        low, high = (low, value) if excess > 0.0 else (value, high)
        density = float(chances @ np.exp(-0.5 * np.minimum(away * away, 1400.0))) / (spread * sqrt(2.0 * pi))
        step = value - excess / density if density > exp(-600.0) else low
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - value) <= CLOSE * spread or high - low <= CLOSE * spread:
            return following
        value = following
    return value
