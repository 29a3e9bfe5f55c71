"""Records with errors that have nothing to do with anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from biasim.design.recording._columns import drawn, is_mark, places, with_noise
from biasim.types import Cohort, Measured
from biasim.units import Probability, Reliability, Switch


def with_error(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    columns: tuple[str, ...] = (),
    reliability: Annotated[Reliability, Switch(1.0)] = 0.7,
    sensitivity: Annotated[Probability, Switch(1.0)] = 0.8,
    specificity: Annotated[Probability, Switch(1.0)] = 0.95,
) -> Measured:
    """Covariates are recorded with error: noise in continuous columns, misclassification in those of 0 and 1.

    Where the bias comes from
    -------------------------
    Adjusting for a confounder that is recorded with a reliability below 1 adjusts for part of it. About as large a share of
    the confounding stays as the record has of error (1 - reliability, within the operated and the unoperated): favours
    surgery where the fitter women are operated. A sensitivity or specificity below 1 does the same to a column of 0
    and 1. Without confounding such error costs precision and makes no effect, and a larger study repeats the bias exactly.

    Parameters
    ----------
    columns
        Measured columns that are recorded with error; none named means all. A category is a set of columns, each of which
        errs by itself: a woman may be in two classes, or in none.
    reliability
        Variance of a continuous column over its variance with error: 1 without error. Default: 0.7, assumed.
    sensitivity
        Chance that a 1 is recorded as 1. Default: 0.8, assumed.
    specificity
        Chance that a 0 is recorded as 0. Default: 0.95, assumed.

    Returns
    -------
    Measured
        The same columns; gaps stay gaps.

    Raises
    ------
    UnknownColumn
        When a name in `columns` is not measured.

    Source
    ------
    Hutcheon, Chiolero and Hanley 2010, doi 10.1136/bmj.c2289. What stays of the confounding: Cochran 1968,
    doi 10.2307/2528036.
    """
    values = measured.values.copy()
    wanted = places(measured, columns, "recording.with_error.columns")
    for place, true, noise, uniform in drawn(measured, wanted, rng):
        if is_mark(true):
            seen = np.where(true == 1.0, uniform < sensitivity, uniform >= specificity)
            values[:, place] = np.where(np.isnan(true), np.nan, seen)
        else:
            values[:, place] = with_noise(true, noise, reliability)
    return replace(measured, values=values)
