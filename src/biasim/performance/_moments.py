"""Mean and spread with their standard errors, also of too few numbers to have one."""

from __future__ import annotations

from math import hypot, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from biasim.answers import Value


def average(numbers: NDArray, *more_error: float) -> Value:
    """Mean with SD / sqrt(n), to which further independent errors are added in quadrature.

    Nan for no numbers; one number is its own mean with an unknown (nan) error.
    """
    size = len(numbers)
    if size == 0:
        return Value(value=nan, mcse=nan)
    mcse = hypot(deviation(numbers) / sqrt(size), *more_error)
    return Value(value=float(numbers.mean()), mcse=mcse)


def share(hits: NDArray, *more_error: float) -> Value:
    """Proportion p of true values with sqrt(p (1 - p) / n), further independent errors added in quadrature."""
    size = len(hits)
    if size == 0:
        return Value(value=nan, mcse=nan)
    proportion = float(np.count_nonzero(hits)) / size
    return Value(value=proportion, mcse=hypot(sqrt(proportion * (1.0 - proportion) / size), *more_error))


def deviation(numbers: NDArray) -> float:
    """Sample standard deviation, nan for fewer than two numbers."""
    return float(numbers.std(ddof=1)) if len(numbers) > 1 else nan
