"""The rank-preserving structural failure time model: what survival would have been without the operation, given psi.

A month lived after the operation counts as exp(psi) months lived without one: U(psi) = months before + exp(psi) x months
after. Randomisation makes U independent of the arm at the true psi (Robins and Tsiatis 1991).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from biasim.kernels.log_rank_deviate import log_rank_deviate
from biasim.methods._checks import take
from biasim.methods._trial import by_arm
from biasim.types import Floats, Observed, ObservedTrial

REACH = 3.0  # psi is looked for from -REACH to REACH: months that count from 1/20 to 20 times
GRID = np.linspace(-REACH, REACH, 13)


def unoperated(observed: ObservedTrial, ends: Floats | None, psi: float) -> Observed:
    """The arms had nobody been operated, if psi were true; censored anew at the earliest month that `ends` could become.

    Without that, censoring would depend on prognosis: on the scale of U, who was operated is censored at another moment than
    who was not (White, Babiker, Walker and Darbyshire 1999). An arm in which all were treated alike from time zero on keeps
    its own end on the scale of U. None in place of `ends` leaves censoring as it falls.
    """
    factor = float(np.exp(psi))

    def lived(month: Floats) -> Floats:
        before = np.minimum(month, observed.exposed_from)
        return before + factor * (month - before)

    arms, time = by_arm(observed), lived(observed.time)
    if ends is None:
        return replace(arms, entry=lived(observed.entry), time=time)
    limit = ends * shortest(observed, factor)
    return replace(arms, entry=lived(observed.entry), time=np.minimum(time, limit), event=arms.event & (time <= limit))


def shortest(observed: ObservedTrial, factor: float) -> Floats:
    """The least that a month can become on the scale of U, given what was done in the patient's arm."""
    none, all_at_once = observed.once("arms treated alike", lambda: treated_alike(observed))
    least = min(1.0, factor)
    return np.where(observed.assigned, factor if all_at_once else least, 1.0 if none else least)


def treated_alike(observed: ObservedTrial) -> tuple[bool, bool]:
    """Whether nobody of the control arm was operated, and everybody of the surgery arm from time zero on."""
    control, surgery = (observed.exposed_from[observed.assigned == arm] for arm in (False, True))
    return bool(np.isinf(control).all()), not surgery.any()


def in_runs(observed: ObservedTrial) -> ObservedTrial:
    """The same rows in an order that every psi leaves nearly sorted: it is sorted anew for each."""
    return take(observed, np.lexsort((observed.time, observed.exposed, observed.assigned)))


def ends_of_observation(observed: ObservedTrial) -> Floats:
    """The month at which the study would have ended for each, had she lived; inf where nobody was censored.

    Known for the censored. For the dead it is the end of the study's calendar (the last date on which anybody was seen, less
    her own date of entry), but no later than the longest follow-up of anybody.
    """
    time = observed.time
    if observed.event.all():
        return np.full(observed.size, np.inf)
    last = np.full(observed.size, time.max())
    if observed.started is not None:
        closing = np.max(observed.started + time / 12.0)
        last = np.minimum(last, 12.0 * (closing - observed.started))
    return np.where(observed.event, np.maximum(last, time), time)


def arm_test(observed: Observed) -> float:
    """The log-rank test as a standard normal deviate, positive when the surgery arm dies faster."""
    return log_rank_deviate(observed.time, observed.event, observed.exposed, entry=observed.entry)


def falls(test: Callable[[float], float], level: float, values: Floats, tolerance: float) -> list[float]:
    """Where the test falls through a level: one psi, by Brent's method, for each time that `values` on GRID do.

    With psi far from 0 hardly a death is left after censoring anew, and the test climbs or falls back to 0: a climb is no root.
    """
    from scipy.optimize import brentq

    above = values > level
    places = np.flatnonzero(above[:-1] & ~above[1:])
    return [float(brentq(lambda psi: test(psi) - level, GRID[k], GRID[k + 1], xtol=tolerance, rtol=1e-12)) for k in places]
