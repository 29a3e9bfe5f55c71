"""The hazard ratio given covariates: those of the study, or everything that the hazard depends on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Truth
from biasim.errors import NoTruth
from biasim.estimands._strategies import Population, Strategies, contrast
from biasim.estimands._twin_cox import log_hazard_ratio
from biasim.types import Cohort
from biasim.units import Months, PositiveMonths


def conditional_log_hazard_ratio(
    cohort: Cohort,
    *,
    given: Literal["recorded", "everything"] = "recorded",
    horizon: PositiveMonths = 120.0,
    grace: Months = 12.0,
    population: Population = "all",
    landmark: Months = 0.0,
    strategies: Strategies = "operated",
) -> Truth:
    """Log hazard ratio of surgery given covariates, as a perfect trial adjusted for them would report it.

    Given `everything`, it is the world's own parameter: read, not estimated, with error 0. Given the
    `recorded` covariates (in a design: those that it measures), prognosis remains that no covariate
    tells, and the ratio lies nearer 0 than the world's parameter although nothing is confounded
    (non-collapsibility): Cox regression, adjusted, on every woman under either strategy, all watched until
    `horizon`, its Monte Carlo standard error robust with a cluster per woman. Exactly 0 with error 0
    where the strategies never differ.

    Target population
    -----------------
    Given everything, every woman: the ratio is then the same for all of them in every month after
    surgery. Else the women named by `population`, each under both strategies, months from that
    population's time zero.

    Parameters
    ----------
    given
        The covariates it is conditional on.
    horizon
        Months from time zero after which everybody is censored, unless loss or the end of the study came first.
    grace
        Surgery at her own planned date if that comes first, at the end of these months otherwise.
    population, landmark, strategies
        As in marginal_log_hazard_ratio.

    Raises
    ------
    NoTruth
        Given everything, when the effect differs between women or changes with time since surgery: a Cox
        model then estimates an average whose weights depend on follow-up, which is no property of the
        world. When nobody belongs to the population, or the regression has no solution.
    """
    ratio = cohort.effect.log_ratio
    if ratio.size == 0:
        raise NoTruth("conditional_log_hazard_ratio: the cohort has no patients")
    if given == "everything":
        first = ratio.flat[0]
        if np.isnan(first):
            raise NoTruth(
                "conditional_log_hazard_ratio: surgery acts on one of several hazards that make up the outcome, so there is no "
                "single ratio. Ask for `given: recorded`, or choose an outcome of one hazard."
            )
        if (ratio != first).any():
            raise NoTruth(
                "conditional_log_hazard_ratio: the effect of surgery differs between women or over time, so there is no "
                "single ratio. Ask for `given: recorded`, marginal_log_hazard_ratio or rmst_difference instead."
            )
        return Truth(value=float(first), mcse=0.0)
    compared = contrast(
        cohort, strategies=strategies, grace=grace, population=population, landmark=landmark, target="everyone"
    )
    value, mcse = log_hazard_ratio(compared, horizon, recorded(cohort, compared.chosen))
    return Truth(value=value, mcse=mcse)


def recorded(cohort: Cohort, chosen: np.ndarray) -> np.ndarray:
    """The recorded covariates of the chosen women, (n, p)."""
    patients = cohort.patients
    columns = [patients.columns[name][chosen] for name in patients.recorded]
    return np.column_stack(columns) if columns else np.empty((len(chosen), 0))
