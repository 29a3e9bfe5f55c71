"""The hazard ratio that a perfect trial without covariates would report."""

from __future__ import annotations

from biasim.answers import Truth
from biasim.estimands._strategies import Population, Strategies, Target, contrast
from biasim.estimands._twin_cox import log_hazard_ratio
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def marginal_log_hazard_ratio(
    cohort: Cohort,
    *,
    horizon: PositiveMonths = 120.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
    target: Target = "everyone",
    strategies: Strategies = "operated",
) -> Truth:
    """Log hazard ratio of surgery within `grace` months against none, not conditional on any covariate.

    Cox regression on strategy alone, fitted to every woman twice, once under either strategy, all
    watched until `horizon` at most. Its Monte Carlo standard error is the robust one with a cluster per
    woman (Lin and Wei 1989, doi 10.1080/01621459.1989.10478874), because a woman's two survival
    times come from one clock. Exactly 0 with error 0 where the strategies never differ.

    Where the ratio is not constant in time (the wait before surgery, frailty, an effect by phases)
    the value is the average that Cox regression makes of it up to the horizon; it differs from the
    conditional ratio even in a trial (non-collapsibility).

    Target population
    -----------------
    The women named by `population` and weighted by `target`, each under both strategies, months from
    that population's time zero: diagnosis for `all`, the landmark for `alive_at` (under either strategy
    those whom it lets live to it), randomisation for `randomised`.

    Parameters
    ----------
    horizon
        Months from time zero after which everybody is censored, unless loss or the end of the study came first.
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
        When nobody belongs to the population, or the regression has no solution.
    """
    compared = contrast(
        cohort, strategies=strategies, grace=grace, population=population, landmark=landmark, target=target
    )
    value, mcse = log_hazard_ratio(compared, horizon)
    return Truth(value=value, mcse=mcse)
