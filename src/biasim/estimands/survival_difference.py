"""Difference in the probability of being alive at a month."""

from __future__ import annotations

from biasim.answers import Truth
from biasim.estimands._paired import paired_mean
from biasim.estimands._strategies import Population, contrast
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def survival_difference(
    cohort: Cohort,
    *,
    at: PositiveMonths = 36.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
) -> Truth:
    """Difference in the share alive after `at` months, surgery within `grace` months against none.

    Mean of 1(T with surgery > at) - 1(T without > at) over the women; its Monte Carlo standard error
    is that of a mean of paired differences, SD / sqrt(n).

    Target population
    -----------------
    The women named by `population`, each under both strategies, months from that population's time
    zero: diagnosis for `all` and `exposed` (operated in fact), the landmark for `alive_at` (alive
    then under either strategy), randomisation for `randomised`.

    Parameters
    ----------
    at
        Months from time zero.
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
        When nobody belongs to the population.
    """
    operated, unoperated = contrast(cohort, grace, population, landmark)
    return paired_mean((operated > at) * 1.0 - (unoperated > at))
