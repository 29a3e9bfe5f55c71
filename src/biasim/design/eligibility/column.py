"""Women within a range of one covariate."""

from __future__ import annotations

from math import inf

import numpy as np

from biasim.errors import UnknownColumn
from biasim.types import Bools, Cohort
from biasim.units import Number


def column(cohort: Cohort, rng: np.random.Generator, *, name: str, low: Number = -inf, high: Number = inf) -> Bools:
    """Women whose named column lies between two values, both included.

    Where the bias comes from
    -------------------------
    Nowhere while the column is fixed at diagnosis: restriction changes the population that the
    estimate is about, and removes confounding by that column.

    Parameters
    ----------
    name
        A column of the world, recorded or hidden, or `diagnosed` (calendar year of diagnosis).
    low
        Least value, in the unit of the column; `low: 1` asks for a 0/1 column.
    high
        Greatest value; `high: 0` excludes a 0/1 column.

    Returns
    -------
    Bools
        Shape (n,).

    Raises
    ------
    UnknownColumn
        When the world has no such column.
    """
    patients = cohort.patients
    known = [*patients.columns, "diagnosed"]
    if name not in known:
        raise UnknownColumn("eligibility.column.name", name, known)
    values = patients.diagnosed if name == "diagnosed" else patients.columns[name]
    return (values >= low) & (values <= high)
