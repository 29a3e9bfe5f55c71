"""Every patient twice, once under each strategy, until what she did departs from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import tied_times
from biasim.methods._checks import failed
from biasim.types import Bools, Floats, ObservedOverTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clones:
    """Both clones of n patients, at risk in (entry, end]; an empty interval is nobody.

    The clone of the strategy "operated within `grace` months" departs from it at the end of the grace period, if she
    is then unoperated; that of the other strategy at a surgery up to month `forbidden`. Until she departs, a patient
    stands in both arms, and so does her death.
    """

    grace: float
    forbidden: float  # the last month in which surgery departs from not being operated: grace, or inf for never
    entry: Floats
    surgery: Floats  # month of surgery; inf when none is seen before the end of observation
    time: Floats  # end of observation
    operated_end: Floats
    operated_died: Bools
    unoperated_end: Floats
    unoperated_died: Bools

    @property
    def within(self) -> Bools:
        """Who is operated within the grace period."""
        return self.surgery <= self.grace

    @property
    def departs(self) -> Bools:
        """Whose surgery departs from the strategy of the unoperated."""
        return np.isfinite(self.surgery) & (self.surgery <= self.forbidden)

    @property
    def put_to_the_test(self) -> Bools:
        """Who is observed at the end of the grace period and beyond: there the unoperated leave the arm of the operated."""
        return (self.time > self.grace) & (self.entry <= self.grace)


def clones(observed: ObservedOverTime, grace: float, *, never: bool) -> Clones:
    """Both clones of every patient. A surgery at the end of the grace period is within it; one at death is not seen."""
    seen = observed.exposed_from < observed.time
    start = np.where(seen, np.maximum(observed.exposed_from, 0.0), observed.time)
    time, entry, start = _merged(observed.time, observed.entry, start)
    surgery = np.where(seen & (start < time), start, inf)
    forbidden = inf if never else grace
    within, departs = surgery <= grace, np.isfinite(surgery) & (surgery <= forbidden)
    return Clones(
        grace=grace,
        forbidden=forbidden,
        entry=entry,
        surgery=surgery,
        time=time,
        operated_end=np.where(within, time, np.minimum(time, grace)),
        operated_died=observed.event & (within | (time <= grace)),
        unoperated_end=np.where(departs, np.minimum(surgery, time), time),
        unoperated_died=observed.event & ~departs,
    )


def _merged(*arrays: Floats) -> tuple[Floats, ...]:
    """The arrays with times apart by rounding only made one; as they are where there are none, which is soon seen."""
    ascending = np.sort(np.concatenate(arrays))
    distinct = np.count_nonzero(ascending[1:] > ascending[:-1]) + min(1, len(ascending))
    return arrays if np.count_nonzero(tied_times.starts(ascending)) == distinct else tied_times.merge(*arrays)


def empty_strategy(estimand: str, found: Clones, diagnostics: dict[str, float]) -> Estimate | None:
    """The row of an analysis of which one strategy was followed by nobody; None when both were."""
    size, months = len(found.time), f"within {found.grace:g} months"
    if not size:
        return failed(estimand, Status.NO_PATIENTS, "no patient is eligible", diagnostics)
    if not found.within.any():
        return failed(estimand, Status.NOBODY_EXPOSED, f"none of {size} patients is operated {months}", diagnostics)
    if found.within.all():
        return failed(estimand, Status.NOBODY_UNEXPOSED, f"all of {size} patients are operated {months}", diagnostics)
    if not (found.operated_died | found.unoperated_died).any():
        return failed(estimand, Status.NO_EVENTS, f"no death under either strategy among {size} patients", diagnostics)
    return None
