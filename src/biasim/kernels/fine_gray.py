"""The proportional subdistribution hazards model of Fine and Gray, one row per patient.

Who has died of another cause stays at risk, with the weight W(t) / W(T) at a later time t: W(t) is the chance of being still
under observation just before t, from the Kaplan-Meier curve of censoring (at one time deaths come before losses) and, with late
entry, times the chance of having entered by then. Conventions are those of `finegray` of R's survival package 3.5, whose
start-stop data, fitted by `coxph` with a cluster per patient, give the same coefficients and robust covariance. Here the weight
is one factor of the patient and one of the time, so that running sums do: O(n log n), no expanded data.
Fine and Gray 1999, doi 10.1080/01621459.1999.10474144; late entry: Geskus 2011, doi 10.1111/j.1541-0420.2010.01420.x.
"""

from __future__ import annotations

import numpy as np

from biasim.answers import Status
from biasim.kernels import tied_times
from biasim.kernels._cox_newton import answer
from biasim.kernels._cox_numpy import Problem
from biasim.kernels._cox_result import CoxFit, unanswered
from biasim.kernels._cox_risk_sets import RiskSets, risk_sets
from biasim.kernels._cox_rows import standardised
from biasim.kernels._cox_sums import differences
from biasim.types import Bools, Floats, Integers


class Subdistribution(Problem):
    """The partial likelihood in which rows (m,) linger from their `turn` on: at risk at the death times e < turn, weighted.

    Death times are numbered from the latest on, as in RiskSets. Rows of `turn` 0 do not linger; `own` is the factor 1 / W(T).
    """

    def __init__(
        self, columns: Floats, sets: RiskSets, efron: bool, turn: Integers, own: Floats, watched: Floats
    ) -> None:
        super().__init__(columns, None, sets, efron)
        lingering = np.flatnonzero(turn)
        self.turn, self.own, self.watched = turn, own, watched
        self.lingering = lingering[np.argsort(turn[lingering], kind="stable")]
        self.turns, self.factor = turn[self.lingering], own[self.lingering]
        times = np.arange(sets.times)
        self.turned = np.searchsorted(self.turns, times, side="right")
        # of their own intervals: who joins at her turn, and leaves where she entered late; time runs backwards
        late = self.lingering[sets.last[self.lingering] < sets.times]
        key = np.concatenate((2 * self.turns, 2 * sets.last[late] + 1))
        order = np.argsort(key, kind="stable")
        self.row = np.concatenate((self.lingering, late))[order]
        self.sign = np.where(order < len(self.lingering), 1.0, -1.0)
        self.upon = np.searchsorted(key[order], 2 * times + 1, side="right")

    def only(self, kept: Bools) -> Subdistribution:
        columns = self.columns[np.append(kept, True)]
        return Subdistribution(columns, self.sets, self.efron, self.turn, self.own, self.watched)

    def at_risk(self, values: Floats, sums: Floats) -> None:
        own = differences(values.take(self.row, axis=1) * self.sign, self.upon, np.zeros_like(self.upon))
        still = np.zeros((len(values), len(self.lingering) + 1))
        lingering = values.take(self.lingering[::-1], axis=1) * self.factor[::-1]
        np.add.accumulate(lingering, axis=1, out=still[:, 1:])
        values[:, self.lingering] = 0.0
        super().at_risk(values, sums)
        sums += own + self.watched * still.take(len(self.lingering) - self.turned, axis=1)

    def exposure(self, increments: Floats) -> Floats:
        met = super().exposure(increments)
        rows, zero = self.lingering, np.zeros_like(self.turns)
        own = differences(increments, self.sets.last[rows], self.turns)
        met[..., rows] = own + self.factor * differences(increments * self.watched, self.turns, zero)
        return met


def fit(
    time: Floats, event: Bools, other: Bools, covariates: Floats, *, entry: Floats | None = None, efron: bool = True
) -> CoxFit:
    """Fit the model to n patients: `event` ends of the cause asked for, `other` ends of any other, each at risk in (entry, time].

    The robust covariance has one cluster per patient and takes the weights as known, as `finegray` with `coxph` does; that of
    `crr` (R: cmprsk) adds a term for their estimation. SINGULAR where a patient's weight is not defined: late entry with nobody
    under observation at some time before.
    """
    time, event, other = np.asarray(time, dtype=np.float64), np.asarray(event, bool), np.asarray(other, bool)
    covariates = np.asarray(covariates, dtype=np.float64)
    if entry is None:
        (time,) = tied_times.merge(time)
    else:
        time, entry = tied_times.merge(time, np.asarray(entry, dtype=np.float64))
        kept = entry < time
        time, event, other, entry, covariates = time[kept], event[kept], other[kept], entry[kept], covariates[kept]
    width = covariates.shape[1]
    if not event.any():
        return unanswered(width, True, Status.NO_EVENTS if len(time) else Status.NO_PATIENTS)
    # numbered, since times merged once must not be merged again on the scale of fewer of them
    distinct = np.unique(time if entry is None else np.concatenate((time, entry)))
    place, begin = (None if one is None else np.searchsorted(distinct, one).astype(np.float64) for one in (time, entry))
    sets = risk_sets(np.where(other, np.inf, place), event, begin, None)
    moments = np.unique(time[event])[::-1]
    died = event | other
    with np.errstate(divide="ignore"):
        own = np.where(other, 1.0 / under_observation(time, died, entry, time), 1.0)
    watched = under_observation(time, died, entry, moments)
    turn = np.where(other, np.searchsorted(-moments, -time), 0)[sets.rows]
    own = own[sets.rows]
    if not np.isfinite(own).all():
        return unanswered(width, True, Status.SINGULAR)
    x, scale = standardised(covariates, sets.rows)
    return answer(Subdistribution(x, sets, efron, turn, own, watched), scale, robust=True)


def under_observation(time: Floats, died: Bools, entry: Floats | None, months: Floats) -> Floats:
    """W just before each of `months`: the chance of not being lost before, times that of having entered before."""
    leaves = np.sort(time)
    lost, count = np.unique(time[~died], return_counts=True)
    # at a loss at c at risk are those who end at c alive or later, and have entered before c
    ended = np.searchsorted(leaves, lost, side="left") + _tally(time[died], lost)
    at_risk = len(time) - ended - (0 if entry is None else len(entry) - np.searchsorted(np.sort(entry), lost, side="left"))
    remaining = np.append(1.0, np.cumprod(1.0 - count / at_risk))[np.searchsorted(lost, months, side="left")]
    if entry is None:
        return remaining
    entered, count = np.unique(entry, return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), entered, side="right") - np.searchsorted(leaves, entered, side="right")
    later = np.append(np.cumprod((1.0 - count / at_risk)[::-1])[::-1], 1.0)
    return remaining * later[np.searchsorted(entered, months, side="left")]


def _tally(values: Floats, at: Floats) -> Integers:
    """How many of `values` equal each of `at`."""
    ascending = np.sort(values)
    return np.searchsorted(ascending, at, side="right") - np.searchsorted(ascending, at, side="left")
