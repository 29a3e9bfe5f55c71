"""Weights that stand in for those censored when they leave their arm: the inverse chance of having kept to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from biasim.answers import Status
from biasim.kernels import cox, logistic
from biasim.methods._checks import take
from biasim.types import Bools, Floats, Integers, Observed, ObservedTrial

BEFORE_ZERO = -1.0  # entry of those at risk of being operated at time zero itself
SAID = {
    Status.SEPARATION: "the covariates tell who leaves the arm",
    Status.NOT_CONVERGED: "the regression did not converge",
    Status.SINGULAR: "the information matrix is singular",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Chance of still keeping to the arm, by row of one arm and stretch of time, given the covariates and for the arm as such."""

    cuts: Floats  # (m,) months at which the chances change, ascending
    given: Floats  # (n, m + 1) before the first cut, after it, ...
    overall: Floats  # (m + 1,)
    status: Status = Status.OK
    message: str = ""
    shrunken: bool = False  # the covariates told who leaves, and the model was fitted with a prior


def controls(observed: Observed, left: Floats, columns: Integers, steps: int) -> Kept:
    """Chance of not having crossed over, from a Cox model of crossing over; Efron's baseline hazard, exp(-hazard).

    It changes at every date of crossing over, or at `steps` quantiles of them where there are more (see `changes`).
    """
    event = np.isfinite(left)
    if not event.any():
        return nobody_leaves(observed.size)
    rows = at_risk_of_leaving(observed, np.minimum(observed.time, left), event, columns)
    fit = cox.fit(rows.time, rows.event, rows.covariates, entry=rows.entry)
    if shrunken := fit.status is Status.SEPARATION:
        fit = shrunken_cox(rows)
    if fit.status is not Status.OK:
        return unknown(fit.status, f"model of crossing over: {SAID.get(fit.status, str(fit.status))}")
    dates = np.unique(left[event])
    cuts, middle = changes(left[event], steps)
    centred = rows.covariates - rows.covariates.mean(axis=0)
    with np.errstate(all="ignore"):  # weights that are not finite are refused by whoever uses them
        score = np.exp(centred @ np.nan_to_num(fit.coefficients))
        given = np.exp(-accumulated(rows, score, dates, middle, observed.size))
    overall = np.exp(-np.cumsum(increments(rows, np.ones(len(score)), dates))[np.searchsorted(dates, middle)])
    return Kept(cuts=cuts, given=with_start(given), overall=np.append(1.0, overall), shrunken=shrunken)


def changes(left: Floats, steps: int) -> tuple[Floats, Floats]:
    """From when on the chance is another one, and the date up to which the hazard counts from then on.

    With more dates than steps a stretch between two changes holds 1/steps of the dates, and gets the chance at the middle one
    of them: that at its beginning would lag behind.
    """
    dates = np.unique(left)
    if len(dates) <= steps:
        return dates, dates
    k = np.arange(steps)
    cuts, middle = (np.quantile(left, share, method="lower") for share in ((k + 0.5) / steps, (k + 1.0) / steps))
    last = np.append(cuts[1:] > cuts[:-1], True)
    return cuts[last], middle[last]


def surgery(observed: ObservedTrial, window: float, columns: Integers) -> Kept:
    """Chance of having been operated within the window, among those watched to its end; logistic regression."""
    there, done = observed.time > window, observed.exposed_from <= window
    if not there.any() or done[there].all() or not done[there].any():
        return nobody_leaves(observed.size)
    values = known_by(observed, window)[there][:, columns]
    fit = logistic.fit(values, done[there])
    if shrunken := fit.status is Status.SEPARATION:
        fit = shrunken_logistic(values, done[there])
    if fit.status is not Status.OK:
        return unknown(fit.status, f"model of being operated: {SAID.get(fit.status, str(fit.status))}")
    given, overall = np.ones(observed.size), np.append(1.0, done[there].mean())
    given[there] = fit.probability[: len(values)]
    return Kept(cuts=np.array([window]), given=with_start(given[:, None]), overall=overall, shrunken=shrunken)


def shrunken_cox(rows: Observed) -> cox.CoxFit:
    """The fit with a log-F(1, 1) prior on each coefficient per standard deviation, as a pair of strata of half patients.

    In one of them she who is a standard deviation above another leaves first, in the other she does not. Greenland and
    Mansournia 2015, doi 10.1002/sim.6537.
    """
    spread = np.diag(rows.covariates.std(axis=0))[rows.covariates.std(axis=0) > 0.0]
    prior = 4 * len(spread)
    covariates = np.zeros((prior, rows.covariates.shape[1]))
    covariates[0::2] = np.repeat(spread, 2, axis=0)
    return cox.fit(
        np.append(rows.time, np.ones(prior)),
        np.append(rows.event, np.tile([True, False, False, True], len(spread))),
        np.concatenate((rows.covariates, covariates)),
        entry=np.append(rows.entry, np.zeros(prior)),
        weights=np.append(np.ones(rows.size), np.full(prior, 0.5)),
        strata=np.append(np.zeros(rows.size, dtype=np.int64), 1 + np.arange(prior) // 2),
    )


def shrunken_logistic(values: Floats, done: Bools) -> logistic.LogisticFit:
    """The fit with one patient's worth of prior per covariate: a standard deviation off the mean either way, outcomes as overall.

    Clogg, Rubin, Schenker, Schultz and Weidman 1991, Journal of the American Statistical Association 86, 68-78. The rows of
    the patients come first in what the fit says by row.
    """
    spread = np.diag(values.std(axis=0))[values.std(axis=0) > 0.0]
    share = done.mean()
    rows = values.mean(axis=0) + np.concatenate((spread, -spread))
    return logistic.fit(
        np.concatenate((values, rows, rows)),
        np.concatenate((done, np.ones(len(rows), bool), np.zeros(len(rows), bool))),
        weights=np.concatenate((np.ones(len(values)), np.full(len(rows), share / 2), np.full(len(rows), (1.0 - share) / 2))),
    )


def nobody_leaves(size: int) -> Kept:
    return Kept(cuts=np.empty(0), given=np.ones((size, 1)), overall=np.ones(1))


def unknown(status: Status, message: str) -> Kept:
    return Kept(cuts=np.empty(0), given=np.empty((0, 1)), overall=np.empty(1), status=status, message=message)


def with_start(chances: Floats) -> Floats:
    return np.concatenate((np.ones((len(chances), 1)), chances), axis=1)


def known_by(observed: Observed, month: float) -> Floats:
    """The covariates as known at a month: 0 for everybody while a covariate is not known yet."""
    if observed.known_from is None:
        return observed.covariates
    return np.where(observed.known_from <= month, observed.covariates, 0.0)


def at_risk_of_leaving(observed: Observed, stop: Floats, event: Bools, columns: Integers) -> Observed:
    """Rows at risk of crossing over, one per stretch of time in which the same covariates are known; `patient` is the place.

    From before time zero on, since an operation at time zero itself is crossing over, too.
    """
    start = np.where(observed.entry > 0.0, observed.entry, BEFORE_ZERO)
    moments = np.zeros(0) if observed.known_from is None else np.unique(observed.known_from[columns])
    edges = np.concatenate(([-np.inf], moments[(moments > 0.0) & (moments < stop.max())], [np.inf]))
    pieces = []
    for low, high in pairwise(edges):
        here = np.flatnonzero((start < high) & (stop > low))
        values = known_by(observed, max(low, 0.0))[:, columns]
        piece = replace(
            observed, names=tuple(observed.names[c] for c in columns), known_from=None, covariates=values,
            entry=np.maximum(start, low), time=np.minimum(stop, high), event=event & (stop <= high),
            patient=np.arange(observed.size),
        )  # fmt: skip
        pieces.append(take(piece, here))
    return joined(pieces)


def joined(pieces: list[Observed]) -> Observed:
    """One piece of data after the other."""
    columns = ("covariates", "exposed", "entry", "time", "event", "patient")
    held = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in columns}
    return Observed(names=pieces[0].names, **held)


def accumulated(rows: Observed, score: Floats, dates: Floats, until: Floats, size: int) -> Floats:
    """Hazard of leaving accumulated up to each month of `until`, (size, months), for the patients that `rows` belong to.

    The last stretch of a patient goes on after she has left or died, so that all at risk at one time are given the same date.
    """
    growth = np.append(0.0, np.cumsum(increments(rows, score, dates)))
    ends, final = rows.time.copy(), np.empty(size, dtype=np.int64)
    final[rows.patient] = np.arange(rows.size)  # the rows of a patient come in the order of time
    ends[final] = np.inf

    def baseline(month: Floats) -> Floats:
        return growth[np.searchsorted(dates, month, side="right")]

    total = np.zeros((size, len(until)))
    for k, month in enumerate(until):
        upto = np.where(rows.entry < month, baseline(np.minimum(ends, month)) - baseline(rows.entry), 0.0)
        total[:, k] = np.bincount(rows.patient, upto * score, size)
    return total


def increments(rows: Observed, score: Floats, dates: Floats) -> Floats:
    """Efron's estimate of the baseline hazard at each date: of d who leave at once, the l-th sees l/d of them gone."""
    from_end = np.argsort(rows.time)
    ends, beyond = rows.time[from_end], np.append(np.cumsum(score[from_end][::-1])[::-1], 0.0)
    from_entry = np.argsort(rows.entry)
    starts, ahead = rows.entry[from_entry], np.append(np.cumsum(score[from_entry][::-1])[::-1], 0.0)
    at_risk = beyond[np.searchsorted(ends, dates, side="left")] - ahead[np.searchsorted(starts, dates, side="left")]
    place = np.searchsorted(dates, rows.time[rows.event])
    count, leaving = np.bincount(place, minlength=len(dates)), np.bincount(place, score[rows.event], len(dates))
    of = np.repeat(np.arange(len(dates)), count)
    gone = (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)) / count[of]
    return np.bincount(of, 1.0 / (at_risk[of] - gone * leaving[of]), len(dates))


def weighted_rows(observed: Observed, left: Floats, kept: Kept, *, stabilised: bool) -> tuple[Observed, Floats]:
    """One row per patient and stretch between cuts until she leaves her arm, and the weight of each."""
    stop = np.minimum(observed.time, left)
    edges = np.concatenate(([-np.inf], kept.cuts, [np.inf]))
    low, high = np.maximum(observed.entry[:, None], edges[:-1]), np.minimum(stop[:, None], edges[1:])
    row, stretch = np.nonzero(low < high)
    arms = take(observed, row)
    died = arms.event & np.isinf(left[row]) & (high[row, stretch] == observed.time[row])
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        weights = (kept.overall[stretch] if stabilised else 1.0) / kept.given[row, stretch]
    return replace(arms, entry=low[row, stretch], time=high[row, stretch], event=died), weights
