"""A Cox model with its baseline, and two standardised curves with the influence of each patient on their difference."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from biasim.answers import Status
from biasim.kernels import cox, tied_times
from biasim.kernels.jackknife import clustered_error
from biasim.kernels.standardised import Baseline, breslow, functional
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._hazard_ratio import SAID as SAID_BY_COX
from biasim.types import Bools, Floats, Integers, Observed

FARTHEST = 500.0  # linear predictors are kept within exp's range
SAID = {**SAID_BY_COX, Status.NO_EVENTS: "no death", Status.NO_PATIENTS: "nobody is at risk", Status.MISSING_VALUES: MISSING}
NO_DEATH_IN_ARM = "no death in one of the arms: it has no baseline hazard of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is standardised over what."""

    columns: tuple[int, ...]
    by_arm: bool
    exposed_only: bool
    month: float
    area: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The fitted model; exposure is the last column where the baseline is shared, and no column where it is not."""

    status: Status
    message: str = ""
    exposed: Bools
    copies: Floats
    design: Floats = field(default_factory=lambda: np.empty((0, 0)))  # (n, p) centred covariates, then exposure
    slopes: Floats = field(default_factory=lambda: np.empty(0))  # (p,)
    covariance: Floats = field(default_factory=lambda: np.empty((0, 0)))
    baselines: tuple[Baseline, ...] = ()  # one, or that of the exposed and that of the unexposed
    rows: tuple[Bools, ...] = ()  # whose each baseline is


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The contrast and the influence of each row on it."""

    value: float
    influence: Floats

    def error(self, patient: Integers) -> float:
        """Root of the sum of squares over patients; the rows of one are added first."""
        return clustered_error(self.influence, patient)


def fitted(observed: Observed, question: Question, copies: Floats) -> Model:
    """Cox regression and baselines, every patient `copies` times; a column that is aliased has a slope of 0."""
    exposed, values = observed.exposed, observed.covariates[:, question.columns]
    refused = {"exposed": exposed, "copies": copies}
    if np.isnan(values).any():
        return Model(status=Status.MISSING_VALUES, message=MISSING, **refused)
    time, entry = tied_times.merge(observed.time, observed.entry)
    design = values - copies @ values / copies.sum()
    if not question.by_arm:
        design = np.concatenate((design, exposed[:, None]), axis=1, dtype=np.float64)
    slopes, covariance = np.zeros(design.shape[1]), np.zeros((design.shape[1],) * 2)
    if design.shape[1]:
        fit = cox.fit(
            time,
            observed.event,
            design,
            entry=entry if entry.any() else None,
            weights=copies,
            strata=exposed if question.by_arm else None,
            ties="breslow",
        )
        if fit.status is not Status.OK:
            return Model(status=fit.status, message=SAID.get(fit.status, str(fit.status)), **refused)
        slopes, covariance = np.nan_to_num(fit.coefficients), np.nan_to_num(fit.covariance)
        if not question.by_arm and fit.aliased[-1]:
            return Model(status=Status.SINGULAR, message="exposure is a linear combination of the covariates", **refused)
    risk = np.exp(np.clip(design @ slopes, -FARTHEST, FARTHEST))
    rows = (exposed, ~exposed) if question.by_arm else (np.ones(len(exposed), dtype=np.bool_),)
    baselines = tuple(breslow(time[r], observed.event[r], entry[r], risk[r], copies[r]) for r in rows)
    if not all(len(baseline.grid) for baseline in baselines):
        status = Status.SEPARATION if question.by_arm and observed.event.any() else Status.NO_EVENTS
        return Model(status=status, message=NO_DEATH_IN_ARM if question.by_arm else SAID[Status.NO_EVENTS], **refused)
    return Model(
        status=Status.OK, design=design, slopes=slopes, covariance=covariance, baselines=baselines, rows=rows, **refused
    )


def standardised(model: Model, question: Question) -> Outcome:
    """The mean difference of the predicted curves over the target, and each row's influence on it."""
    size, width = model.design.shape
    over = model.copies * model.exposed if question.exposed_only else model.copies
    target = np.flatnonzero(over > 0.0)
    share = over[target] / over.sum()
    shared = not question.by_arm
    design = model.design[target]
    own, slope = np.zeros(len(target)), np.zeros(width)
    influence = np.zeros(size)
    by_step = [np.zeros(len(baseline.grid)) for baseline in model.baselines]
    for exposed, sign in ((1.0, 1.0), (0.0, -1.0)):
        place = 0 if shared else int(1 - exposed)
        if shared:
            design[:, -1] = exposed
        risk = np.exp(np.clip(design @ model.slopes, -FARTHEST, FARTHEST))
        found = functional(model.baselines[place], risk, share, question.month, area=question.area)
        own += sign * found.per_row
        slope += sign * (share * found.by_log_risk) @ design
        by_step[place] += sign * found.by_step
    value = float(share @ own)
    influence[target] = (own - value) / over.sum() * (over[target] > 0.0)
    score = np.zeros((size, width))
    for baseline, rows, steps in zip(model.baselines, model.rows, by_step, strict=True):
        means = _means(baseline, model.design[rows])
        influence[rows] += baseline.residual(steps / baseline.at_risk)
        slope -= (steps * baseline.steps) @ means
        score[rows] = model.design[rows] * baseline.residual(np.ones(len(baseline.grid)))[:, None] - baseline.residual(means)
    return Outcome(value=value, influence=influence + score @ (model.covariance @ slope))


def _means(baseline: Baseline, design: Floats) -> Floats:
    """The mean of the covariates over each risk set, weighted by risk, (m, p)."""
    return baseline.runs.totals(design * (baseline.weights * baseline.risk)[:, None]) / baseline.at_risk[:, None]
