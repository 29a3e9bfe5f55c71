"""Cox regression on women who are each seen under both strategies."""

from __future__ import annotations

from math import sqrt

import numpy as np

from biasim.answers import Status
from biasim.errors import NoTruth
from biasim.estimands._strategies import Contrast
from biasim.kernels import cox
from biasim.types import Floats


def log_hazard_ratio(compared: Contrast, horizon: float, covariates: Floats | None = None) -> tuple[float, float]:
    """Log hazard ratio of the strategy, given covariates (n, p) if any, and its robust error with a cluster per woman.

    Each is watched until the horizon, or as long as she is in the study, if that is shorter. What competes with the outcome
    ends observation: the ratio is then that of the cause-specific hazards.
    Exactly (0, 0) where the strategies never differ before the horizon. Raises NoTruth where there is no solution.
    """
    sides, watched = (compared.treated, compared.untreated), (compared.treated_watched, compared.untreated_watched)
    if all(np.array_equal(*(np.minimum(side, horizon) for side in pair)) for pair in (sides, watched)):
        return 0.0, 0.0
    end = np.minimum(horizon, np.concatenate(watched))
    counts = np.concatenate([compared.treated_counts, compared.untreated_counts]) & (end > 0.0)
    survival = np.concatenate(sides)
    size = len(compared.treated)
    design = np.repeat([1.0, 0.0], size)[:, None]
    if covariates is not None:
        design = np.column_stack([np.tile(covariates, (2, 1)), design])
    weights = None if compared.weights is None else np.tile(compared.weights, 2)[counts]
    woman = np.tile(np.arange(size), 2)[counts]
    woman = np.unique(woman, return_inverse=True)[1]
    survival, end = survival[counts], end[counts]
    fit = cox.fit(
        np.minimum(survival, end), survival <= end, np.ascontiguousarray(design[counts]), weights=weights,
        cluster=woman, robust=True,
    )  # fmt: skip
    if fit.status is not Status.OK or fit.aliased[-1]:
        raise NoTruth(f"no hazard ratio can be computed in this cohort ({fit.status})")
    return float(fit.coefficients[-1]), sqrt(fit.robust_covariance[-1, -1])
