"""How far apart the two groups are in what was measured."""

from __future__ import annotations

from math import nan

import numpy as np

from biasim.types import Bools, Floats


def standardised_differences(covariates: Floats, exposed: Bools, *, weights: Floats | None = None) -> Floats:
    """Mean of the exposed less mean of the unexposed, in standard deviations, one per column, shape (p,).

    The means are weighted; the standard deviation is sqrt((s1^2 + s0^2) / 2) with the sample variances of the UNWEIGHTED
    groups, so that before and after are measured with one yardstick (Austin 2009, doi 10.1002/sim.3697). For a matched
    sample weight the rows by `matching.match_weights`. A column without any spread gives 0 where the means agree and
    +-inf where not; a group that is empty or carries no weight gives nan.
    """
    covariates = np.asarray(covariates, dtype=np.float64)
    exposed = np.asarray(exposed, dtype=bool)
    groups = covariates[exposed], covariates[~exposed]
    if not all(len(group) for group in groups):
        return np.full(covariates.shape[1], nan)
    plain = [group.mean(axis=0) for group in groups]
    variances = [
        ((group - mean) ** 2).sum(axis=0) / max(len(group) - 1, 1) for group, mean in zip(groups, plain, strict=True)
    ]
    means = plain
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        shares = [own / own.sum() if own.sum() > 0.0 else np.full(len(own), nan) for own in (weights[exposed], weights[~exposed])]
        # weighted deviations from the plain mean: no cancellation for columns far from 0
        means = [
            mean + np.einsum("i,ij->j", share, group - mean)
            for share, group, mean in zip(shares, groups, plain, strict=True)
        ]
    difference = means[0] - means[1]
    spread = np.sqrt((variances[0] + variances[1]) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((difference == 0.0) & (spread == 0.0), 0.0, difference / spread)
