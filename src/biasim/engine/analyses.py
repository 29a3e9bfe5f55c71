"""How an analysis uses its data, found by changing the data: what it adjusts for, whether it heeds when exposure began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from biasim.answers import Estimate, Status
from biasim.config.signature import parameters
from biasim.methods._checks import take
from biasim.registry import names
from biasim.types import Observed, ObservedOverTime, ObservedTrial
from biasim.units import Switch

FEW, MORE, MADE_UP = 400, 4_000, 1_500  # women whose data an analysis is asked about; more where it gives no answer from few
APART = 0.35  # log hazard ratio: more than chance leaves in the made-up data, less than half of their confounding
Method = Callable[[Observed], Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What an analysis makes of the data."""

    columns: frozenset[str]  # covariates without which it would give another answer
    complete_cases: bool = False  # women with a missing value might as well not be there
    ignores_dates: bool = False  # the exposed count as exposed from time zero on
    drops_wait: bool = False  # the months before exposure are in neither group
    from_exposure: bool = False  # the clock of the exposed starts at exposure
    known_later: frozenset[str] = frozenset()  # columns used as if known at time zero, though they become known later
    unadjusted_gaps: bool = False  # women with a missing value are in it, and not adjusted for it
    as_treated: bool = False  # in a trial: what was done is compared, whatever the arm
    kept_to_arm: bool = False  # in a trial: who departs from her arm counts no more
    by_result: bool = False  # whether, or what, it reports depends on the result
    claims: str = field(default="", compare=False)  # the estimand


def use(observed: Observed, method: Method) -> Use:
    """How `method` uses data like `observed`, whose rows are in random order."""
    for size in (FEW, MORE, observed.size):
        data = take(observed, np.arange(min(size, observed.size)))
        answer = method(data)
        if answer.status is Status.OK or observed.size <= size:
            break

    def same(other: Observed) -> bool:
        changed = method(other)
        return changed.status is answer.status and bool(np.isclose(changed.estimate, answer.estimate, rtol=1e-9, equal_nan=True))

    columns = _columns(data, same)
    incomplete = np.isnan(data.covariates[:, [name in columns for name in data.names]]).any(axis=1)
    cases = bool(incomplete.any()) and same(take(data, np.flatnonzero(~incomplete)))
    gaps = bool(incomplete.any()) and not cases and answer.status is Status.OK and _unadjusted(observed, method, columns)
    dates = _dates(data, same) if isinstance(data, ObservedOverTime) else {}
    return Use(
        columns=columns, complete_cases=cases, unadjusted_gaps=gaps, known_later=_later(data, same, columns), **dates,
        by_result=by_result(method), claims=answer.estimand,
    )  # fmt: skip


def by_result(method: Method) -> bool:
    """Whether a method of the house is off every switch that it has: the switches of methods are about what gets reported."""
    part = getattr(method, "func", method)
    if part.__name__ not in names("methods"):
        return False
    switches = {name: item.mark(Switch) for name, item in parameters("methods", part.__name__).items()}
    chosen = getattr(method, "keywords", {})
    off = [chosen.get(name) != switch.value for name, switch in switches.items() if switch is not None and name in chosen]
    return bool(off) and all(off)


def _columns(data: Observed, same: Callable[[Observed], bool]) -> frozenset[str]:
    """The covariates that change the answer when they are all missing."""
    if not data.names or same(_lost(data, np.arange(len(data.names)))):
        return frozenset()
    return frozenset(name for place, name in enumerate(data.names) if not same(_lost(data, np.array([place]))))


def _lost(data: Observed, columns: np.ndarray) -> Observed:
    covariates = data.covariates.copy()
    covariates[:, columns] = np.nan
    return replace(data, covariates=covariates)


def _later(data: Observed, same: Callable[[Observed], bool], columns: frozenset[str]) -> frozenset[str]:
    """The columns that become known after time zero, of an analysis that does not heed when."""
    if data.known_from is None:
        return frozenset()
    later = {name for name, month in zip(data.names, data.known_from, strict=True) if month > 0.0} & columns
    return frozenset(later) if later and same(replace(data, known_from=None)) else frozenset()


def _unadjusted(observed: Observed, method: Method, columns: frozenset[str]) -> bool:
    """Whether those with a missing value are left unadjusted, as in made-up data where that would show.

    A covariate drives exposure and death and exposure does nothing; then half of its values are taken away by chance. Who
    leaves these women out, or imputes, still finds next to nothing; who calls them "unknown" does not.
    """
    rng, size = np.random.default_rng(0), min(observed.size, MADE_UP)
    strong, used = rng.standard_normal(size), [name in columns for name in observed.names]
    exposed = rng.random(size) < 1.0 / (1.0 + np.exp(-2.0 * strong))
    time = rng.exponential(30.0, size) * np.exp(-1.5 * strong)
    covariates = rng.standard_normal((size, len(used)))
    covariates[:, used.index(True)] = strong
    data = replace(take(observed, np.arange(size)), covariates=covariates, exposed=exposed, entry=np.zeros(size),
                   time=np.minimum(time, 100.0) + 1e-3, event=time < 100.0)  # fmt: skip
    if isinstance(data, ObservedOverTime):
        data = replace(data, exposed_from=np.where(exposed, 0.0, np.inf))
    holes = covariates.copy()
    holes[np.ix_(rng.random(size) < 0.5, used)] = np.nan
    return abs(method(replace(data, covariates=holes)).estimate - method(data).estimate) > APART


def _dates(data: ObservedOverTime, same: Callable[[Observed], bool]) -> dict[str, bool]:
    """Whether the date of exposure is ignored, the months before it dropped, the clock of the exposed started at it.

    In a trial, besides, whether the arm is ignored, and whether who departs from it is out from then on.
    """
    begins, late = data.exposed_from, data.exposed & (data.exposed_from > data.entry) & (data.exposed_from < data.time)
    if not data.exposed.any() or same(replace(data, exposed=np.zeros(data.size, bool), exposed_from=np.full(data.size, np.inf))):
        return {}
    ignores = bool(late.any()) and same(replace(data, exposed_from=np.where(late, data.entry, begins)))
    drops = bool(late.any()) and not ignores and same(replace(data, entry=np.where(late, begins, data.entry)))
    shift = np.where(late, 1.0, 0.0)
    moved = drops and same(replace(data, exposed_from=begins + shift, time=data.time + shift))
    found = {"ignores_dates": ignores, "drops_wait": drops, "from_exposure": moved}
    if isinstance(data, ObservedTrial):
        over = ~data.assigned & (begins < data.time)
        found["as_treated"] = same(replace(data, assigned=~data.assigned))
        later = replace(data, time=np.where(over, data.time + 1.0, data.time))
        found["kept_to_arm"] = not found["as_treated"] and bool(over.any()) and same(later)
    return found
