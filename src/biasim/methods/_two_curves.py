"""Kaplan-Meier curves by exposure, shared by the methods that compare two of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from biasim.kernels import kaplan_meier as kernel
from biasim.kernels import log_rank as test
from biasim.types import Bools, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm and its curve."""

    name: str
    curve: kernel.Curve

    def at(self, month: float) -> tuple[float, float]:
        """Survival at a month and its Greenwood variance, 0 where the curve is at 1 or at 0."""
        survival = float(kernel.survival_at(self.curve, month))
        return survival, float(kernel.variance_at(self.curve, month)) if survival > 0.0 else 0.0


def arms(observed: Observed) -> tuple[Arm, Arm]:
    """The exposed and the unexposed, both non-empty."""
    by_name = (("exposed", observed.exposed), ("unexposed", ~observed.exposed))
    return observed.once("arms", lambda: tuple(_arm(name, observed, within) for name, within in by_name))


def _arm(name: str, observed: Observed, within: Bools) -> Arm:
    entry = observed.entry[within] if observed.entry.any() else None
    return Arm(name=name, curve=kernel.curve(observed.time[within], observed.event[within], entry=entry))


def too_short(both: tuple[Arm, Arm], month: float) -> str:
    """The sentence that says whose follow-up ends before a month with some still alive; empty when nobody's does."""
    ends = [f"the {arm.name} end at month {arm.curve.last:.4g}" for arm in both if not kernel.reaches(arm.curve, month)]
    return f"follow-up does not reach month {month:g}: {' and '.join(ends)} with some alive" if ends else ""


def medians(both: tuple[Arm, Arm]) -> dict[str, float]:
    """Median survival by arm, where it is reached."""
    found = {f"median_{arm.name}": kernel.reached(arm.curve, 0.5) for arm in both}
    return {name: month for name, month in found.items() if isfinite(month)}


def log_rank(observed: Observed) -> dict[str, float]:
    """Chi-squared on one degree of freedom and its p-value; nothing where the arms are never at risk together."""
    entry = observed.entry if observed.entry.any() else None
    found = test.log_rank(observed.time, observed.event, observed.exposed, entry=entry)
    if found.degrees < 1 or not isfinite(found.chi2):
        return {}
    return {"log_rank": float(found.chi2), "log_rank_p": float(found.p)}
