"""Columns of a cohort by name, gathered into the matrix that the investigator works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from biasim.types import Cohort, Measured

RESPONSE = ("responded", "progressed")  # known once systemic therapy has been evaluated
# Not covariates of the patient at diagnosis, but a study may have written them down.
AFTERWARDS = (*RESPONSE, "occult", "found_by_surgery", "other_care")


def afterwards(cohort: Cohort, name: str) -> NDArray:
    """One of the AFTERWARDS columns as 0/1, shape (n,)."""
    if name == "responded":
        return cohort.course.response == 1
    if name == "progressed":
        return cohort.course.response == -1
    if name == "other_care":
        received = cohort.care.received
        return np.zeros(cohort.size, bool) if received is None else received
    return cohort.patients.occult if name == "occult" else cohort.staging.found_by_surgery


def gather(cohort: Cohort, names: Sequence[str], altered: Mapping[str, NDArray] | None = None) -> Measured:
    """The named columns side by side; `altered` ones replace those of the cohort.

    Every name must be a column of the patients, one of AFTERWARDS or a key of `altered`.
    The one (n, p) matrix is filled column by column, so that no second copy exists. `known_from` says
    from which month on the response is known, and who got other treatment than surgery.
    """
    columns, altered = cohort.patients.columns, altered or {}
    values = np.empty((cohort.size, len(names)))
    for position, name in enumerate(names):
        if name in altered:
            values[:, position] = altered[name]
        elif name in columns:
            values[:, position] = columns[name]
        else:
            values[:, position] = afterwards(cohort, name)
    later = dict.fromkeys(RESPONSE, cohort.course.evaluated) | {"other_care": np.max(cohort.care.begins, initial=0.0)}
    known_from = np.array([later.get(name, 0.0) for name in names])
    return Measured(names=tuple(names), values=values, known_from=known_from if known_from.any() else None)
