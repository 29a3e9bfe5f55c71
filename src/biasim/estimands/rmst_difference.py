"""Months of life gained within a horizon."""

from __future__ import annotations

import numpy as np

from biasim.answers import Truth
from biasim.estimands._strategies import Population, Strategies, Target, contrast
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def rmst_difference(
    cohort: Cohort,
    *,
    horizon: PositiveMonths = 60.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
    target: Target = "everyone",
    strategies: Strategies = "operated",
) -> Truth:
    """Difference in restricted mean survival time, surgery within `grace` months against none.

    Mean of min(T with surgery, horizon) - min(T without, horizon) over the women; its Monte
    Carlo standard error is that of a difference within women.

    Target population
    -----------------
    The women named by `population` and weighted by `target`, each under both strategies, months from
    that population's time zero: diagnosis for `all`, the landmark for `alive_at` (under either strategy
    those whom it lets live to it), randomisation for `randomised`.

    Parameters
    ----------
    horizon
        Months of life counted, from time zero.
    grace
        Surgery at her own planned date if that comes first, at the end of these months otherwise;
        counted from diagnosis, in the population `randomised` from randomisation.
    population
        Who: `all`, `alive_at` or `randomised`.
    landmark
        Months from diagnosis, for the population `alive_at`.
    target
        What they weigh: `everyone` the same, only the `exposed` (operated in fact), or by `overlap`.
    strategies
        What is compared: `operated` against not, operated `within_grace` against not within it, or the arms of a trial
        as `assigned`.

    Raises
    ------
    NoTruth
        When nobody belongs to the population.
    """
    compared = contrast(
        cohort, strategies=strategies, grace=grace, population=population, landmark=landmark, target=target
    )
    return compared.difference(lambda survival: np.minimum(survival, horizon))
