"""The hazard ratio that a perfect trial without covariates would report."""

from __future__ import annotations

from math import sqrt

import numpy as np

from biasim.answers import Status, Truth
from biasim.errors import NoTruth
from biasim.estimands._strategies import Population, contrast
from biasim.kernels import cox
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def marginal_log_hazard_ratio(
    cohort: Cohort,
    *,
    horizon: PositiveMonths = 120.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
) -> Truth:
    """Log hazard ratio of surgery within `grace` months against none, not conditional on any covariate.

    Cox regression on strategy alone, fitted to every woman twice, once under either strategy, all
    watched until `horizon`. Its Monte Carlo standard error is the robust one with a cluster per
    woman (Lin and Wei 1989, doi 10.1080/01621459.1989.10478874), because a woman's two survival
    times come from one clock. Exactly 0 with error 0 where the strategies never differ.

    Where the ratio is not constant in time (the wait before surgery, frailty, an effect by phases)
    the value is the average that Cox regression makes of it up to the horizon; it differs from the
    conditional ratio even in a trial (non-collapsibility).

    Target population
    -----------------
    The women named by `population`, each under both strategies, months from that population's time
    zero: diagnosis for `all` and `exposed` (operated in fact), the landmark for `alive_at` (alive
    then under either strategy), randomisation for `randomised`.

    Parameters
    ----------
    horizon
        Months from time zero after which everybody is censored.
    grace
        Surgery at her own planned date if that comes first, at the end of these months otherwise;
        counted from diagnosis, in the population `randomised` from randomisation.
    population
        Who: `all`, `exposed`, `alive_at` or `randomised`.
    landmark
        Months from diagnosis, for the population `alive_at`.

    Raises
    ------
    NoTruth
        When nobody belongs to the population, or the regression has no solution.
    """
    operated, unoperated = contrast(cohort, grace, population, landmark)
    if np.array_equal(np.minimum(operated, horizon), np.minimum(unoperated, horizon)):
        return Truth(value=0.0, mcse=0.0)
    size = len(operated)
    survival = np.concatenate([operated, unoperated])
    fit = cox.fit(
        np.minimum(survival, horizon),
        survival <= horizon,
        np.repeat([1.0, 0.0], size)[:, None],
        cluster=np.tile(np.arange(size), 2),
        robust=True,
    )
    if fit.status is not Status.OK:
        raise NoTruth(f"marginal_log_hazard_ratio: no hazard ratio can be computed in this cohort ({fit.status})")
    return Truth(value=float(fit.coefficients[0]), mcse=sqrt(fit.robust_covariance[0, 0]))
