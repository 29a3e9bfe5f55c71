"""The nouns: what passes from room to room. Frozen arrays, months from diagnosis, derived quantities as properties.

Arrays have one entry per patient, shape (n,), unless the field says otherwise. First the world, then the view.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Worked = TypeVar("Worked")
Streams = Callable[[str], np.random.Generator]  # stage name -> its own random stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Patients at diagnosis: every covariate as numbers, a category as a set of 0/1 columns.

    The log hazard relative to the baseline of `survival` is the sum of a recorded and a hidden part.
    """

    columns: Mapping[str, Floats]
    recorded: tuple[str, ...]  # columns that a registry could hold
    hidden: tuple[str, ...]  # columns that it could not
    recorded_log_hazard: Floats
    hidden_log_hazard: Floats
    diagnosed: Floats  # calendar time of diagnosis, years
    occult: Bools  # metastases that the first staging does not see

    @property
    def size(self) -> int:
        return len(self.diagnosed)

    @property
    def log_hazard(self) -> Floats:
        return self.recorded_log_hazard + self.hidden_log_hazard


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Response to systemic therapy, known from `evaluated` on, and what it does to the hazard from then on."""

    evaluated: float  # months from diagnosis
    response: NDArray[np.int8]  # 1 responded, 0 stable, -1 progressed
    log_ratio: Floats  # log hazard ratio from `evaluated` on


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Who is meant for surgery, and the month planned for it: done only if she is then alive and under follow-up."""

    intended: Bools  # meant for surgery; in a trial: the arm
    wait: Floats  # months from diagnosis to the planned date; inf when never
    randomised: Bools  # False everywhere outside a trial
    randomised_at: Floats  # months from diagnosis; inf when not randomised
    arms: tuple[Floats, Floats] | None = None  # in a trial: the wait she would have in the arm of surgery, and in the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Other treatment than surgery, hers whatever is done to the primary tumour, and what it does."""

    begins: Floats | float  # months from diagnosis: one for all, or (n,)
    log_ratio: Floats  # log hazard ratio from `begins` on, (n,)
    received: Bools | None = None  # who got it; None where everybody did, or nobody

    @property
    def is_none(self) -> bool:
        return not self.log_ratio.any()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The true effect of surgery: phase k lasts from `after[k]` months after surgery to the next, the last for ever."""

    after: Floats  # (phases,), ascending, after[0] == 0
    log_ratio: Floats  # (n, phases) log hazard ratio, 0 where surgery does nothing

    @property
    def is_none(self) -> bool:
        return not self.log_ratio.any()


@dataclass(frozen=True, slots=True, kw_only=True)
class Potential:
    """Survival in months from diagnosis under each course of treatment; one clock per patient."""

    unoperated: Floats
    operated: Floats  # under the patient's own planned wait; equals `unoperated` where she dies before it
    under: Callable[[Floats | float], Floats]  # survival if the planned wait were this, scalar or (n,)
    other_share: Floats | None = None  # chance that the death at `operated` is of another cause; None: nobody's is
    other_share_under: Callable[[Floats | float], Floats] | None = None  # that chance if the planned wait were this
    competing: Callable[[Floats | float], Floats] | None = None  # where `under` is of another outcome: what ends her without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """Progression of the primary tumour, in months from diagnosis as if nobody died; inf when never."""

    operated: Floats  # under the patient's own planned wait
    under: Callable[[Floats | float], Floats]  # if the planned wait were this, scalar or (n,)
    log_ratio: float = 0.0  # log hazard ratio from surgery on


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """When stage IV became known."""

    known: Floats  # months from diagnosis; inf when never
    found_by_surgery: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The world: every patient with all her potential survival times. No method ever receives it."""

    patients: Patients
    course: Course
    treatment: Treatment
    care: Care
    effect: Effect
    potential: Potential
    staging: Staging
    local: Local
    lost: Floats  # months from diagnosis to loss to follow-up; inf when never
    of_other_cause: Bools | None = None  # whether her death is not of the cancer; None: every death is

    @property
    def size(self) -> int:
        return self.patients.size

    @property
    def death(self) -> Floats:
        """Months from diagnosis to death as it happens."""
        return self.potential.operated

    @property
    def operated_at(self) -> Floats:
        """Months from diagnosis to the operation that happened: alive and under follow-up; inf when none."""
        wait = self.treatment.wait
        return np.where((wait < self.death) & (wait < self.lost), wait, np.inf)

    @property
    def operated(self) -> Bools:
        return np.isfinite(self.operated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Whom the investigator calls exposed, fixed for the whole of follow-up.

    `decided` is the month from diagnosis in which that became known. Where it lies after time
    zero, the exposure looks into the future, and the months between are immortal.
    """

    exposed: Bools
    decided: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureOverTime(Exposure):
    """An exposure that begins at `decided`: person-time before it counts as unexposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureInTrial(ExposureOverTime):
    """The operation as it happened, begun at `decided`, beside the arm that chance assigned."""

    assigned: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The covariates as the investigator has them; nan where a value is missing."""

    names: tuple[str, ...]
    values: Floats  # (n, len(names))
    known_from: Floats | None = None  # (len(names),) months from diagnosis; None: all known at diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the study counts: `event` at month `at` from diagnosis, or the end of observation there for another reason."""

    at: Floats  # months from diagnosis
    event: Bools  # False where `at` ends observation without an event
    cause: NDArray[np.int8]  # 1 the outcome that the study is about, 2 what competes with it, as far as the study knows
    effect: Effect | None = None  # what surgery does to the hazard of the outcome; None: no one ratio says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The investigator's data, one row per eligible patient, months from time zero."""

    names: tuple[str, ...]
    covariates: Floats  # (n, len(names)); nan where a value is missing
    exposed: Bools
    entry: Floats  # start of observation; 0 unless entry is delayed
    time: Floats  # end of observation, > entry
    event: Bools  # the outcome at `time`: death, unless the design says otherwise
    patient: Integers  # row of the cohort: identity only, carries no information
    known_from: Floats | None = None  # (len(names),) month from which each covariate is known; None: all at time zero
    cause: NDArray[np.int8] | None = None  # 0 none, 1 of the cancer (the outcome), 2 what competes; None: not recorded
    started: Floats | None = None  # calendar time of time zero, years; None: not recorded
    worked_out: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        return len(self.time)

    def once(self, key: Hashable, work: Callable[[], Worked]) -> Worked:
        """The result of `work`, a function of these data alone, computed once for all the methods that need it."""
        if key not in self.worked_out:
            self.worked_out[key] = work()
        return self.worked_out[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedOverTime(Observed):
    """Observed, with the month from time zero at which exposure begins: 0 from the start, inf when never."""

    exposed_from: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTrial(ObservedOverTime):
    """A trial with the dates of its operations: `exposed_from` is what was done, `assigned` what chance said."""

    assigned: Bools
