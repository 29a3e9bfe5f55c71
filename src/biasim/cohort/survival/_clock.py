"""The clock on which hazards are step functions: the Weibull baseline's cumulative hazard, and what changes it before surgery."""

from __future__ import annotations

import numpy as np

from biasim.types import Care, Course, Floats

Segments = tuple[tuple[Floats | float, ...], tuple[Floats | float, ...]]


def segments(course: Course, care: Care, shape: float, scale: float) -> Segments:
    """Where on the clock the hazard changes, from 0 on, and its ratio to the patient's own baseline from there, surgery aside."""
    evaluated, begins = ((month / scale) ** shape for month in (course.evaluated, care.begins))
    response = np.exp(course.log_ratio)
    if care.is_none:
        return (0.0, evaluated), (1.0, response)
    other = np.exp(care.log_ratio)
    between = np.where(begins <= evaluated, other, response)
    return (0.0, np.minimum(begins, evaluated), np.maximum(begins, evaluated)), (1.0, between, response * other)


def ratio_at(time: Floats, before: Segments) -> Floats | float:
    """The ratio in force at clock times (n,)."""
    ratio: Floats | float = before[1][0]
    for start, rate in zip(before[0][1:], before[1][1:], strict=True):
        ratio = np.where(time >= start, rate, ratio)
    return ratio
