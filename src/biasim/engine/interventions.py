"""What happens when one cause alone is changed: a cohort in which one thing has been dealt anew among the women.

Everything else stays as it was, also what depends on it. A stage or a part of a view that gives the same answer before and
after has no arrow from that cause: what is found is what the parts do, not what they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from biasim.cohort.generate import World, as_happened
from biasim.engine.streams import Streams
from biasim.types import Bools, Cohort, Floats, Integers, Local, Patients

RECORDED, HIDDEN, OCCULT, YEAR = "recorded prognosis", "hidden prognosis", "occult metastases", "calendar year"
RESPONSE, SURGERY, CARE, LOCAL = "response", "surgery", "other treatment", "local progression"
EARLY, LOSS, DEATH, DEPARTURE = "early survival", "loss to follow-up", "death", "departure from the arm"
AT_DIAGNOSIS = (RECORDED, HIDDEN, OCCULT, YEAR)
FEW = 1_000  # women are enough to find the weights of an exact sum
YEAR_OF_CARE = 12.0  # months
CALENDAR = 0.95  # correlation with the date of diagnosis from which a column is the calendar in other units


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A world, a cohort from it, and the streams it was drawn from; for each cause that varies the cohort with it dealt anew."""

    world: World
    cohort: Cohort
    streams: Streams
    scores: dict[str, Floats] = field(default_factory=dict, init=False)  # each cause as one number per woman
    changed: dict[str, Cohort] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.scores.update({cause: score(self.cohort, cause) for cause in CHANGES})
        self.changed.update({cause: self._without(cause) for cause in CHANGES if np.ptp(self.scores[cause]) > 0.0})

    def _order(self, cause: str, within: Bools) -> Integers:
        """Whose value each woman gets: dealt anew among those `within`, and among the others."""
        order = np.arange(self.cohort.size)
        for members in (np.flatnonzero(within), np.flatnonzero(~within)):
            order[members] = self.streams(f"intervention.{cause}").permutation(members)
        return order

    def _without(self, cause: str) -> Cohort:
        """The cohort with `cause` dealt anew. Staging, which belongs to the record, follows its causes."""
        cohort, make = self.cohort, CHANGES[cause]
        within = cohort.treatment.randomised if cause == SURGERY else cohort.patients.occult
        changed = make(cohort, self._order(cause, np.zeros(cohort.size, bool) if cause == OCCULT else within))
        staging = self.world["staging"](changed.patients, changed.treatment, self.streams("staging"))
        return replace(changed, staging=as_happened(staging, changed.treatment, changed.potential, changed.lost))

    def dying(self, after: Floats) -> Cohort:
        """The cohort in which those alive at `after` have dealt among them what life they had left."""
        cohort = self.cohort
        alive = np.flatnonzero(cohort.death > after)
        left = (cohort.death - after)[alive]
        death = cohort.death.copy()
        death[alive] = after[alive] + self.streams(f"intervention.{DEATH}").permutation(left)
        potential = replace(cohort.potential, unoperated=death, operated=death, under=lambda wait: death)
        return replace(cohort, potential=potential)

    def followed(self) -> Cohort:
        """The cohort with the dates of loss dealt anew."""
        order = self._order(LOSS, np.zeros(self.cohort.size, bool))
        return replace(self.cohort, lost=self.cohort.lost[order])


def score(cohort: Cohort, cause: str) -> Floats:
    """A cause as one number per woman; for prognosis, response and other treatment its part of the log hazard."""
    patients = cohort.patients
    if cause == RECORDED:
        return patients.recorded_log_hazard - calendar_part(patients)
    if cause == LOCAL:
        return np.minimum(cohort.local.operated, np.finfo(float).max)  # so that never can be compared
    if cause == RESPONSE and cohort.course.log_ratio.any():
        return cohort.course.log_ratio
    return {
        HIDDEN: patients.hidden_log_hazard,
        OCCULT: patients.occult.astype(float),
        YEAR: patients.diagnosed,
        RESPONSE: cohort.course.response.astype(float),
        SURGERY: cohort.treatment.intended.astype(float),
        CARE: cohort.care.log_ratio / (1.0 + cohort.care.begins / YEAR_OF_CARE),  # the earlier, the more of it
    }[cause]


def of_calendar(patients: Patients) -> tuple[str, ...]:
    """The recorded columns that are the date of diagnosis in other units."""
    if np.ptp(patients.diagnosed) == 0.0:
        return ()
    moments = patients.diagnosed[:FEW]
    columns = {name: patients.columns[name][:FEW] for name in patients.recorded}
    varying = {name: column for name, column in columns.items() if np.ptp(column) > 0.0}
    return tuple(name for name, column in varying.items() if abs(np.corrcoef(column, moments)[0, 1]) > CALENDAR)


def calendar_part(patients: Patients) -> Floats:
    """What the date of diagnosis adds to the recorded log hazard, which is linear in its columns. Shape (n,)."""
    names = of_calendar(patients)
    if not names:
        return np.zeros(patients.size)
    columns = [patients.columns[name][:FEW] for name in patients.recorded]
    weights = least_squares(columns, patients.recorded_log_hazard[:FEW])
    part = sum(weights[patients.recorded.index(name)] * patients.columns[name] for name in names)
    return part if np.ptp(part) > 1e-9 else np.zeros(patients.size)


def least_squares(columns: list[Floats], value: Floats) -> Floats:
    """The weights of columns, and last of the constant, that come nearest to a value."""
    design = np.column_stack([*columns, np.ones(len(value))])
    squares = np.einsum("ij,ik->jk", design, design)  # small: threads of a matrix product would wait for each other longer
    return np.linalg.lstsq(squares, np.einsum("ij,i->j", design, value), rcond=None)[0]


def _moved(columns: Mapping[str, Floats], names: tuple[str, ...], order: Integers) -> dict[str, Floats]:
    return {**columns, **{name: columns[name][order] for name in names}}


def _recorded(cohort: Cohort, order: Integers) -> Cohort:
    patients, part, calendar = cohort.patients, calendar_part(cohort.patients), of_calendar(cohort.patients)
    names = tuple(name for name in patients.recorded if name not in calendar)
    log_hazard = (patients.recorded_log_hazard - part)[order] + part
    changed = replace(patients, columns=_moved(patients.columns, names, order), recorded_log_hazard=log_hazard)
    return replace(cohort, patients=changed)


def _hidden(cohort: Cohort, order: Integers) -> Cohort:
    patients = cohort.patients
    names = tuple(name for name in patients.hidden if name != "occult")
    columns = _moved(patients.columns, names, order)
    return replace(cohort, patients=replace(patients, columns=columns, hidden_log_hazard=patients.hidden_log_hazard[order]))


def _occult(cohort: Cohort, order: Integers) -> Cohort:
    patients = cohort.patients
    names = ("occult",) if "occult" in patients.columns else ()
    columns = _moved(patients.columns, names, order)
    return replace(cohort, patients=replace(patients, columns=columns, occult=patients.occult[order]))


def _year(cohort: Cohort, order: Integers) -> Cohort:
    patients, part = cohort.patients, calendar_part(cohort.patients)
    columns = _moved(patients.columns, of_calendar(patients), order)
    log_hazard = patients.recorded_log_hazard - part + part[order]
    changed = replace(patients, columns=columns, recorded_log_hazard=log_hazard, diagnosed=patients.diagnosed[order])
    return replace(cohort, patients=changed)


def _response(cohort: Cohort, order: Integers) -> Cohort:
    course = cohort.course
    return replace(cohort, course=replace(course, response=course.response[order], log_ratio=course.log_ratio[order]))


def _surgery(cohort: Cohort, order: Integers) -> Cohort:
    """Within a trial the arms are dealt anew, with what is done in each."""
    treatment = cohort.treatment
    intended = treatment.intended[order]
    wait = treatment.wait[order] if treatment.arms is None else np.where(intended, *treatment.arms)
    return replace(cohort, treatment=replace(treatment, intended=intended, wait=wait))


def _care(cohort: Cohort, order: Integers) -> Cohort:
    care = cohort.care
    begins = care.begins if np.ndim(care.begins) == 0 else np.asarray(care.begins)[order]
    received = None if care.received is None else care.received[order]
    return replace(cohort, care=replace(care, begins=begins, log_ratio=care.log_ratio[order], received=received))


def _local(cohort: Cohort, order: Integers) -> Cohort:
    operated = cohort.local.operated[order]
    return replace(cohort, local=Local(operated=operated, under=lambda wait: operated))


CHANGES: Mapping[str, Callable[[Cohort, Integers], Cohort]] = {
    RECORDED: _recorded, HIDDEN: _hidden, OCCULT: _occult, YEAR: _year, RESPONSE: _response, SURGERY: _surgery, CARE: _care,
    LOCAL: _local,
}  # fmt: skip


def differ(before: object, after: object) -> Bools:
    """Which entries of two arrays differ; two missing values are the same."""
    one, two = np.asarray(before), np.asarray(after)
    missing = np.isnan(one) & np.isnan(two) if one.dtype.kind == "f" else np.zeros(one.shape, bool)
    return (one != two) & ~missing
