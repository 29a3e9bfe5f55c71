"""The cohort that truths are computed from, as a design has it: who is eligible, how long she is watched, what is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from biasim.config.signature import of_treatment
from biasim.design.observe import meeting, name_of
from biasim.engine.as_counted import as_counted
from biasim.engine.streams import Streams
from biasim.types import Cohort, Floats, Integers, Local, Potential

Under = Callable[[Floats | float], Floats]


def as_designed(cohort: Cohort, view: Mapping[str, Any], streams: Streams, *, measured: bool) -> Cohort:
    """The eligible women, watched until loss or the end of the design's follow-up, with the design's outcome in place of death.

    Loss is as frequent as in the world and dealt anew among all women, so that it carries no information: a hazard ratio that
    is not constant is weighted by who is still watched, and loss that depends on prognosis or on surgery would else move the
    truth along with the estimate. It is bias, and loss by chance is none.

    Where the groups have time zeros of their own, they are watched from diagnosis. `measured` makes the covariates that
    the design measures the recorded ones, for estimands that are given them. Where a value is missing to the investigator,
    the truth is taken given the value behind it.
    """
    part = view["time_zero"]
    time_zero = np.zeros(cohort.size) if of_treatment("time_zero", name_of(part)) else part(cohort)
    lost = streams("loss of the truth").permutation(cohort.lost)
    seen = replace(cohort, lost=np.minimum(lost, view["follow_up"](cohort, time_zero, streams("follow_up"))))
    if measured:
        found, columns = view["measurement"](cohort, streams("measurement")), dict(cohort.patients.columns)
        for name, values in zip(found.names, found.values.T, strict=True):
            columns[name] = np.where(np.isnan(values), columns[name], values) if name in columns else values
        seen = replace(seen, patients=replace(cohort.patients, columns=columns, recorded=found.names))
    eligible = np.ones(cohort.size, dtype=bool)
    for part in view["eligibility"]:
        if not of_treatment("eligibility", name_of(part)):
            eligible &= meeting(part, cohort, streams)
    seen = as_counted(seen, view, streams)
    return seen if eligible.all() else these(seen, np.flatnonzero(eligible))


def these(cohort: Cohort, rows: Integers) -> Cohort:
    """The women of some rows, with all their potential survival times."""
    size = cohort.size

    def theirs(under: Under | None) -> Under | None:
        if under is None:
            return None

        def among_all(wait: Floats | float) -> Floats:
            everyone = np.full(size, np.inf)
            everyone[rows] = wait
            return under(everyone)[rows]

        return among_all

    def of(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value[rows] if value.shape[:1] == (size,) else value
        if isinstance(value, Mapping):
            return {name: of(item) for name, item in value.items()}
        if isinstance(value, Potential):
            return Potential(
                unoperated=of(value.unoperated), operated=of(value.operated), under=theirs(value.under),
                other_share=of(value.other_share), other_share_under=theirs(value.other_share_under),
                competing=theirs(value.competing),
            )  # fmt: skip
        if isinstance(value, Local):
            return replace(value, operated=of(value.operated), under=theirs(value.under))
        if isinstance(value, tuple) and all(isinstance(item, np.ndarray) for item in value):
            return tuple(of(item) for item in value)
        if hasattr(value, "__dataclass_fields__"):
            return replace(value, **{item.name: of(getattr(value, item.name)) for item in fields(value)})
        return value

    return of(cohort)
