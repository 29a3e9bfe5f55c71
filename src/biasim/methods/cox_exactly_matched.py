"""The hazard ratio of exposure among patients who are alike in every covariate, exactly or coarsened."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import chosen, counts, refusal
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._propensity import NO_COVARIATES, Balanced, none
from biasim.methods._strata import CLAIMS, Clusters, fitted_in_strata, stratified
from biasim.types import Floats, Integers, Observed
from biasim.units import PositiveCount


def cox_exactly_matched(
    observed: Observed,
    *,
    bins: PositiveCount | None = 4,
    cut: Literal["width", "quantiles"] = "width",
    target: Literal["ate", "att"] = "att",
    clusters: Clusters = "person",
    using: tuple[str, ...] = (),
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by weighted Cox regression after exact or coarsened exact matching.

    A stratum is a combination of (coarsened) values; those with one arm only are left out (`left_out` patients). In the
    others everyone weighs the size of the stratum in the target population over that of her arm in it. The error is the
    sandwich, with weights and strata taken as known.

    Claims
    ------
    The marginal log hazard ratio, in the exposed (`att`) or everyone (`ate`) of the strata that hold both arms.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates; within a bin it no longer tells exposed from
    unexposed; proportional marginal hazards; censoring unrelated to prognosis; exposure fixed at time zero.

    Breaks when
    -----------
    A common cause is hidden; bins are wide (what is left runs in the direction of the confounding); covariates are many, so
    that hardly anybody finds her like and the estimate is about those few; exposure is decided after time zero. The
    error by person is too large where the strata tell about survival; that by stratum is too small with few strata.

    Parameters
    ----------
    bins : int or None
        How many a covariate is cut into; one with no more different values is matched exactly. None: all exactly.
    cut : {"width", "quantiles"}
        Bins of one width between smallest and largest value, or with equally many patients.
    target : {"ate", "att"}
        Whose effect: that of the exposed, or everyone's.
    clusters : {"person", "stratum"}
        Of the sandwich. By stratum where there are many (some fifty at least), as after matching in pairs.
    using : tuple of str
        Covariates to match on; none named means all measured. Balance is reported for all measured.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Iacus, King and Porro 2012, doi 10.1093/pan/mpr013.
    """
    diagnostics = counts(observed)
    estimand = CLAIMS[target]
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    made = balanced(observed, bins=bins, cut=cut, target=target, using=using)
    return fitted_in_strata(observed, made, diagnostics, estimand=estimand, clusters=clusters, ties=ties)


def balanced(
    observed: Observed, *, bins: int | None = 4, cut: str = "width", target: str = "att", using: tuple[str, ...] = ()
) -> Balanced:
    """The weights that give every combination of values its share in both arms."""
    values = observed.covariates[:, chosen(observed, using or True)]
    if np.isnan(values).any():
        return none(observed, Status.MISSING_VALUES, MISSING)
    if not values.shape[1] or not np.ptp(values, axis=0).any():
        return none(observed, Status.NO_COVARIATES, NO_COVARIATES)
    stratum = np.zeros(observed.size, dtype=np.int64)
    for column in values.T:
        level = _levels(column, bins, cut)
        stratum = np.unique(stratum * (level.max() + 1) + level, return_inverse=True)[1].reshape(-1)
    return stratified(observed, stratum, target=target, alone="no exposed patient has her like among the unexposed")


def _levels(column: Floats, bins: int | None, cut: str) -> Integers:
    """The bin of each value, from 0 on, lower limits included."""
    different, level = np.unique(column, return_inverse=True)
    if bins is None or len(different) <= bins:
        return level.reshape(-1)
    shares = np.arange(1, bins) / bins
    limits = column.min() + shares * np.ptp(column) if cut == "width" else np.quantile(column, shares)
    return np.searchsorted(limits, column, side="right")
