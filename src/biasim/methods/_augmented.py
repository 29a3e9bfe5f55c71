"""One arm of an augmented weighted estimate: models of survival and of loss, and what each patient contributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.answers import Status
from biasim.kernels import augmentation, baseline_hazard, cox, tied_times
from biasim.methods._hazard_ratio import SAID
from biasim.types import Bools, Floats, Observed

MOST = 100  # times at which a survival model jumps: the rest of the deaths joins the next of them
FARTHEST = 200.0  # of a log hazard ratio from the middle of its arm: beyond it a death is sure, or sure not to be
NOTHING = 1e-13  # share of those at risk who are not lost: less is nobody, and rounding

Losses = tuple[Floats, Floats, Floats | None]  # when (k,), jumps of the cumulative hazard (k,), hazard ratios (n,) or ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is estimated: survival at `month`, or the months lived up to it; and how losses are modelled."""

    month: float
    restricted_mean: bool
    losses_by_covariates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The patients as far as the month goes: times (n,) merged and cut, who died, who was lost before, covariates (n, p)."""

    time: Floats
    died: Bools
    lost: Bools
    columns: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """Each patient's part in the mean of one arm (n,) and the largest weight; or why there is none."""

    values: Floats | None = None
    largest_weight: float = np.nan
    status: Status = Status.OK
    message: str = ""


def followed(observed: Observed, month: float, columns: Floats) -> Followed:
    """What the data say up to a month: nothing after it plays a part, and no loss at it is one."""
    (time,) = tied_times.merge(observed.time)
    known = time <= month
    return Followed(
        time=np.minimum(time, month),
        died=observed.event & known,
        lost=~observed.event & (time < month),
        columns=columns,
    )


def contributions(data: Followed, arm: Bools, weights: Floats, wanted: Wanted) -> Contributions:
    """Expectation of every patient under the arm, less the weighted correction of those who are in it.

    `weights` (n,) are inverse probabilities of the own arm. The mean is the estimate of the arm, and the parts less the mean
    are the estimated influence function (Bai, Tsiatis and O'Brien 2013, doi 10.1111/biom.12042).
    """
    time, died = data.time[arm], data.died[arm]
    risk = _ratios(time, died, data.columns, arm)
    if isinstance(risk, Status):
        return Contributions(status=risk, message=f"model of survival: {SAID.get(risk, risk)}")
    losses = _by_covariates(data, arm) if wanted.losses_by_covariates else _by_time(data, arm)
    if isinstance(losses, Status):
        return Contributions(status=losses, message=f"model of losses: {SAID.get(losses, losses)}")
    model = augmentation.steps(
        *baseline_hazard.jumps(time, died, risk[arm]), wanted.month, restricted_mean=wanted.restricted_mean, most=MOST
    )
    when, hazard, losing = losses
    total = np.append(0.0, hazard.cumsum())  # of losses before a moment: whoever dies at it is lost after it
    lost = total[np.searchsorted(when, model.times, side="left")]
    lost_by_end = total[np.searchsorted(when, time, side="left")] * (1.0 if losing is None else losing)
    values, own = augmentation.expectation(model, risk), weights[arm]
    values[arm] -= own * augmentation.correction(
        model, risk[arm], time, died, lost=lost, lost_by_end=lost_by_end, losing=losing
    )
    largest = float(np.max(own * np.exp(np.minimum(lost_by_end, augmentation.LEAST))))
    return Contributions(values=values, largest_weight=largest)


def _ratios(time: Floats, event: Bools, columns: Floats, arm: Bools) -> Floats | Status:
    """Everybody's hazard ratio against the middle of the arm, by Cox regression in it; ones where nothing is to be fitted."""
    if not event.any() or not columns.shape[1]:
        return np.ones(len(columns))
    fit = cox.fit(time, event, columns[arm])
    if fit.aliased.all():
        return np.ones(len(columns))
    if fit.status is not Status.OK:
        return fit.status
    score = columns @ np.nan_to_num(fit.coefficients)
    score -= np.median(score[arm])
    return np.exp(np.clip(score, -FARTHEST, FARTHEST))


def _by_time(data: Followed, arm: Bools) -> Losses:
    """Losses that depend on time alone: minus the logarithms of Kaplan and Meier's factors, the dead of a time gone first."""
    time, lost = data.time[arm], data.lost[arm]
    when, count = np.unique(time[lost], return_counts=True)
    later = len(time) - np.searchsorted(np.sort(time), when, side="right")
    return when, -np.log(np.maximum(later / (later + count), NOTHING)), None


def _by_covariates(data: Followed, arm: Bools) -> Losses | Status:
    """Losses by Cox regression within the arm; on ranks, where a loss can follow the deaths of its time."""
    time, lost = data.time[arm], data.lost[arm]
    moments, rank = np.unique(time, return_inverse=True)
    place = 2.0 * rank + lost
    ratios = _ratios(place, lost, data.columns, arm)
    if isinstance(ratios, Status):
        return ratios
    losing = ratios[arm]
    when, jumps = baseline_hazard.jumps(place, lost, losing)
    return moments[(when // 2).astype(np.int64)], jumps, losing
