"""Restricted cubic splines: cubic between the knots, straight beyond the outer ones."""

from __future__ import annotations

import numpy as np

from biasim.types import Floats

QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}  # Harrell, table 2.3


def quantile_knots(values: Floats, count: int = 4) -> list[Floats]:
    """Knots of each column of values (n, p) at the quantiles that Harrell recommends for 3, 4 or 5; equal ones count once.

    Harrell 2015, Regression Modeling Strategies, doi 10.1007/978-3-319-19425-7, section 2.4.6.
    """
    if count not in QUANTILES:
        raise ValueError(f"count: {count}; expected 3, 4 or 5 knots")
    return [np.unique(column) for column in np.quantile(values, QUANTILES[count], axis=0).T]


def restricted_cubic(values: Floats, knots: Floats) -> Floats:
    """The columns beside the straight line, shape (n, knots - 2); none for fewer than three knots.

    Truncated powers divided by the square of the distance between the outer knots, so that they keep the unit of the values.
    """
    values, knots = np.asarray(values, dtype=np.float64), np.asarray(knots, dtype=np.float64)
    if len(knots) < 3:
        return np.empty((len(values), 0))
    beyond = np.maximum(values[:, None] - knots, 0.0)
    cubes = beyond * beyond * beyond
    inner, (before, last) = knots[:-2], knots[-2:]
    apart = last - before
    columns = cubes[:, :-2] - cubes[:, -2:-1] * (last - inner) / apart + cubes[:, -1:] * (before - inner) / apart
    return columns / (last - knots[0]) ** 2
