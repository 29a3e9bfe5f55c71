"""The world's own parameter."""

from __future__ import annotations

from biasim.answers import Truth
from biasim.errors import NoTruth
from biasim.types import Cohort


def conditional_log_hazard_ratio(cohort: Cohort) -> Truth:
    """Log hazard ratio of surgery given everything that the hazard depends on.

    Target population
    -----------------
    Every woman: the ratio is the same for all of them and in every month after surgery. Read from
    the world, not estimated, so its Monte Carlo standard error is 0.

    Raises
    ------
    NoTruth
        When the effect differs between women or changes with time since surgery. A Cox model then
        estimates an average whose weights depend on follow-up, which is no property of the world.
    """
    ratio = cohort.effect.log_ratio
    if ratio.size == 0:
        raise NoTruth("conditional_log_hazard_ratio: the cohort has no patients")
    first = ratio.flat[0]
    if (ratio != first).any():
        raise NoTruth(
            "conditional_log_hazard_ratio: the effect of surgery differs between women or over time, so there is no "
            "single ratio. Ask for marginal_log_hazard_ratio or rmst_difference instead."
        )
    return Truth(value=float(first), mcse=0.0)
