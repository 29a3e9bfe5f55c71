"""The Cox fit that every method of that family ends with: exposure last, so that it is dropped when not identified."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import cox as kernel
from biasim.methods._checks import estimated, failed
from biasim.types import Floats, Integers, Observed

SAID = {
    Status.SEPARATION: "a coefficient grows without bound: exposure or a covariate tells who dies",
    Status.NOT_CONVERGED: "Newton-Raphson did not converge",
    Status.SINGULAR: "the information matrix is singular",
}
MISSING = "a covariate has missing values: impute them, or use complete cases"
DETERMINED = "{} is a linear combination of the covariates"
FEW_CLUSTERS = "the robust variance vanishes: too few independent patients or sets"
VANISHED = 1e-12  # robust variance as a share of the model's: below it is the rounding error of a sum that is zero


def log_hazard_ratio(
    estimand: str,
    observed: Observed,
    diagnostics: Mapping[str, float],
    *,
    covariates: Integers | None = None,
    weights: Floats | None = None,
    strata: Integers | None = None,
    clusters: tuple[Integers, ...] | None = None,
    ties: str = "efron",
) -> Estimate:
    """The log hazard ratio of exposure, one row of `observed` per interval at risk.

    `covariates` are columns to adjust for. `clusters` asks for the sandwich: none named means one
    cluster per row, one means the usual, two mean the two-way sandwich of `two_way`.
    """
    design = _design(observed, covariates)
    return coefficient_of_last(
        estimand, observed, design, diagnostics, weights=weights, strata=strata, clusters=clusters, ties=ties
    )


def coefficient_of_last(
    estimand: str,
    observed: Observed,
    design: Floats,
    diagnostics: Mapping[str, float],
    *,
    weights: Floats | None = None,
    strata: Integers | None = None,
    clusters: tuple[Integers, ...] | None = None,
    ties: str = "efron",
    called: str = "exposure",
) -> Estimate:
    """The log hazard ratio of the last column of a design (n, p), `called` so in messages; options as in `log_hazard_ratio`."""
    if np.isnan(design).any():
        return failed(estimand, Status.MISSING_VALUES, MISSING, diagnostics)

    def fit(**options: object) -> kernel.CoxFit:
        entry = observed.entry if observed.entry.any() else None
        return kernel.fit(
            observed.time, observed.event, design, entry=entry, weights=weights, strata=strata, ties=ties, **options
        )

    first = fit() if clusters is None else fit(robust=True, cluster=clusters[0] if clusters else None)
    diagnostics = {**diagnostics, "iterations": float(first.iterations)}
    if first.status is not Status.OK:
        return failed(estimand, first.status, SAID.get(first.status, str(first.status)), diagnostics)
    if first.aliased[-1]:
        return failed(estimand, Status.SINGULAR, DETERMINED.format(called), diagnostics)
    model = variance = first.covariance[-1, -1]
    if clusters is not None:
        variance = first.robust_covariance[-1, -1]
        if len(clusters) == 2:
            other, row = fit(robust=True, cluster=clusters[1]), fit(robust=True)
            variance = two_way(variance, other.robust_covariance[-1, -1], row.robust_covariance[-1, -1])
        if variance <= VANISHED * model:
            return failed(estimand, Status.SINGULAR, FEW_CLUSTERS, diagnostics)
    return estimated(estimand, first.coefficients[-1], np.sqrt(variance), diagnostics)


def two_way(one: float, other: float, intersection: float) -> float:
    """The variance for two crossed clusterings: the sum of the one-way sandwiches less that of their intersection.

    Austin and Cafri 2020, doi 10.1002/sim.8502; Cameron, Gelbach and Miller 2011, doi 10.1198/jbes.2010.07136.
    In small samples the difference can be negative; then the larger one-way variance stands.
    """
    total = one + other - intersection
    return total if total > 0.0 else max(one, other)


def _design(observed: Observed, covariates: Integers | None) -> Floats:
    """Covariates, then exposure: shape (n, p + 1), contiguous by row."""
    exposure = observed.exposed.astype(np.float64)[:, None]
    if covariates is None or not len(covariates):
        return exposure
    if len(covariates) == len(observed.names):
        return np.concatenate((observed.covariates, exposure), axis=1)
    return np.concatenate((observed.covariates[:, covariates], exposure), axis=1)
