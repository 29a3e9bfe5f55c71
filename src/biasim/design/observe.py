"""Puts the five parts of a design together: a cohort as one investigator sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from biasim.types import (
    Bools,
    Cohort,
    Exposure,
    ExposureInTrial,
    ExposureOverTime,
    Floats,
    Integers,
    Measured,
    Observed,
    ObservedOverTime,
    ObservedTrial,
    Outcome,
    Streams,
)

# eligibility, recording -> tuple of parts; every other room of the view -> one part; parameters bound
Parts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Who is in the study, and from when to when she is watched; months from diagnosis, shape (n,)."""

    time_zero: Floats
    stop: Floats  # outcome, loss or end of follow-up, whichever comes first
    outcome: Outcome
    eligible: Bools  # every criterion holds, accrual aside
    present: Bools  # eligible, alive, followed and, sooner or later, known to have stage IV
    rows: Integers  # (k,) those who are in the study: present, up to the accrual target


def observe(cohort: Cohort, parts: Parts, streams: Streams) -> Observed | ObservedOverTime:
    """The investigator's data: one row per patient in the study, months from time zero.

    In the study are patients who satisfy every criterion, are alive, not lost and still under
    follow-up at time zero, and whose stage IV becomes known while they are watched. An accrual
    target keeps the first ones of these in the order of the cohort. An exposure decided at or after
    the end of observation is not seen.

    Parameters
    ----------
    cohort
        The world.
    parts
        Room -> part with its parameters bound; a tuple of parts for `eligibility` and `recording`.
    streams
        Stage name -> random stream; the stages are the rooms, and "eligibility.<part>" and "recording.<part>".
    """
    entered = enter(cohort, parts, streams)
    exposure = parts["exposure"](cohort, entered.time_zero, streams("exposure"))
    measured = recorded(cohort, parts, streams)
    outcome = entered.outcome
    rows, everybody = entered.rows, len(entered.rows) == cohort.size
    time_zero, stop = entered.time_zero[rows], entered.stop[rows]
    exposed, decided = _seen(exposure, rows, stop)
    fields = {
        "names": measured.names,
        "covariates": measured.values if everybody else measured.values.take(rows, axis=0),
        "exposed": exposed,
        "entry": np.zeros(len(rows)),
        "time": stop - time_zero,
        "event": (ended := outcome.at[rows] <= stop) & outcome.event[rows],
        "patient": rows,
        "known_from": _known_from(measured, time_zero),
        "cause": ended * outcome.cause[rows],
        "started": cohort.patients.diagnosed[rows] + time_zero / 12.0,
    }
    if isinstance(exposure, ExposureOverTime):
        exposed_from = np.where(exposed, np.maximum(decided - time_zero, 0.0), np.inf)
        if isinstance(exposure, ExposureInTrial):
            return ObservedTrial(**fields, exposed_from=exposed_from, assigned=exposure.assigned[rows])
        return ObservedOverTime(**fields, exposed_from=exposed_from)
    return Observed(**fields)


def recorded(cohort: Cohort, parts: Parts, streams: Streams) -> Measured:
    """The covariates as they are measured, then as each step of the record leaves them."""
    measured = parts["measurement"](cohort, streams("measurement"))
    for part in parts["recording"]:
        measured = part(cohort, measured, streams(f"recording.{name_of(part)}"))
    return measured


def _known_from(measured: Measured, time_zero: Floats) -> Floats | None:
    """Months from time zero from which each covariate is known; None when all of them are at time zero.

    Where patients have time zeros of their own, the month from which it is known of everybody. A time zero before month 0
    is an earlier diagnosis, with all that is known at a diagnosis.
    """
    if measured.known_from is None or not len(time_zero):
        return None
    later = np.maximum(measured.known_from - time_zero.min(), 0.0) * (measured.known_from > 0.0)
    return later if later.any() else None


def enter(cohort: Cohort, parts: Parts, streams: Streams) -> Entered:
    """Who enters the study, before anything about her is measured."""
    time_zero = parts["time_zero"](cohort)
    end = parts["follow_up"](cohort, time_zero, streams("follow_up"))
    outcome = parts["outcome"](cohort, streams("outcome"))
    stop = np.minimum(np.minimum(outcome.at, cohort.lost), end)
    eligible = np.ones(cohort.size, dtype=bool)
    for part in parts["eligibility"]:
        eligible &= meeting(part, cohort, streams)
    # stop > time_zero also refuses an infinite time zero; an occult cancer must be found before she dies of it
    present = eligible & (stop > time_zero) & (cohort.staging.known < stop)
    rows = np.flatnonzero(present)
    targets = [target for target in map(_target, parts["eligibility"]) if target]
    rows = rows[: min(targets)] if targets else rows
    return Entered(time_zero=time_zero, stop=stop, outcome=outcome, eligible=eligible, present=present, rows=rows)


def meeting(part: Callable, cohort: Cohort, streams: Streams) -> Bools:
    """Who meets one criterion, drawn from its own stream; an accrual target, which is about all criteria, aside."""
    rng = streams(f"eligibility.{name_of(part)}")
    return part(cohort, rng, target=0) if _target(part) else part(cohort, rng)


def attrition(cohort: Cohort, parts: Parts, streams: Streams) -> dict[str, int]:
    """How many patients each step leaves: considered, eligible, alive at time zero, accrued, exposed, events."""
    entered = enter(cohort, parts, streams)
    exposure = parts["exposure"](cohort, entered.time_zero, streams("exposure"))
    stop = entered.stop[entered.rows]
    return {
        "considered": cohort.size,
        "eligible": int(entered.eligible.sum()),
        "alive at time zero": int(entered.present.sum()),
        "accrued": len(entered.rows),
        "exposed": int(_seen(exposure, entered.rows, stop)[0].sum()),
        "events": int((entered.outcome.event & (entered.outcome.at <= entered.stop))[entered.rows].sum()),
    }


def _seen(exposure: Exposure, rows: Integers, stop: Floats) -> tuple[Bools, Floats]:
    """Exposure of the rows as far as it was decided before the end of observation."""
    decided = exposure.decided[rows]
    return exposure.exposed[rows] & (decided < stop), decided


def name_of(part: Callable) -> str:
    """The name of a part, its parameters bound or not."""
    return getattr(part, "func", part).__name__


def _target(part: Callable) -> int:
    """The accrual target bound to an eligibility part, 0 when there is none."""
    return getattr(part, "keywords", {}).get("target", 0) or 0
