"""What a Cox fit hands back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.answers import Status
from biasim.types import Bools, Floats

ENDLESS = 1e-6  # of the longest component: what of a direction without a maximum is not rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxFit:
    """A fitted Cox model of p covariates. Where the status is not OK, coefficients and covariances are nan.

    With SEPARATION the likelihood has no finite maximum: coefficients that run off are inf or -inf, the others nan.
    With NO_PATIENTS and NO_EVENTS the log likelihood is 0, that of no deaths.
    """

    coefficients: Floats  # (p,) nan where aliased
    covariance: Floats  # (p, p) inverse information; nan where aliased
    robust_covariance: Floats | None  # (p, p) sandwich of dfbeta residuals
    log_likelihood_null: float
    log_likelihood: float
    score_test: float  # chi-square statistic of all coefficients being 0
    iterations: int
    status: Status
    aliased: Bools  # (p,) linear combinations of earlier columns within the risk sets


def unanswered(width: int, robust: bool, status: Status) -> CoxFit:
    """The result where there is no likelihood."""
    unknown = np.full((width, width), np.nan)
    return CoxFit(
        coefficients=np.full(width, np.nan),
        covariance=unknown,
        robust_covariance=unknown.copy() if robust else None,
        log_likelihood_null=0.0,
        log_likelihood=0.0,
        score_test=np.nan,
        iterations=0,
        status=status,
        aliased=np.zeros(width, dtype=bool),
    )


def running_off(direction: Floats) -> Floats:
    """Coefficients (p,) whose likelihood rises for ever along `direction`, in standardised units."""
    size = np.abs(direction)
    return np.where(size > ENDLESS * size.max(), np.copysign(np.inf, direction), np.nan)
