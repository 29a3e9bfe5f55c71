"""Patients: a small transparent world for teaching, with one recorded and one hidden prognostic score."""

from __future__ import annotations

from math import sqrt
from typing import Annotated

import numpy as np

from biasim.types import Patients
from biasim.units import Correlation, LogRatio, Probability, Switch, Years

FIRST_YEAR = 2000.0  # an arbitrary calendar origin: only the spread of diagnoses matters


def two_scores(
    size: int,
    rng: np.random.Generator,
    *,
    recorded_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    hidden_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    correlation: Correlation = 0.0,
    occult_share: Annotated[Probability, Switch(0.0)] = 0.0,
    occult_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    accrual: Years = 0.0,
) -> Patients:
    """Two standard normal scores, both higher in worse prognosis.

    Equation
    --------
    log hazard = b_r recorded + b_h hidden + b_o occult; scores ~ N(0, 1), occult ~ Bernoulli(share)

    Where the bias comes from
    -------------------------
    A score that drives both survival and the choice of surgery confounds: unless the analysis
    adjusts for it, choosing patients with low scores favours surgery. The hidden score cannot
    be adjusted for. Patients with occult metastases live longer and enter a study only through
    their operation, which favours surgery as well.

    Parameters
    ----------
    recorded_log_ratio
        Log hazard ratio per standard deviation of the recorded score. Default: none of it.
    hidden_log_ratio
        Log hazard ratio per standard deviation of the hidden score. Default: none of it.
    correlation
        Correlation of the two scores; at 1 or -1 the recorded score says all there is to know.
    occult_share
        Share of patients whose metastases the first staging does not see. Default: none of it.
    occult_log_ratio
        Log hazard ratio of these patients against the others; below 0, they live longer. Default: none of it.
    accrual
        Years over which diagnoses are spread evenly, from 2000 on.
    """
    recorded = rng.standard_normal(size)
    hidden = correlation * recorded + sqrt(1.0 - correlation**2) * rng.standard_normal(size)
    occult = rng.random(size) < occult_share
    diagnosed = FIRST_YEAR + accrual * rng.random(size)
    return Patients(
        columns={"recorded_score": recorded, "hidden_score": hidden, "occult": occult.astype(float)},
        recorded=("recorded_score",),
        hidden=("hidden_score", "occult"),
        recorded_log_hazard=recorded_log_ratio * recorded,
        hidden_log_hazard=hidden_log_ratio * hidden + occult_log_ratio * occult,
        diagnosed=diagnosed,
        occult=occult,
    )
