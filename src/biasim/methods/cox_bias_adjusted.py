"""A hazard ratio corrected for a hidden binary confounder about which only opinions exist."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import sqrt

from biasim.answers import Estimate, Status
from biasim.kernels.normal_mixture import quantile
from biasim.kernels.sensitivity import confounding_prior
from biasim.methods._checks import estimated
from biasim.methods.cox import cox
from biasim.types import Observed
from biasim.units import Deviation, HazardRatio, Probability

prior = lru_cache(maxsize=64)(confounding_prior)


def cox_bias_adjusted(
    observed: Observed,
    *,
    exposed_prevalence: Probability = 0.3,
    unexposed_prevalence: Probability = 0.5,
    prevalence_spread: Deviation = 0.3,
    hidden_hazard_ratio: HazardRatio = 2.0,
    hidden_spread: Deviation = 0.2,
    adjust: bool | tuple[str, ...] = False,
) -> Estimate:
    """The log hazard ratio of `cox` less what a hidden binary cause is thought to add to it, with total error.

    Probabilistic bias analysis with three independent priors: the prevalence of the hidden cause among the
    exposed and among the unexposed, normal on the logit scale, and its hazard ratio, normal on the log scale. Each draw
    of them would take off a log confounding ratio (Lin, Psaty and Kronmal); here the priors are integrated by
    Gauss-Hermite quadrature instead of drawn. The estimate is the mean, the error combines random error and
    priors, and the interval holds the central 95 % of both together. Default priors are examples, not knowledge.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    What `cox` assumes, but for one hidden binary cause, independent of the covariates within the arms, on which the
    priors are right: the truth is as if drawn from them. Few of the patients die, so that prevalences stay as they were.

    Breaks when
    -----------
    The priors are wrong: a cause that is not there is corrected for all the same (with the defaults, against the exposed),
    and one that is worse than thought stays in part. Where many die the hidden part fades over time, and as much is taken
    off as if it did not (too much). The coverage is that over the priors, not that for any one truth.

    Parameters
    ----------
    exposed_prevalence, unexposed_prevalence : float
        Medians of the priors of the prevalences; 0 and 1 are taken as certain.
    prevalence_spread : float
        Standard deviation of their logits.
    hidden_hazard_ratio : float
        Median of the prior of the hazard ratio of the hidden cause.
    hidden_spread : float
        Standard deviation of its logarithm.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Lin, Psaty and Kronmal 1998, doi 10.2307/2533848. Greenland 2005, doi 10.1111/j.1467-985X.2004.00349.x.
    """
    found = cox(observed, adjust=adjust)
    if found.status is not Status.OK:
        return found
    bias, chances = prior(
        exposed=exposed_prevalence,
        unexposed=unexposed_prevalence,
        prevalence_spread=prevalence_spread,
        hazard_ratio=hidden_hazard_ratio,
        hazard_ratio_spread=hidden_spread,
    )
    centre = float(chances @ bias)
    spread = sqrt(float(chances @ (bias - centre) ** 2))
    diagnostics = {**found.diagnostics, "bias_taken_off": centre, "bias_spread": spread}
    total = sqrt(found.standard_error**2 + spread**2)
    low, high = (quantile(share, found.estimate - bias, chances, found.standard_error) for share in (0.025, 0.975))
    adjusted = estimated(found.estimand, found.estimate - centre, total, diagnostics)
    return replace(adjusted, low=min(low, adjusted.estimate), high=max(high, adjusted.estimate))
