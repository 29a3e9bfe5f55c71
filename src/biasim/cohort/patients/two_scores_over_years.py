"""Patients: the two prognostic scores over calendar years, and metastases that only the imaging of later years sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from biasim.cohort.patients.two_scores import FIRST_YEAR, two_scores
from biasim.types import Bools, Floats, Patients
from biasim.units import Correlation, LogRatio, Probability, Switch, Years


@dataclass(frozen=True, slots=True, kw_only=True)
class Imaging:
    """Women with metastases so small that it takes good imaging to see them: how many, how they fare, who is seen when."""

    small_share: Annotated[Probability, Switch(0.0)] = 0.125
    small_log_ratio: Annotated[LogRatio, Switch(0.0)] = -0.5
    seen_first_year: Probability = 0.0
    seen_last_year: Probability = 1.0


def two_scores_over_years(
    size: int,
    rng: np.random.Generator,
    *,
    recorded_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    hidden_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    correlation: Correlation = 0.0,
    years: Years = 15.0,
    imaging: Annotated[Imaging | None, Switch(None)] = None,
) -> Patients:
    """Two standard normal scores as in `two_scores`, diagnoses spread evenly over years, the year recorded.

    `year` is the whole years passed since 2000, and bears on nothing by itself. Women with small metastases are ordinary stage
    IV where the imaging of their year sees these; where it does not they are occult. Scores and dates of diagnosis are
    those of `two_scores`, the draws of the imaging come after.

    Equation
    --------
    log hazard = b_r recorded + b_h hidden + b_s small; P(seen | small) on a straight line from the first year to the last

    Where the bias comes from
    -------------------------
    The scores confound as in `two_scores`. Stage migration by imaging (`imaging`): the better it sees, the more women
    with little disease are called stage IV (small_log_ratio below 0: they live longer), so that stage IV looks better from
    year to year and nobody lives a day longer. Where surgery is rarer in later years, that favours no surgery; where it
    spreads, it favours surgery. Those whom imaging does not see come to stage IV only through their operation, which
    favours surgery (`staging.found_at_surgery`).

    Parameters
    ----------
    recorded_log_ratio
        Log hazard ratio per standard deviation of the recorded score. Default: assumed, none.
    hidden_log_ratio
        Log hazard ratio per standard deviation of the hidden score. Default: assumed, none.
    correlation
        Correlation of the two scores. Default: assumed, none.
    years
        Years over which diagnoses are spread evenly, from 2000 on. Default: assumed.
    imaging
        Small metastases: their share (0.125, tbcrc013_king2013: found after surgery in 16 of 128), their log hazard ratio
        (-0.5, derived from the medians of 2.4 and 4.0 years in bafford2009_stage_migration), and the share that is seen
        in the first and in the last year (assumed). Default: none of it: every metastasis is seen in every year.
    """
    scores = two_scores(
        size, rng, recorded_log_ratio=recorded_log_ratio, hidden_log_ratio=hidden_log_ratio,
        correlation=correlation, accrual=years,
    )  # fmt: skip
    year = np.floor(scores.diagnosed - FIRST_YEAR)
    has, sees = rng.random((2, size))
    small = has < (imaging.small_share if imaging else 0.0)
    occult = small & ~seen(imaging or Imaging(), year, years, sees)
    return Patients(
        columns={**scores.columns, "year": year, "small": small.astype(float), "occult": occult.astype(float)},
        recorded=(*scores.recorded, "year"),
        hidden=("hidden_score", "small", "occult"),
        recorded_log_hazard=scores.recorded_log_hazard,
        hidden_log_hazard=scores.hidden_log_hazard + (imaging.small_log_ratio if imaging else 0.0) * small,
        diagnosed=scores.diagnosed,
        occult=occult,
    )


def seen(imaging: Imaging, year: Floats, years: float, draw: Floats) -> Bools:
    """Whether the imaging of her year would see small metastases. Shape (n,)."""
    last = max(np.ceil(years) - 1.0, 1.0)
    share = imaging.seen_first_year + (imaging.seen_last_year - imaging.seen_first_year) * np.minimum(year / last, 1.0)
    return draw < share
