"""Care: systemic therapy that gets better from year to year."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.types import Care, Course, Patients, Treatment
from biasim.units import CalendarYear, HazardRatio, Months, Switch


def improving(
    patients: Patients,
    course: Course,
    treatment: Treatment,
    rng: np.random.Generator,
    *,
    hazard_ratio_per_year: Annotated[HazardRatio, Switch(1.0)] = 0.95,
    reference_year: CalendarYear = 2000.0,
    begins: Months = 0.0,
) -> Care:
    """Each calendar year of diagnosis has its own systemic therapy, the same for all women of that year.

    Takes patients whose diagnoses are spread over years: `patients.two_scores_over_years`, or `two_scores` with an accrual.
    (The patients of `de_novo` have the year in their prognosis already.)

    Equation
    --------
    hazard x HR^(whole year of diagnosis - reference year), from month `begins`

    Where the bias comes from
    -------------------------
    Calendar time: nowhere while surgery is as common in every year. Where surgery falls out of use while therapy improves
    (hazard ratio per year below 1), the operated are women of the early years with the outdated therapy: favours no surgery.
    Where both rise, or the operated of today are set against the unoperated of the past, surgery is credited with what the drugs
    do: favours surgery. A record of the year of diagnosis is enough to set it right.

    Parameters
    ----------
    hazard_ratio_per_year
        Hazard ratio of one calendar year against the year before. Default: assumed, between 0.98 (all women) and 0.91
        (HER2-positive), both seen (calibration table, hr_os by calendar year: Gobbini 2018, Eur J Cancer 96:17).
    reference_year
        The year whose hazard is that of `survival`. Default: the first year of the worlds of two scores.
    begins
        Months from diagnosis to the treatment. Default: assumed.
    """
    years = np.floor(patients.diagnosed) - reference_year
    return Care(begins=begins, log_ratio=log(hazard_ratio_per_year) * years)
