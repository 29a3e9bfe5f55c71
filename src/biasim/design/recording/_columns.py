"""Which measured columns a step of the record is about, and the errors that it makes in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from biasim.errors import UnknownColumn
from biasim.types import Floats, Integers, Measured


def places(measured: Measured, columns: tuple[str, ...], parameter: str) -> Integers:
    """Where the named columns stand; all of them when none is named. Raises UnknownColumn with the likely intention."""
    for name in columns:
        if name not in measured.names:
            raise UnknownColumn(parameter, name, list(measured.names), f"no measured column called '{name}'")
    return np.array([place for place, name in enumerate(measured.names) if not columns or name in columns], dtype=np.int64)


def drawn(measured: Measured, wanted: Integers, rng: np.random.Generator) -> Iterator[tuple[int, Floats, Floats, Floats]]:
    """Each wanted column: where it stands, its values, a standard normal and a uniform draw for each woman.

    Draws are made for every column, so that naming others shifts none.
    """
    for place in range(len(measured.names)):
        noise, uniform = rng.standard_normal(len(measured.values)), rng.random(len(measured.values))
        if place in wanted:
            yield place, measured.values[:, place], noise, uniform


def is_mark(values: Floats) -> bool:
    """Whether a column holds nothing but 0 and 1, gaps aside."""
    return bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all())


def spread(values: Floats) -> float:
    """Standard deviation of what is known; 0 where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.std()) if known.size else 0.0


def with_noise(values: Floats, noise: Floats, reliability: Floats | float) -> Floats:
    """The column plus independent error: its variance without error is the share `reliability` of that with it.

    `noise` is standard normal, `reliability` above 0; exactly the column where it is 1.
    """
    return values + spread(values) * np.sqrt(1.0 / np.asarray(reliability, float) - 1.0) * noise
