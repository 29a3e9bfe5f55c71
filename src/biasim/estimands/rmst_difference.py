"""Months of life gained within a horizon."""

from __future__ import annotations

import numpy as np

from biasim.answers import Truth
from biasim.estimands._paired import paired_mean
from biasim.estimands._strategies import Population, contrast
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def rmst_difference(
    cohort: Cohort,
    *,
    horizon: PositiveMonths = 60.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
) -> Truth:
    """Difference in restricted mean survival time, surgery within `grace` months against none.

    Mean of min(T with surgery, horizon) - min(T without, horizon) over the women; its Monte Carlo
    standard error is that of a mean of paired differences, SD / sqrt(n).

    Target population
    -----------------
    The women named by `population`, each under both strategies, months from that population's time
    zero: diagnosis for `all` and `exposed` (operated in fact), the landmark for `alive_at` (alive
    then under either strategy), randomisation for `randomised`.

    Parameters
    ----------
    horizon
        Months of life counted, from time zero.
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
    return paired_mean(np.minimum(operated, horizon) - np.minimum(unoperated, horizon))
