"""The chance that exposure begins in an interval, from models of who begins when, and the weights made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import cox, logistic
from biasim.kernels.splines import restricted_cubic
from biasim.methods._checks import failed, take
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._person_time import Records, as_known, begun, late, split
from biasim.types import Floats, Integers, Observed, ObservedOverTime

KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)  # quantiles of the months of starting (Harrell 2015, table 2.3)
DEPENDENT = 1e-6  # of the largest singular value: what of the columns of the month is not rounding
JUST = 1e-5  # share of a month of evaluation: a start in that very month comes after what it showed
SAID: Mapping[Status, str] = MappingProxyType({
    Status.SEPARATION: "start of exposure: the covariates tell who begins",
    Status.NOT_CONVERGED: "start of exposure: the model did not converge",
    Status.SINGULAR: "start of exposure: the information matrix is singular",
    Status.NO_EVENTS: "start of exposure: nobody begins while under observation",
    Status.NOBODY_EXPOSED: "start of exposure: nobody begins while under observation",
    Status.NOBODY_UNEXPOSED: "start of exposure: everybody begins in the first interval",
    Status.NO_PATIENTS: "start of exposure: nobody is at risk of beginning",
})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Logarithms of the chance to stay unexposed in a record and of that to begin in it, (records,); or why there are none."""

    stay: Floats
    begin: Floats
    status: Status = Status.OK

    @property
    def message(self) -> str:
        return "" if self.status is Status.OK else SAID.get(self.status, f"start of exposure: {self.status}")


def unfit(estimand: str, observed: ObservedOverTime, columns: Integers, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis whose covariates allow no model of starting: a known value is missing, or none varies."""
    known = ever_known(observed, columns)
    if np.isnan(known).any():
        return failed(estimand, Status.MISSING_VALUES, MISSING, diagnostics)
    if not known.size or not np.ptp(known, axis=0).any():
        return failed(estimand, Status.NO_COVARIATES, "no covariate varies, so none tells who begins exposure", diagnostics)
    return None


def ever_known(observed: ObservedOverTime, columns: Integers) -> Floats:
    """Covariates as known at the end of observation: what is not known by then is 0, and may be missing."""
    return as_known(observed, np.arange(observed.size), observed.time * (1.0 - JUST), columns)


def chance(
    observed: ObservedOverTime, table: Records, columns: Integers, *, model: str, copies: Floats | None = None
) -> Chance:
    """The chance of beginning exposure given these covariates as known at the start of each interval, and the month.

    `pooled_logistic`: one logistic regression over all records seen, from the first interval in which anybody begins to the
    last, with a restricted cubic spline of the month and a step where a covariate becomes known. `cox`: hazard of starting
    in continuous time, ties and baseline by Breslow. No column means chances that depend on the month alone. `copies` (n,) are
    frequency weights of the patients.
    """
    fitted = _pooled_logistic if model == "pooled_logistic" else _cox
    return fitted(observed, table, columns, copies)


def _pooled_logistic(observed: ObservedOverTime, table: Records, columns: Integers, copies: Floats | None) -> Chance:
    opened = np.unique(table.interval[table.begins & table.seen])
    if not len(opened):
        return none_left(table, Status.NOBODY_EXPOSED)
    inside = np.flatnonzero((table.interval >= opened[0]) & (table.interval <= opened[-1]))
    seen = table.seen[inside]
    weight = (None if seen.all() else seen.astype(np.float64)) if copies is None else seen * copies[table.row[inside]]
    interval, begins = table.interval[inside], table.begins[inside]
    month = _uncorrelated(_months(observed, table.starts), np.bincount(interval, weight, minlength=len(table.starts)))
    if len(columns):
        now = as_known(observed, table.row[inside], table.starts[interval], columns)
        fit = logistic.fit(np.concatenate((month[interval], now), axis=1), begins, weights=weight)
        predictor = fit.linear_predictor
    else:  # as many rows as there are intervals, twice, hold all that there is to know
        cell = np.bincount(2 * interval + begins, weight, minlength=2 * len(month))
        fit = logistic.fit(np.repeat(month, 2, axis=0), np.tile([False, True], len(month)), weights=cell)
        predictor = fit.linear_predictor[2 * interval]
    if fit.status is not Status.OK:
        return none_left(table, fit.status)
    stay, begin = np.zeros(len(table.row)), np.full(len(table.row), -np.inf)
    stay[inside] = np.minimum(-predictor, 0.0) - np.log1p(np.exp(-np.abs(predictor)))
    begin[inside] = stay[inside] + predictor
    return Chance(stay=stay, begin=begin)


def _months(observed: ObservedOverTime, starts: Floats) -> Floats:
    """Columns of a spline of the month in the middle of each interval, and steps where a covariate becomes known."""
    middle = np.append((starts[1:] + starts[:-1]) / 2.0, starts[-1])
    begin = begun(observed)
    knots = np.unique(np.quantile(begin[np.isfinite(begin)], KNOTS))
    steps = [(starts >= month).astype(np.float64) for month in late(observed.known_from)]
    return np.column_stack((middle, restricted_cubic(middle, knots), *steps))


def _uncorrelated(columns: Floats, weight: Floats) -> Floats:
    """Columns with the same span over rows of these weights, uncorrelated there and as few as it takes.

    With few intervals the columns of the spline depend on each other.
    """
    total = weight.sum()
    if not total > 0.0:
        return columns
    centred = columns - weight @ columns / total
    spread = np.sqrt(weight @ centred**2 / total)
    scaled = centred / np.where(spread > 0.0, spread, 1.0)
    _, size, mixing = np.linalg.svd(scaled * np.sqrt(weight / total)[:, None], full_matrices=False)
    kept = size > DEPENDENT * size[0]
    return scaled @ (mixing[kept].T / size[kept])


def _cox(observed: ObservedOverTime, table: Records, columns: Integers, copies: Floats | None) -> Chance:
    rows, weight = _waiting(observed, copies)
    if not rows.event.any():
        return none_left(table, Status.NO_EVENTS)
    score, now = np.zeros(rows.size), np.zeros(len(table.row))
    if len(columns):
        known = as_known(rows, np.arange(rows.size), rows.entry * (1.0 + 2.0 * JUST), columns)
        fit = cox.fit(rows.time, rows.event, known, entry=rows.entry, weights=weight, ties="breslow")  # as the baseline
        if fit.status is not Status.OK:
            return none_left(table, fit.status)
        slopes = np.nan_to_num(fit.coefficients)
        score, now = known @ slopes, as_known(observed, table.row, table.starts[table.interval], columns) @ slopes
    with np.errstate(all="ignore"):  # many covariates on few patients: what is not finite is reported with the weights
        centre = score.mean()
        when, jump = _breslow(rows, np.exp(score - centre), weight)
        interval = np.searchsorted(table.starts, when, side="right") - 1
        hazard = np.bincount(interval, jump, minlength=len(table.starts))[table.interval] * np.exp(now - centre)
        return Chance(stay=-hazard, begin=np.log(-np.expm1(-hazard)))


def _waiting(observed: ObservedOverTime, copies: Floats | None) -> tuple[Observed, Floats | None]:
    """Time at risk of beginning exposure, cut where a covariate becomes known; `event` is the beginning, weights the copies."""
    begin = begun(observed)
    rows = Observed(
        names=observed.names,
        covariates=observed.covariates,
        exposed=observed.exposed,
        entry=np.where(observed.entry > 0.0, observed.entry, -1.0),  # so that exposure may begin at time zero
        time=np.minimum(begin, observed.time),
        event=np.isfinite(begin),
        patient=np.arange(observed.size),
        known_from=observed.known_from,
    )
    for month in late(observed.known_from):
        rows = split(rows, float(month) * (1.0 - JUST))
    waiting = np.flatnonzero(rows.entry < rows.time)
    if len(waiting) < rows.size:
        rows = take(rows, waiting)
    return rows, None if copies is None else copies[rows.patient]


def _breslow(rows: Observed, risk: Floats, weight: Floats | None) -> tuple[Floats, Floats]:
    """Months in which somebody begins, and the jump of the cumulative baseline hazard in each."""
    weight = np.ones(rows.size) if weight is None else weight
    when, place = np.unique(rows.time[rows.event], return_inverse=True)
    risk = risk * weight

    def total(months: Floats) -> Floats:
        """Risk of the rows whose month is at or after each of `when`."""
        at = np.searchsorted(when, months, side="right")
        return np.bincount(at, risk, minlength=len(when) + 1)[::-1].cumsum()[::-1][1:]

    begun_then = np.bincount(place, weight[rows.event], minlength=len(when))
    at_risk = total(rows.time) - total(rows.entry)
    return when, np.divide(begun_then, at_risk, out=np.zeros(len(when)), where=begun_then > 0.0)


def none_left(table: Records, status: Status) -> Chance:
    """A model of starting that gives no chances, and why."""
    return Chance(stay=np.zeros(len(table.row)), begin=np.zeros(len(table.row)), status=status)


def before(table: Records, values: Floats) -> Floats:
    """Sum of a value over the earlier records of the same patient, (records,)."""
    running = np.append(0.0, np.cumsum(values))
    return running[:-1] - running[table.first]


def log_ratios(numerator: Chance | None, denominator: Chance) -> tuple[Floats, Floats]:
    """Log of the factor that a record multiplies a weight by, if she stays unexposed and if she begins: (records,) each.

    Without a numerator the factors are plain inverse chances. A start that nobody at risk shows (exposure begun before
    observation, outside the months in which others begin) has no chance in either model, and the factor 1.
    """
    possible = np.isfinite(denominator.begin)
    stay, begin = (0.0, 0.0) if numerator is None else (numerator.stay, numerator.begin)
    with np.errstate(invalid="ignore"):
        return stay - denominator.stay, np.where(possible, begin - denominator.begin, 0.0)


def weights_over_time(
    observed: ObservedOverTime,
    table: Records,
    columns: Integers,
    *,
    model: str,
    stabilised: bool,
    copies: Floats | None = None,
) -> tuple[Floats, Floats] | Chance:
    """Inverse-probability-of-treatment weights of a record while she is unexposed in it, and of her who begins in it.

    The inverse chance of all that she did up to then, times (stabilised) the chance of the same given the month alone.
    An unexposed record weighs as in its middle: half of its own factor. The chance that failed where a model did.
    """
    denominator = chance(observed, table, columns, model=model, copies=copies)
    none = np.zeros(0, dtype=np.int64)
    numerator = chance(observed, table, none, model=model, copies=copies) if stabilised else None
    for fitted in (denominator, numerator):
        if fitted is not None and fitted.message:
            return fitted
    stay, begin = log_ratios(numerator, denominator)
    earlier = before(table, stay)
    with np.errstate(over="ignore"):
        unexposed, exposed = np.exp(earlier + 0.5 * stay), np.exp(earlier + begin)
    if not (np.isfinite(unexposed).all() and np.isfinite(exposed[table.begins]).all()):
        return none_left(table, Status.SEPARATION)
    return unexposed, exposed
