"""What a design makes of a world: the arrows into what it selects, records and counts, found by changing each cause alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from biasim.design.observe import Entered, enter, meeting, name_of, recorded
from biasim.engine.arrows import SHARE, SIGNIFICANT, Arrow
from biasim.engine.as_counted import judged_as_death
from biasim.engine.interventions import (
    AT_DIAGNOSIS,
    CARE,
    DEATH,
    EARLY,
    LOSS,
    RESPONSE,
    SURGERY,
    YEAR,
    Probe,
    differ,
)
from biasim.types import Bools, Cohort, Exposure, ExposureOverTime, Floats, Outcome

ELIGIBLE, KNOWN, ALIVE, ZERO = "eligible:", "stage IV known", "alive at time zero", "time zero"
EXPOSURE, OUTCOME = "exposure as recorded", "outcome as recorded"
SHORTEST = 0.05  # months by which times must differ to be called different


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A measured column: its values, what they depend on, and whether they are, where not missing, those of a trait."""

    values: Floats
    causes: frozenset[str]
    exact: bool

    @property
    def gaps(self) -> bool:
        return bool(np.isnan(self.values).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A world through one design."""

    probe: Probe
    view: Mapping[str, Any]
    entered: Entered
    varying: frozenset[str]  # the causes in which the women of the study differ
    arrows: tuple[Arrow, ...]  # into selection, loss, time zero, exposure and outcome as recorded
    columns: Mapping[str, Column]
    missing: frozenset[str] | None  # what decides whose values are missing; None where none is
    ahead: float  # mean months from time zero to the decision, among the exposed; 0 where exposure begins when decided
    eligibility_ahead: bool  # whether later events decide who is eligible
    read_as_death: bool  # whether the outcome, whatever it counts, is judged as death
    zero_apart: float  # months by which time zero of the exposed is later than that of the others
    by_chance: Mapping[str, float]  # exposure, outcome -> share of women in whom chance decides what is recorded

    @property
    def present(self) -> Bools:
        return self.entered.present

    @property
    def criteria(self) -> frozenset[str]:
        """The nodes that stand for being in the study: given, whatever the analysis."""
        results = {arrow.result for arrow in self.arrows}
        return frozenset(node for node in results if node in (KNOWN, ALIVE) or node.startswith(ELIGIBLE))


def sight(probe: Probe, view: Mapping[str, Any]) -> Sight:
    """The arrows and facts of one design."""
    cohort, streams = probe.cohort, probe.streams
    entered = enter(cohort, view, streams)
    exposure = view["exposure"](cohort, entered.time_zero, streams("exposure"))
    future = probe.dying(entered.time_zero)
    looks = bool(differ(entered.eligible, enter(future, view, streams).eligible).mean() > SHARE)
    ahead = _months_ahead(exposure, entered)
    apart = _zero_apart(probe, view, entered, exposure)
    varying = frozenset(cause for cause in probe.changed if len(np.unique(probe.scores[cause][entered.present])) > 1)
    columns, missing = _columns(probe, view, entered.present)
    arrows = [
        *_into_selection(probe, view, entered, future),
        *_into_loss(probe, view, entered),
        *_into_exposure(probe, view, entered, exposure, future if ahead >= SHORTEST or apart else None),
        *_into_outcome(probe, view, entered.outcome),
    ]
    if apart:
        arrows += [Arrow(cause=SURGERY, result=ZERO, strength=apart, unit="months"),
                   Arrow(cause=ZERO, result=OUTCOME, strength=apart, unit="months")]  # fmt: skip
    return Sight(
        probe=probe, view=view, entered=entered, varying=varying, arrows=tuple(arrows), columns=columns, missing=missing,
        ahead=ahead, eligibility_ahead=looks or _later_facts(probe, view, entered), zero_apart=apart,
        read_as_death=judged_as_death(view["outcome"]),
        by_chance=_by_chance(probe, view, entered, exposure),
    )  # fmt: skip


def _months_ahead(exposure: Exposure, entered: Entered) -> float:
    if isinstance(exposure, ExposureOverTime):
        return 0.0
    counted = exposure.exposed & entered.present & np.isfinite(exposure.decided)
    later = np.maximum(exposure.decided - entered.time_zero, 0.0)[counted]
    return float(later.mean()) if len(later) else 0.0


def _zero_apart(probe: Probe, view: Mapping[str, Any], entered: Entered, exposure: Exposure) -> float:
    """By how many months time zero of the exposed is later, where it is the choice of surgery that moves it."""
    changed = probe.changed.get(SURGERY)
    if changed is None or isinstance(exposure, ExposureOverTime):
        return 0.0
    if differ(entered.time_zero, view["time_zero"](changed))[entered.present].mean() <= SHARE:
        return 0.0
    groups = [entered.time_zero[entered.present & members] for members in (exposure.exposed, ~exposure.exposed)]
    if not all(map(len, groups)):
        return 0.0
    apart = float(groups[0].mean() - groups[1].mean())
    error = float(np.sqrt(sum(group.var() / len(group) for group in groups)))
    return apart if abs(apart) > max(SHORTEST, SIGNIFICANT * error) else 0.0


def _into_selection(probe: Probe, view: Mapping[str, Any], entered: Entered, future: Cohort) -> Iterator[Arrow]:
    """Arrows into each criterion by itself: criteria that have nothing to do with each other let no path through."""
    changes = {**probe.changed, EARLY: future, LOSS: probe.followed()}
    for part in view["eligibility"]:
        node = f"{ELIGIBLE} {name_of(part).replace('_', ' ')}"
        before = meeting(part, probe.cohort, probe.streams)
        for cause, changed in changes.items():
            yield from _arrow(cause, node, differ(before, meeting(part, changed, probe.streams)))
    known = np.isfinite(probe.cohort.staging.known)
    for cause, changed in probe.changed.items():
        yield from _arrow(cause, KNOWN, differ(known, np.isfinite(changed.staging.known)))
    dead = (probe.cohort.death <= entered.time_zero) & np.isfinite(entered.time_zero)
    yield from _arrow(EARLY, ALIVE, dead)


def _arrow(cause: str, result: str, moved: Bools) -> Iterator[Arrow]:
    share = float(moved.mean()) if len(moved) else 0.0
    if share > SHARE:
        yield Arrow(cause=cause, result=result, strength=share, unit="of women")


def _later_facts(probe: Probe, view: Mapping[str, Any], entered: Entered) -> bool:
    """Whether a response, or an operation, that comes after time zero decides who is eligible."""
    cohort = probe.cohort
    months = {RESPONSE: np.full(cohort.size, cohort.course.evaluated), SURGERY: cohort.treatment.wait}
    for cause, month in months.items():
        if cause in probe.changed:
            after = enter(probe.changed[cause], view, probe.streams).eligible
            moved = differ(entered.eligible, after) & (month > entered.time_zero + SHORTEST) & np.isfinite(month)
            if moved.mean() > SHARE:
                return True
    return False


def _into_loss(probe: Probe, view: Mapping[str, Any], entered: Entered) -> Iterator[Arrow]:
    """What the end of follow-up depends on, the calendar aside: it is the same for all and known beforehand."""

    def end(cohort: Cohort) -> Floats:
        return view["follow_up"](cohort, entered.time_zero, probe.streams("follow_up"))

    before = end(probe.cohort)
    for cause, changed in probe.changed.items():
        if cause != YEAR:
            yield from _arrow(cause, LOSS, differ(before, end(changed))[entered.present])


def _into_exposure(
    probe: Probe, view: Mapping[str, Any], entered: Entered, exposure: Exposure, future: Cohort | None
) -> Iterator[Arrow]:
    changes = {SURGERY: probe.changed.get(SURGERY), EARLY: future}
    changes |= {cause: probe.changed.get(cause) for cause in (*AT_DIAGNOSIS, RESPONSE, CARE)}
    for cause, changed in changes.items():
        if changed is not None:
            after = view["exposure"](changed, entered.time_zero, probe.streams("exposure"))
            yield from _arrow(cause, EXPOSURE, differ(exposure.exposed, after.exposed)[entered.present])


def _into_outcome(probe: Probe, view: Mapping[str, Any], outcome: Outcome) -> Iterator[Arrow]:
    yield Arrow(cause=DEATH, result=OUTCOME, strength=1.0, unit="of women")
    for cause, changed in probe.changed.items():
        yield from _arrow(cause, OUTCOME, _moved(outcome, view["outcome"](changed, probe.streams("outcome"))))


def _moved(before: Outcome, after: Outcome) -> Bools:
    return differ(before.at, after.at) | differ(before.event, after.event) | differ(before.cause, after.cause)


def _columns(probe: Probe, view: Mapping[str, Any], present: Bools) -> tuple[dict[str, Column], frozenset[str] | None]:
    """What each measured column, and what its being missing, depends on."""
    cohort = probe.cohort
    held = recorded(cohort, view, probe.streams)
    gone = np.isnan(held.values)
    causes: dict[str, set[str]] = {name: set() for name in held.names}
    decides: set[str] = set()
    changes = {**probe.changed, DEATH: probe.dying(np.zeros(cohort.size))}
    for cause, changed in changes.items() if held.names else ():
        after = recorded(changed, view, probe.streams)
        # who now dies before her operation has a record without it: that is not an arrow from death
        as_before = ~differ(cohort.operated_at, changed.operated_at)[:, None] | (cause != DEATH)
        if (differ(gone, np.isnan(after.values)) & as_before).any(axis=1).mean() > SHARE:
            decides.add(cause)
        moved = (differ(held.values, after.values) & as_before & ~gone & ~np.isnan(after.values)).mean(axis=0) > SHARE
        for name in np.array(held.names)[moved]:
            causes[str(name)].add(cause)
    columns = {
        name: Column(values=values, causes=frozenset(causes[name]), exact=_exact(cohort, name, values, present))
        for name, values in zip(held.names, held.values.T, strict=True)
    }
    return columns, frozenset(decides) if gone[present].any() else None


def _exact(cohort: Cohort, name: str, values: Floats, present: Bools) -> bool:
    """Whether a column holds the trait that it is named after."""
    kept = present & ~np.isnan(values)
    return name in cohort.patients.columns and bool(np.array_equal(values[kept], cohort.patients.columns[name][kept]))


def _by_chance(probe: Probe, view: Mapping[str, Any], entered: Entered, exposure: Exposure) -> dict[str, float]:
    """The share of women in the study in whom another throw of the dice changes what is recorded."""
    cohort, present = probe.cohort, entered.present
    again = view["exposure"](cohort, entered.time_zero, probe.streams("exposure again"))
    other = view["outcome"](cohort, probe.streams("outcome again"))
    moved = {EXPOSURE: differ(exposure.exposed, again.exposed), OUTCOME: _moved(entered.outcome, other)}
    return {what: float(which[present].mean()) if present.any() else 0.0 for what, which in moved.items()}

