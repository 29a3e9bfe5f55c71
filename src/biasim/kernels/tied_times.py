"""Times that differ by rounding only are one time, by the rule of R's survival package."""

from __future__ import annotations

import numpy as np

from biasim.types import Bools, Floats

TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))  # 1.49e-8, R: sqrt(.Machine$double.eps)


def starts(ascending: Floats) -> Bools:
    """Where a new time begins in an ascending array, shape (n,).

    Neighbours are one time if they differ by at most TOLERANCE, or by TOLERANCE times the mean of the
    absolute distinct times; a chain of neighbours is one time, the earliest. R: `aeqSurv`, used by `survfit`,
    `survdiff` and `coxph` (survival 3.5).
    """
    first = np.empty(len(ascending), dtype=bool)
    if len(ascending) == 0:
        return first
    first[0] = True
    gap = ascending[1:] - ascending[:-1]
    np.greater(gap, 0.0, out=first[1:])
    if gap.size:
        distinct = ascending[first]
        scale = max(1.0, float(np.abs(distinct).sum()) / len(distinct))
        if np.isfinite(scale):
            np.greater(gap, TOLERANCE * scale, out=first[1:])
    return first


def new_values(ascending: Floats) -> Bools:
    """Where a new value begins in an ascending array whose times have been merged already, shape (n,)."""
    return np.append(True, ascending[1:] > ascending[:-1])[: len(ascending)]


def merge(*arrays: Floats) -> tuple[Floats, ...]:
    """The arrays with every time replaced by the earliest time it is tied with, ties looked for across all arrays."""
    ascending = np.sort(np.concatenate(arrays))
    cuts = ascending[starts(ascending)]
    return tuple(cuts[np.searchsorted(cuts, array, side="right") - 1] for array in arrays)


def refuse_nan(**arrays: Floats | None) -> None:
    """Raises ValueError for the first array that holds a nan, by its name."""
    for name, values in arrays.items():
        if values is not None and np.isnan(values).any():
            raise ValueError(f"{name}: nan; expected numbers")
