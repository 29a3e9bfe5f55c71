"""From patients to two weighted arms of clones, and what is read off them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.jackknife import clustered_error
from biasim.kernels.weights import effective_size
from biasim.methods._censoring_weights import CensoringModel, Weights, covariates_of, weights_of
from biasim.methods._checks import MARGINAL, failed
from biasim.methods._clones import Clones, clones, empty_strategy
from biasim.methods._weighted_arms import (
    Layout,
    WeightedArm,
    arms_of,
    difference,
    difference_influence,
    layouts,
    log_ratio,
    ratio_influence,
    reaches,
)
from biasim.types import Bools, Floats, Integers, ObservedOverTime

SAID = {
    Status.SEPARATION: "deaths under one strategy only while the other is followed: no finite hazard ratio",
    Status.NOT_CONVERGED: "Newton-Raphson did not converge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What is compared between the two arms."""

    kind: str
    months: float

    def claim(self, grace: float, control: str) -> str:
        """The estimand as it is claimed: against none, or against not within the grace period."""
        said = f"grace={grace:g}" + ("" if control == "never" else ", strategies=within_grace")
        if self.kind == "hazard_ratio":
            return f"{MARGINAL}({said})"
        word = "at" if self.kind == "survival_difference" else "horizon"
        return f"{self.kind}({word}={self.months:g}, {said})"

    @property
    def areas(self) -> bool:
        return self.kind == "rmst_difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulation:
    """The clones of a (re)sample with their weights; `arms` is None where there are no weights."""

    clones: Clones
    model: CensoringModel
    covariates: Floats
    known_from: Floats
    lacking: Bools
    layouts: tuple[Layout, Layout]
    weights: Weights
    arms: tuple[WeightedArm, WeightedArm] | None

    def resampled(self, copies: Floats) -> Emulation:
        """The same clones, every patient `copies` times, with weights fitted to them."""
        weights = weights_of(self.clones, self.covariates, self.known_from, copies, self.model)
        arms = arms_of(self.layouts, weights, copies) if weights.status is Status.OK else None
        return replace(self, weights=weights, arms=arms)

    def refusal(self, estimand: str, diagnostics: dict[str, float]) -> Estimate | None:
        """The row of an analysis that does not get as far as two arms; None when it does."""
        if empty := empty_strategy(estimand, self.clones, diagnostics):
            return empty
        if self.weights.status is not Status.OK:
            return failed(estimand, self.weights.status, self.weights.message, diagnostics)
        return None

    def value(self, wanted: Contrast) -> tuple[float, Status, str]:
        """The estimate; or nan, and why."""
        assert self.arms is not None
        if wanted.kind == "hazard_ratio":
            value, status = log_ratio(*self.arms)
            return value, status, SAID.get(status, "")
        month = wanted.months
        ends = [f"the {arm.layout.name} end at month {arm.last:.4g}" for arm in self.arms if not reaches(arm, month)]
        if ends:
            message = f"follow-up does not reach month {month:g}: {' and '.join(ends)} with some alive"
            return nan, Status.BEYOND_FOLLOW_UP, message
        if all(not arm.deaths[arm.layout.grid <= month].any() for arm in self.arms):
            return nan, Status.NO_EVENTS, f"no death by month {month:g} under either strategy"
        return difference(*self.arms, wanted.areas, month), Status.OK, ""

    def error(self, wanted: Contrast, value: float, patient: Integers) -> float:
        """Sandwich error: influences summed over the clones (and rows) of a patient, weights taken as known."""
        assert self.arms is not None
        if wanted.kind == "hazard_ratio":
            influence = ratio_influence(*self.arms, value)
        else:
            influence = difference_influence(*self.arms, wanted.areas, wanted.months)
        return clustered_error(influence, patient)

    def diagnostics(self) -> dict[str, float]:
        """How many clones were censored, and what the weights of those observed beyond the grace period are worth."""
        assert self.arms is not None
        found, beyond = self.clones, self.clones.time > self.clones.grace
        told = {
            "censored_operated": float(np.count_nonzero(beyond & ~found.within)),
            "censored_unoperated": float(np.count_nonzero(found.departs)),
        }
        for arm, there in zip(self.arms, (beyond & found.within, beyond & ~found.departs), strict=True):
            last = arm.weights.at_own(arm.layout.end)[there]
            told[f"effective_size_{arm.layout.name}"] = effective_size(last)
            if len(last):
                told[f"largest_weight_{arm.layout.name}"] = float(last.max())
        return told


def emulation(observed: ObservedOverTime, *, grace: float, never: bool, model: CensoringModel) -> Emulation:
    """Clone, censor and weight. Without both strategies, or with a value missing, there are no weights."""
    found = clones(observed, grace, never=never)
    covariates, known_from, lacking = covariates_of(observed, found, model)
    start = Emulation(
        clones=found,
        model=model,
        covariates=covariates,
        known_from=known_from,
        lacking=lacking,
        layouts=layouts(found),
        weights=Weights(status=Status.MISSING_VALUES),
        arms=None,
    )
    if empty_strategy("", found, {}) or (lacking.any() and model.model != "none"):
        return start
    return start.resampled(np.ones(observed.size))
