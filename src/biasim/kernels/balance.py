"""How far apart the two groups are in what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np

from biasim.types import Bools, Floats

ROWS = 4096  # that a pass takes at a time, so that what it works on stays in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Mean of every covariate in the exposed and in the others (2, p), and the standard deviation they share (p,)."""

    means: Floats
    deviation: Floats


def groups(covariates: Floats, exposed: Bools) -> Groups:
    """Means and sqrt((s1^2 + s0^2) / 2), with sample variances, of covariates (n, p); nan where a group is empty."""
    sizes = np.array([np.count_nonzero(exposed), np.count_nonzero(~exposed)], dtype=np.float64)
    if not sizes.all():
        return Groups(means=np.full((2, covariates.shape[1]), nan), deviation=np.full(covariates.shape[1], nan))
    member = np.stack([exposed, ~exposed]).astype(np.float64)
    means = member @ covariates / sizes[:, None]
    left, squares = np.zeros((2, *means.shape))
    for rows, deviations in _deviations(covariates, exposed, means):
        left += member[:, rows] @ deviations
        squares += member[:, rows] @ np.square(deviations)
    left /= sizes[:, None]  # what rounding left of the means, taken off again
    squares -= sizes[:, None] * left**2
    rounding = sizes[:, None] * (np.finfo(np.float64).eps * means) ** 2
    variances = np.where(squares > rounding, squares, 0.0) / np.maximum(sizes - 1.0, 1.0)[:, None]
    return Groups(means=means + left, deviation=np.sqrt(variances.mean(axis=0)))


def standardised_differences(
    covariates: Floats, exposed: Bools, *, weights: Floats | None = None, unweighted: Groups | None = None
) -> Floats:
    """Mean of the exposed less mean of the unexposed, in standard deviations, one per column, shape (p,).

    The means are weighted; the standard deviation is sqrt((s1^2 + s0^2) / 2) with the sample variances of the UNWEIGHTED
    groups, so that before and after are measured with one yardstick (Austin 2009, doi 10.1002/sim.3697). For a matched
    sample weight the rows by `matching.match_weights`. A column without any spread gives 0 where the means agree and
    +-inf where not; a group that is empty or carries no weight gives nan. `unweighted` is what `groups` returned for the
    same rows, where that is known already.
    """
    covariates = np.asarray(covariates, dtype=np.float64)
    exposed = np.asarray(exposed, dtype=bool)
    plain = groups(covariates, exposed) if unweighted is None else unweighted
    means = plain.means
    if weights is not None:
        share = np.stack([exposed, ~exposed]) * np.asarray(weights, dtype=np.float64)
        total = share.sum(axis=1)[:, None]
        moved = np.zeros(means.shape)  # weighted deviations from the plain mean: no cancellation for columns far from 0
        for rows, deviations in _deviations(covariates, exposed, means):
            moved += share[:, rows] @ deviations
        means = means + np.divide(moved, total, out=np.full(means.shape, nan), where=total > 0.0)
    difference = means[0] - means[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((difference == 0.0) & (plain.deviation == 0.0), 0.0, difference / plain.deviation)


def _deviations(covariates: Floats, exposed: Bools, means: Floats) -> Iterator[tuple[slice, Floats]]:
    """Some rows at a time, less the mean of the group that each belongs to."""
    for start in range(0, len(exposed), ROWS):
        rows = slice(start, start + ROWS)
        yield rows, covariates[rows] - means[np.where(exposed[rows], 0, 1)]
