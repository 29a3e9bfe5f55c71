"""What the caller of a Cox fit hands over, checked and laid out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from biasim.types import Bools, Floats, Integers

CONSTANT = 1e-13  # of the mean: a column that varies less holds one value, and rounding


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that count: positive weight and a non-empty interval."""

    time: Floats
    event: Bools
    covariates: Floats
    entry: Floats | None
    weights: Floats | None
    strata: Integers | None  # numbered from 0
    cluster: Integers | None  # numbered from 0


def checked(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    entry: ArrayLike | None,
    weights: ArrayLike | None,
    strata: ArrayLike | None,
    cluster: ArrayLike | None,
) -> Rows:
    """The arrays of one fit with rows of no weight or no time at risk left out. Raises ValueError as `cox.fit` says."""
    time = np.ascontiguousarray(time, dtype=np.float64)
    if time.ndim != 1:
        raise ValueError(f"time: shape {time.shape}; expected one entry per row, (n,)")
    n = len(time)
    event = _column("event", event, n, np.bool_)
    covariates = np.asarray(covariates, dtype=np.float64)
    if covariates.ndim != 2 or len(covariates) != n:
        raise ValueError(f"covariates: shape {covariates.shape}; expected ({n}, p)")
    if np.isnan(time.sum()) and np.isnan(time).any():
        raise ValueError("time: nan; expected numbers")
    if not np.isfinite(covariates.sum()) and not np.isfinite(covariates).all():
        raise ValueError("covariates: nan or infinite values; expected numbers")
    present = None
    if entry is not None:
        entry = _column("entry", entry, n, np.float64)
        if np.isnan(entry).any():
            raise ValueError("entry: nan; expected numbers")
        present = entry < time
    if weights is not None:
        weights = _column("weights", weights, n, np.float64)
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ValueError("weights: negative, nan or infinite values; expected numbers of at least 0")
        present = weights > 0 if present is None else present & (weights > 0)
    labels = [None if x is None else _column(name, x, n) for name, x in (("strata", strata), ("cluster", cluster))]
    if present is not None and not present.all():
        time, event, covariates = time[present], event[present], covariates[present]
        entry, weights, *labels = [None if x is None else x[present] for x in (entry, weights, *labels)]
    return Rows(time, event, covariates, entry, weights, *map(_numbered, labels))


def _column(name: str, values: ArrayLike, n: int, kind: type | None = None) -> np.ndarray:
    column = np.ascontiguousarray(values, dtype=kind)
    if column.shape != (n,):
        raise ValueError(f"{name}: shape {column.shape}; expected ({n},)")
    return column


def _numbered(labels: np.ndarray | None) -> Integers | None:
    return None if labels is None else np.unique(labels, return_inverse=True)[1]


def standardised(covariates: Floats, rows: Integers) -> tuple[Floats, Floats]:
    """Covariates of `rows` and a last column of ones, (p + 1, m); and powers of two (p,) that the covariates were multiplied by.

    They are centred and brought near unit variance. Coefficients and errors do not depend on it, but for rounding: a power
    of two rounds nothing.
    """
    m, width = len(rows), covariates.shape[1]
    columns = np.empty((width + 1, m))
    columns[-1] = 1.0
    x = columns[:-1]
    np.take(covariates.T, rows, axis=1, out=x, mode="clip")
    centre = x @ columns[-1] / m
    x -= centre[:, None]
    spread = np.sqrt(np.einsum("ij,ij->i", x, x) / m)
    constant = ~(spread > CONSTANT * np.abs(centre))
    x[constant] = 0.0
    spread[constant] = 1.0
    scale = np.ldexp(1.0, -np.frexp(spread)[1])
    x *= scale[:, None]
    return columns, scale
