"""Survival: a Weibull hazard, multiplied by prognosis, by the response from its evaluation on, and by surgery."""

from __future__ import annotations

import numpy as np

from biasim.cohort.survival._clock import segments
from biasim.kernels.piecewise import accumulate, reach
from biasim.types import Care, Course, Effect, Floats, Patients, Potential, Treatment
from biasim.units import Positive, PositiveMonths


def weibull(
    patients: Patients,
    course: Course,
    treatment: Treatment,
    care: Care,
    effect: Effect,
    clock: Floats,
    *,
    shape: Positive = 1.0,
    scale: PositiveMonths = 36.0,
) -> Potential:
    """Survival times read from one unit-exponential clock per patient, exact under any wait.

    The hazard is (shape / scale) (t / scale)^(shape - 1) exp(log hazard), times the ratios of
    course, care and effect. Time is measured in the baseline's cumulative hazard, (t / scale)^shape,
    in which the rate is a step function; a patient dies when her clock has been used up.

    Equation
    --------
    h(t) = (shape/scale)(t/scale)^(shape-1) exp(log hazard) x response(t) x care(t) x surgery(t); T = H^-1(E), E ~ exponential(1)

    Where the bias comes from
    -------------------------
    Nowhere by itself: it makes death follow from its causes. Patients who die before their
    planned operation count as not operated, which is what immortal time bias lives on.

    Parameters
    ----------
    shape
        Weibull shape; 1 is a constant hazard.
    scale
        Months at which a patient with log hazard 0 has accumulated a hazard of 1.
    """
    starts, rates = segments(course, care, shape, scale)
    total = clock * np.exp(-patients.log_hazard)

    def months(total: Floats) -> Floats:
        return scale * reach(total, starts, rates) ** (1.0 / shape)

    unoperated = months(total)
    if effect.is_none:
        return Potential(unoperated=unoperated, operated=unoperated, under=lambda wait: unoperated)
    phases = effect.after.tolist()
    ratios = tuple(np.exp(effect.log_ratio.T))
    delay = first_change(effect)

    def under(wait: Floats | float) -> Floats:
        begins = [accumulate(((wait + after) / scale) ** shape, starts, rates) for after in phases]
        changed = months(reach(total, (0.0, *begins), (1.0, *ratios)))
        change = wait + delay
        # Before the first change nothing has happened to her hazard: her time is the unoperated one, to the last bit.
        return np.where(unoperated <= change, unoperated, np.maximum(changed, change))

    return Potential(unoperated=unoperated, operated=under(treatment.wait), under=under)


def first_change(effect: Effect) -> Floats:
    """Months after surgery at which her hazard first differs from the unoperated one; inf when never. Shape (n,)."""
    changes = effect.log_ratio != 0.0
    return np.where(changes.any(axis=1), effect.after[changes.argmax(axis=1)], np.inf)
