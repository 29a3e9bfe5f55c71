"""The study closes on a date."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Floats
from biasim.units import CalendarYear


def calendar(cohort: Cohort, time_zero: Floats, rng: np.random.Generator, *, until: CalendarYear = 2019.0) -> Floats:
    """Follow-up ends for everybody on 1 January of a year.

    Where the bias comes from
    -------------------------
    Nowhere while the date of diagnosis does not carry prognosis: women diagnosed late are watched
    for a shorter time, and the end does not depend on how they fare. Where prognosis improves and
    surgery becomes rarer over the years, the year of diagnosis belongs among the covariates.

    Parameters
    ----------
    until
        Year on whose first day follow-up ends. Women diagnosed later are not in the study.

    Returns
    -------
    Floats
        Shape (n,), months from diagnosis.
    """
    return 12.0 * (until - cohort.patients.diagnosed)
