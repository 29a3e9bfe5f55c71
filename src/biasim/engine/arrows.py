"""The arrows that a world and a view draw between causes, found by changing each cause alone in a cohort made for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from biasim.engine.interventions import (
    AT_DIAGNOSIS,
    CARE,
    DEATH,
    DEPARTURE,
    HIDDEN,
    LOCAL,
    LOSS,
    OCCULT,
    RECORDED,
    RESPONSE,
    SURGERY,
    YEAR,
    Probe,
    differ,
    score,
)
from biasim.types import Bools, Cohort, Floats

SHARE = 0.002  # of the women: an arrow changes something for at least so many
EARLIER = {  # result -> what it may depend on
    RESPONSE: AT_DIAGNOSIS,
    CARE: (*AT_DIAGNOSIS, RESPONSE, SURGERY),
    DEATH: (RECORDED, HIDDEN, YEAR, RESPONSE, CARE),
    LOSS: (*AT_DIAGNOSIS, SURGERY),
    LOCAL: AT_DIAGNOSIS,
}
SIGNIFICANT = 4.0  # standard errors that operated and not must be apart in a cause for it to choose among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A cause, what it acts on, and how strongly."""

    cause: str
    result: str
    strength: float
    unit: str  # "SD apart": operated minus not; "log hazard": its standard deviation; "of women": the share for whom it counts

    @property
    def ends(self) -> tuple[str, str]:
        return self.cause, self.result


def of_the_world(probe: Probe) -> Iterator[Arrow]:
    """Every arrow between stages of the world but those into surgery, and the true effects of surgery."""
    for result, causes in EARLIER.items():
        for cause in causes:
            if cause in probe.changed:
                share = float(differ(*before_and_after(probe, probe.changed[cause], result)).mean())
                if share > SHARE:
                    yield _into(result, cause, probe, share)
    yield from _between_traits(probe.cohort)
    yield from _effects(probe.cohort)


def before_and_after(probe: Probe, changed: Cohort, result: str) -> tuple[np.ndarray, np.ndarray]:
    """What a stage gave, and gives in a cohort with a cause changed."""
    cohort, world, rng = probe.cohort, probe.world, probe.streams
    people, course, treatment, care = changed.patients, changed.course, changed.treatment, changed.care
    if result == RESPONSE:
        return cohort.course.response, world["course"](people, rng("course")).response
    if result == CARE:
        made = replace(cohort, care=world["care"](people, course, treatment, rng("care")))
        return probe.scores[CARE], score(made, CARE)
    if result == LOSS:
        return cohort.lost, world["censoring"](people, treatment, rng("censoring"))
    if result == LOCAL:
        return cohort.local.operated, world["local"](people, treatment, rng("local")).operated
    clock = rng("clock").standard_exponential(cohort.size)
    return cohort.death, world["survival"](people, course, treatment, care, cohort.effect, clock).operated


def into_surgery(probe: Probe, among: Bools) -> Iterator[Arrow]:
    """The arrows of what the choice of surgery heeds, as strong as they are among some women."""
    for cause in (*AT_DIAGNOSIS, RESPONSE):
        if cause in probe.changed and (found := _into_surgery(probe, probe.changed[cause], cause, among)):
            yield found


def _into(result: str, cause: str, probe: Probe, share: float) -> Arrow:
    if result == DEATH and cause != YEAR:
        return Arrow(cause=cause, result=result, strength=float(probe.scores[cause].std()), unit="log hazard")
    return Arrow(cause=cause, result=result, strength=share, unit="of women")


def _into_surgery(probe: Probe, changed: Cohort, cause: str, among: Bools) -> Arrow | None:
    """The arrow of a cause that the choice heeds, where operated and not are then apart in it."""
    cohort = probe.cohort
    before = cohort.treatment
    after = probe.world["treatment"](changed.patients, changed.course, probe.streams("treatment"))
    same = np.flatnonzero(before.randomised == after.randomised)
    if differ(before.wait, after.wait)[same].mean() <= SHARE:
        return None
    plain = among if cause == OCCULT else among & ~cohort.patients.occult
    apart, error = standardised_difference(probe.scores[cause], before.intended, plain)
    if abs(apart) <= SIGNIFICANT * error:
        return None
    return Arrow(cause=cause, result=SURGERY, strength=apart, unit="SD apart")


def into_departure(probe: Probe, among: Bools) -> Iterator[Arrow]:
    """In a trial: what decides who does not do as her arm asks, in either arm."""
    treatment = probe.cohort.treatment
    if treatment.arms is None:
        return
    departs = np.isfinite(treatment.wait) != treatment.intended
    for cause in (*AT_DIAGNOSIS, RESPONSE):
        if (changed := probe.changed.get(cause)) is None:
            continue
        after = probe.world["treatment"](changed.patients, changed.course, probe.streams("treatment"))
        if differ(treatment.wait, after.wait)[among & after.randomised].mean() <= SHARE:
            continue
        arms = [among & members for members in (treatment.intended, ~treatment.intended)]
        found = [standardised_difference(probe.scores[cause], departs, arm) for arm in arms]
        apart, error = max(found, key=lambda one: abs(one[0]) / one[1])
        if abs(apart) > SIGNIFICANT * error:
            yield Arrow(cause=cause, result=DEPARTURE, strength=apart, unit="SD apart")


def standardised_difference(values: Floats, group: Bools, among: Bools) -> tuple[float, float]:
    """Mean in a group minus mean outside, in standard deviations, with its standard error; nan apart where one is empty."""
    inside, outside = values[among & group], values[among & ~group]
    spread = float(values[among].std()) if among.any() else 0.0
    if spread < 1e-12 or not len(inside) or not len(outside):
        return 0.0, 1.0
    return float(inside.mean() - outside.mean()) / spread, sqrt(1.0 / len(inside) + 1.0 / len(outside))


def _between_traits(cohort: Cohort) -> Iterator[Arrow]:
    """What patients bring with them at diagnosis is drawn at once: occult metastases by year, and what they do to the hazard."""
    patients, everyone = cohort.patients, np.ones(cohort.size, dtype=bool)
    if not patients.occult.any():
        return
    apart, error = standardised_difference(patients.log_hazard, patients.occult, everyone)
    if abs(apart) > SIGNIFICANT * error:
        strength = abs(apart) * float(patients.log_hazard.std())
        yield Arrow(cause=OCCULT, result=DEATH, strength=strength, unit="log hazard")
    apart, error = standardised_difference(patients.diagnosed, patients.occult, everyone)
    if abs(apart) > SIGNIFICANT * error:
        yield Arrow(cause=YEAR, result=OCCULT, strength=apart, unit="SD apart")


def by_calendar(probe: Probe, among: Bools) -> Iterator[Arrow]:
    """How the women of a study change from year to year, occult metastases aside: who is called ill changes with the times."""
    rows = np.flatnonzero(among & ~probe.cohort.patients.occult)
    for cause in (RECORDED, HIDDEN):
        if {YEAR, cause} <= probe.changed.keys():
            both = np.vstack([probe.scores[YEAR][rows], probe.scores[cause][rows]])
            if (np.ptp(both, axis=1) > 0.0).all() and abs(r := float(np.corrcoef(both)[0, 1])) * sqrt(len(rows)) > SIGNIFICANT:
                yield Arrow(cause=YEAR, result=cause, strength=r, unit="correlation")


def _effects(cohort: Cohort) -> Iterator[Arrow]:
    """What surgery truly does: to survival, and to the primary tumour."""
    if not cohort.effect.is_none:
        yield Arrow(cause=SURGERY, result=DEATH, strength=float(cohort.effect.log_ratio.mean()), unit="log hazard")
    never = cohort.local.under(np.inf)
    moved = differ(cohort.local.operated, never)
    if moved.mean() > SHARE:
        yield Arrow(cause=SURGERY, result=LOCAL, strength=float(moved.mean()), unit="of women")
