"""How strong a hidden confounder would have to be: E-values, bounding factor, tipping points. Ratios unless called logarithms.

VanderWeele and Ding 2017, doi 10.7326/M16-2607; Ding and VanderWeele 2016, doi 10.1097/EDE.0000000000000457; Lin, Psaty and
Kronmal 1998, doi 10.2307/2533848.
"""

from __future__ import annotations

from math import exp, expm1, inf, log, nan, sqrt

import numpy as np

from biasim.types import Floats

COMMON = 0.15  # share who die by the end of follow-up from which a hazard ratio is no longer near the risk ratio
LARGEST = 600.0  # log hazard ratios beyond it are cut, so that no power overflows
LOG_2 = log(2.0)


def risk_ratio(log_hazard_ratio: float, *, common: bool) -> float:
    """The risk ratio behind a hazard ratio: (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)), or HR itself where deaths are rare."""
    bounded = max(-LARGEST, min(LARGEST, log_hazard_ratio))
    if not common:
        return exp(bounded)
    root = exp(0.5 * bounded)
    return expm1(-LOG_2 * root) / expm1(-LOG_2 / root)


def e_value(ratio: float) -> float:
    """The least risk ratio that a confounder needs with both exposure and death to turn 1 into `ratio`: R + sqrt(R (R - 1))."""
    away = max(ratio, 1.0 / ratio)
    return away * (1.0 + sqrt(1.0 - 1.0 / away))


def e_values(estimate: float, low: float, high: float, *, common: bool) -> tuple[float, float]:
    """E-values of a log hazard ratio and of the limit of its interval nearest to 0; that of the limit is 1 when 0 is inside."""
    point = e_value(risk_ratio(estimate, common=common))
    if low <= 0.0 <= high:
        return point, 1.0
    return point, e_value(risk_ratio(low if low > 0.0 else high, common=common))


def bounding_factor(exposure_ratio: float, outcome_ratio: float) -> float:
    """The most that a confounder with these two ratios, each at least 1, can multiply a ratio by: E D / (E + D - 1)."""
    return exposure_ratio * outcome_ratio / (exposure_ratio + outcome_ratio - 1.0)


def outcome_ratio_needed(ratio: float, exposure_ratio: float) -> float:
    """The outcome ratio at which the bounding factor reaches `ratio` or its inverse; inf where none does."""
    away = max(ratio, 1.0 / ratio)
    if away == 1.0:
        return 1.0
    return away * (exposure_ratio - 1.0) / (exposure_ratio - away) if exposure_ratio > away else inf


def confounding_ratio(exposed: Floats | float, unexposed: Floats | float, hazard_ratio: Floats | float) -> Floats | float:
    """The hazard ratio that a hidden binary cause makes out of 1, from its prevalence in both arms; exact while few have died."""
    return (1.0 + exposed * (hazard_ratio - 1.0)) / (1.0 + unexposed * (hazard_ratio - 1.0))


def tipping_hazard_ratio(ratio: float, exposed: float, unexposed: float) -> float:
    """The hidden cause's hazard ratio at which its prevalences make `ratio` out of 1; nan where none does."""
    below = exposed - ratio * unexposed
    found = (ratio * (1.0 - unexposed) - (1.0 - exposed)) / below if below else nan
    return found if found > 0.0 else nan


def tipping_prevalence(ratio: float, unexposed: float, hazard_ratio: float) -> float:
    """The prevalence among the exposed at which a hidden cause makes `ratio` out of 1; nan where none does."""
    if hazard_ratio == 1.0:
        return unexposed if ratio == 1.0 else nan
    found = (ratio * (1.0 + unexposed * (hazard_ratio - 1.0)) - 1.0) / (hazard_ratio - 1.0)
    return found if -1e-12 <= found <= 1.0 + 1e-12 else nan


def confounding_prior(
    *,
    exposed: float,
    unexposed: float,
    prevalence_spread: float,
    hazard_ratio: float,
    hazard_ratio_spread: float,
    nodes: int = 15,
) -> tuple[Floats, Floats]:
    """Log confounding ratios under independent priors, and the probability of each: Gauss-Hermite, one dimension a prior.

    Prevalences are logit-normal about their medians with one spread, the hazard ratio is lognormal about its median.
    """
    from scipy.special import expit, logit

    points, chances = np.polynomial.hermite_e.hermegauss(nodes)
    chances = chances / chances.sum()
    in_exposed, in_unexposed = (expit(logit(middle) + prevalence_spread * points) for middle in (exposed, unexposed))
    ratio = np.exp(log(hazard_ratio) + hazard_ratio_spread * points)
    values = np.log(confounding_ratio(in_exposed[:, None, None], in_unexposed[None, :, None], ratio))
    joint = chances[:, None, None] * chances[None, :, None] * chances
    return values.ravel(), joint.ravel()
