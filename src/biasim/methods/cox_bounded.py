"""A hazard ratio with an interval that allows for hidden confounding of a stated strength."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Annotated, Literal

from biasim.answers import Estimate, Status
from biasim.kernels.sensitivity import bounding_factor
from biasim.methods.cox import cox
from biasim.types import Observed
from biasim.units import Unit, Within

AtLeastOne = Annotated[float, Unit("ratio"), Within(1.0)]


def cox_bounded(
    observed: Observed,
    *,
    exposure_ratio: AtLeastOne = 2.0,
    outcome_ratio: AtLeastOne = 2.0,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of `cox`, its 95% interval widened by the most that a stated hidden confounder can do.

    A confounder of these strengths moves a hazard ratio by at most the bounding factor B = E D / (E + D - 1), in either
    direction. Both limits are moved outwards by log B; estimate and standard error stay those of `cox`.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not; by its interval, not by its estimate.

    Assumes
    -------
    What `cox` assumes, but for a hidden confounder no stronger than stated: at any time, among those still at risk and
    given the covariates, no value of it is more than `exposure_ratio` times as frequent in one arm as in the other, and
    the hazards of no two values differ by a factor of more than `outcome_ratio`. The interval then covers in AT LEAST
    95 % of studies; without confounding in far more.

    Breaks when
    -----------
    The confounder is stronger than stated (the interval covers too seldom, on the side of the confounding). The
    estimate itself is as biased as that of `cox`. As the frail die, prevalences drift apart: where death is
    common, give as `exposure_ratio` not the ratio of the prevalences at time zero but the ratio of their odds, which
    it cannot exceed later on when exposure does nothing.

    Parameters
    ----------
    exposure_ratio : float
        How many times as frequent a value of the confounder is in one arm as in the other, at most.
    outcome_ratio : float
        By what factor the confounder multiplies the hazard, at most.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Ding and VanderWeele 2016, doi 10.1097/EDE.0000000000000457.
    """
    found = cox(observed, adjust=adjust, ties=ties)
    if found.status is not Status.OK:
        return found
    factor = bounding_factor(exposure_ratio, outcome_ratio)
    return replace(
        found,
        low=found.low - log(factor),
        high=found.high + log(factor),
        diagnostics={name: value for name, value in found.diagnostics.items() if not name.startswith("e_value")}
        | {"bounding_factor": factor},
    )
