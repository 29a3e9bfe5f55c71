"""The hazard of surgery given what is known by then: a Cox model, or pooled logistic regression on months."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from biasim.answers import Status
from biasim.kernels import cox, logistic
from biasim.kernels.at_risk import runs
from biasim.types import Bools, Floats, Integers

STRETCHES = 10  # of months with one intercept, at most; each holds as many surgeries as the next
FARTHEST = 300.0  # linear predictors are kept within exp's range


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Patients waiting for surgery: at risk of it in (entry, stop], and whether it comes at `stop`."""

    entry: Floats
    stop: Floats
    operated: Bools
    covariates: Floats  # (n, p)
    known_from: Floats  # (p,) month from which each is known
    copies: Floats  # (n,) how often each patient is in the (re)sample
    limit: float  # nobody is at risk of surgery beyond this month

    def known_at(self, month: float) -> Floats:
        """Covariates as far as they are known at the beginning of `month`; 0 for those that are not."""
        known = self.known_from <= month
        return self.covariates if known.all() else np.where(known, self.covariates, 0.0)

    @property
    def begin(self) -> Floats:
        """At risk after this month; who is observed from time zero on is at risk of a surgery at time zero."""
        return np.where(self.entry <= 0.0, -1.0, self.entry)

    @property
    def event(self) -> Bools:
        """Whose surgery is seen to come: not before her observation begins."""
        return self.operated & (self.copies > 0.0) & (self.begin < self.stop)

    @property
    def last(self) -> float:
        """The month of the last surgery; 0 when there is none."""
        return float(self.stop[self.event].max(initial=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeHazard:
    """The cumulative hazard of surgery of n patients: the sum over q pieces of `own` times what has passed of each.

    With Cox a piece is a period in which the same covariates are known, and its cumulative baseline passes; with months
    it is a stretch of months, and they pass.
    """

    own: Floats  # (n, q)
    jumps: Floats  # (j,) months of surgery, for the Cox model; empty for months
    passed: Floats  # (q, j + 1) cumulative baseline before the first jump, after it, ...; for months (q, 2): begin, end
    last: float  # the hazard is 0 from here on

    def before(self, months: Floats) -> Floats:
        """What has passed of each piece just before each of k months, (q, k); what happens at a month comes after it."""
        if len(self.jumps):
            return self.passed[:, np.searchsorted(self.jumps, months, side="left")]
        return np.clip(months - self.passed[:, :1], 0.0, (self.passed[:, 1] - self.passed[:, 0])[:, None])

    def total(self) -> Floats:
        """The cumulative hazard of each patient from beginning to end, (n,)."""
        return self.own @ self.before(np.array([inf]))[:, 0]


Fitted = tuple[CumulativeHazard | None, Status]


def by_cox(waiting: Waiting) -> Fitted:
    """Cox regression of the time to surgery, covariates entering when they are known, with Breslow's baseline."""
    begins = np.unique(np.append(-inf, waiting.known_from[(waiting.known_from > 0.0) & (waiting.known_from < waiting.last)]))
    ends = np.append(begins[1:], inf)
    parts = [(np.maximum(waiting.begin, begin), np.minimum(waiting.stop, end)) for begin, end in zip(begins, ends, strict=True)]
    rows = [np.flatnonzero((low < high) & (waiting.copies > 0.0)) for low, high in parts]
    known = [waiting.known_at(max(begin, 0.0)) for begin in begins]
    low, high = (np.concatenate([part[side][row] for part, row in zip(parts, rows, strict=True)]) for side in (0, 1))
    who = np.concatenate(rows)
    event = waiting.operated[who] & (high == waiting.stop[who])
    design = np.concatenate([values[row] for values, row in zip(known, rows, strict=True)])
    slopes, status = _slopes(high, event, design, low, waiting.copies[who])
    if status is not Status.OK:
        return None, status
    jumps = np.unique(high[event])
    surgeries = np.bincount(np.searchsorted(jumps, high[event]), waiting.copies[who][event], len(jumps))
    own, steps = np.empty((len(waiting.stop), len(begins))), np.zeros((len(begins), len(jumps)))
    for k, (row, values) in enumerate(zip(rows, known, strict=True)):
        predictor = values @ slopes
        own[:, k] = np.exp(np.clip(predictor - predictor[row].mean() if len(row) else predictor, -FARTHEST, FARTHEST))
        at_risk = runs(jumps, parts[k][0][row], parts[k][1][row]).totals(waiting.copies[row] * own[row, k])
        here = (jumps > begins[k]) & (jumps <= ends[k])
        np.divide(surgeries, at_risk, out=steps[k], where=here & (at_risk > 0.0))
    passed = np.concatenate((np.zeros((len(begins), 1)), steps.cumsum(axis=1)), axis=1)
    return CumulativeHazard(own=own, jumps=jumps, passed=passed, last=waiting.last), Status.OK


def _slopes(time: Floats, event: Bools, design: Floats, entry: Floats, copies: Floats) -> tuple[Floats, Status]:
    """Coefficients of a Cox fit, 0 where a column has nothing to say."""
    if not event.any():
        return np.zeros(design.shape[1]), Status.NO_EVENTS
    if not design.shape[1]:
        return np.zeros(0), Status.OK
    late = None if (entry == entry[0]).all() and entry[0] < 0.0 else entry
    fit = cox.fit(time, event, design, entry=late, weights=copies, ties="breslow")
    return np.nan_to_num(fit.coefficients), fit.status


def by_months(waiting: Waiting) -> Fitted:
    """Pooled logistic regression of surgery in a month on patient-months, an intercept for each stretch of months.

    Months of one patient that share the intercept and the covariates are one record that counts as many. A month
    that she does not complete counts as the part of it in which she was at risk: the likelihood of a hazard that is
    constant within the month. Within a month the hazard is -log(1 - p). Surgery at time zero has a month of its own,
    month 0, in which everybody is at risk.
    """
    event = waiting.event
    if not event.any():
        return None, Status.NO_EVENTS
    month = np.ceil(waiting.stop)
    ends = _stretches(month[event], waiting.copies[event], waiting.known_from)
    begins = np.append(min(0.0, ends[0] - 1.0), ends[:-1])
    lived = np.unique(np.searchsorted(ends, month[event]))  # stretches without a surgery have a hazard of 0
    known = [waiting.known_at(max(begins[k], 0.0)) for k in lived]
    records = [_patient_months(waiting, month, begins[k], ends[k]) for k in lived]
    outcome, counted = (np.concatenate([record[part] for record in records]) for part in (1, 2))
    edges = np.cumsum([0, *(len(record[0]) for record in records)])
    columns = np.zeros((len(lived) - 1 + waiting.covariates.shape[1], edges[-1]))  # a row for each column of the design
    for k, (of_all, record) in enumerate(zip(known, records, strict=True)):
        columns[: len(lived) - 1, edges[k] : edges[k + 1]] = np.arange(1, len(lived))[:, None] == k
        columns[len(lived) - 1 :, edges[k] : edges[k + 1]] = of_all.T[:, record[0]]
    design = columns.T
    fit = logistic.fit(design, outcome, weights=counted)
    if fit.status is not Status.OK:
        return None, fit.status
    found = np.nan_to_num(fit.coefficients)
    levels, slopes = found[0] + np.append(0.0, found[1 : len(lived)]), found[len(lived) :]
    own = np.stack([np.logaddexp(0.0, level + of_all @ slopes) for level, of_all in zip(levels, known, strict=True)], axis=1)
    passed = np.stack((begins, np.minimum(ends, waiting.limit)), axis=1)[lived]
    return CumulativeHazard(own=own, jumps=np.zeros(0), passed=passed, last=float(passed[-1, 1])), Status.OK


def _patient_months(waiting: Waiting, month: Floats, begin: float, end: float) -> tuple[Integers, Bools, Floats]:
    """Row of the patient, surgery or not, and how many months: of the records of one stretch (begin, end].

    `month` is the number of the month in which observation stops, 0 for time zero. The month of surgery counts whole.
    """
    free = np.where(waiting.operated, month - 1.0, waiting.stop)
    months = np.minimum(free, end) - np.maximum(waiting.begin, begin)
    spared = np.flatnonzero((waiting.copies > 0.0) & (months > 0.0))
    operated = np.flatnonzero(waiting.event & (month > begin) & (month <= end))
    who = np.concatenate((spared, operated))
    counted = np.concatenate((months[spared], np.ones(len(operated)))) * waiting.copies[who]
    return who, np.arange(len(who)) >= len(spared), counted


def _stretches(months: Floats, copies: Floats, known_from: Floats) -> Floats:
    """The last month of each stretch: every month with a surgery where these are few, else equal numbers of surgeries.

    A new stretch begins where a covariate becomes known; it counts from the first whole month that begins then.
    """
    ends = np.unique(months)
    if len(ends) > STRETCHES:
        shares = np.arange(1, STRETCHES + 1) / STRETCHES
        ends = np.unique(np.quantile(months, shares, method="inverted_cdf", weights=copies))
    later = np.ceil(known_from[(known_from > 0.0) & (known_from < ends[-1])])
    return np.unique(np.append(ends, later))


def chance_by_end(waiting: Waiting, model: str, month: float) -> tuple[Floats | None, Status]:
    """The chance of surgery by `month` given the covariates known then, of patients all observed that long, (n,).

    Cox: the time to surgery among them, censored at `month`. Pooled logistic: one regression, of their one record in
    which the unoperated leave the arm. 1 for everybody when all of them are operated.
    """
    present = waiting.copies > 0.0
    if waiting.operated[present].all():
        return np.ones(len(waiting.stop)), Status.OK
    if not waiting.operated[present].any():
        return None, Status.NO_EVENTS
    if model == "cox":
        fitted, status = by_cox(waiting)
        return (None if fitted is None else -np.expm1(-fitted.total())), status
    known = waiting.known_at(month)
    fit = logistic.fit(known, waiting.operated, weights=waiting.copies)
    return (fit.probability if fit.status is Status.OK else None), fit.status
