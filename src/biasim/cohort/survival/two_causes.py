"""Survival: death from the cancer, as in `weibull`, and death from other causes, on which no treatment acts."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.cohort.survival._clock import Segments, ratio_at, segments
from biasim.cohort.survival.weibull import first_change
from biasim.kernels.piecewise import reach
from biasim.types import Care, Course, Effect, Floats, Patients, Potential, Treatment
from biasim.units import CAUSES, Gives, Number, Positive, PositiveMonths


def two_causes(
    patients: Patients,
    course: Course,
    treatment: Treatment,
    care: Care,
    effect: Effect,
    clock: Floats,
    *,
    shape: Positive = 1.0,
    scale: PositiveMonths = 36.0,
    other_ratio: Positive = 0.2,
    other_prognosis: Number = 1.0,
) -> Annotated[Potential, Gives(CAUSES)]:
    """Survival times from one clock per patient under two hazards that add up, exact under any wait.

    Time is measured in the baseline's cumulative hazard, (t / scale)^shape, in which both hazards
    are step functions. Of a death at t the cause is the other one with the probability that its
    hazard has in the sum.

    Equation
    --------
    h(t) = (shape/scale)(t/scale)^(shape-1) [exp(log hazard) x response(t) x care(t) x surgery(t) + q exp(g log hazard)]

    Where the bias comes from
    -------------------------
    Nowhere by itself. Death from other causes shares the prognosis with death from the cancer and
    is out of the surgeon's reach: an analysis that finds surgery to prevent it shows its own confounding.

    Parameters
    ----------
    shape
        Weibull shape; 1 is a constant hazard.
    scale
        Months at which a patient with log hazard 0 has accumulated a hazard of 1 of death from the cancer.
    other_ratio
        Hazard of death from other causes at log hazard 0, as a multiple of that of death from the cancer.
    other_prognosis
        How much of the log hazard bears on other causes: 0 none, 1 all of it.
    """
    total = clock * np.exp(-patients.log_hazard)
    other = other_ratio * np.exp((other_prognosis - 1.0) * patients.log_hazard)
    before = segments(course, care, shape, scale)

    def begin(wait: Floats | float) -> Floats:
        months = np.broadcast_to(wait, total.shape)[:, None] + effect.after
        return (months / scale) ** shape

    def months(begins: Floats) -> Floats:
        starts = tuple(np.sort(np.column_stack([*(np.full(len(total), start) for start in before[0]), begins]), axis=1).T)
        rates = tuple(own_hazard(start, before, begins, effect) + other for start in starts)
        return scale * reach(total, starts, rates) ** (1.0 / shape)

    unoperated = months(begin(np.inf))

    def under(wait: Floats | float) -> Floats:
        change = wait + first_change(effect)
        # Before the first change nothing has happened to her hazard: her time is the unoperated one, to the last bit.
        return np.where(unoperated <= change, unoperated, np.maximum(months(begin(wait)), change))

    def share(wait: Floats | float, death: Floats) -> Floats:
        return other / (own_hazard((death / scale) ** shape, before, begin(wait), effect) + other)

    operated = under(treatment.wait)
    return Potential(unoperated=unoperated, operated=operated, under=under, other_share=share(treatment.wait, operated),
                     other_share_under=lambda wait: share(wait, under(wait)))  # fmt: skip


def own_hazard(time: Floats, before: Segments, begins: Floats, effect: Effect) -> Floats:
    """Hazard of death from the cancer at clock times (n,), against the patient's own baseline; begins (n, phases)."""
    phase = (begins <= time[:, None]).sum(axis=1)
    ratios = np.exp(np.column_stack([np.zeros(len(time)), effect.log_ratio]))
    return ratio_at(time, before) * np.take_along_axis(ratios, phase[:, None], axis=1)[:, 0]
