"""The hazard ratio of exposure in pairs whose total distance on the propensity score is the smallest possible."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.matching import caliper_width, without_rounding
from biasim.kernels.optimal_matching import optimal_pairs
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import IN_EXPOSED, counts, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._lots import lots
from biasim.methods._propensity import Balanced, links_of, none, propensity_score
from biasim.methods._specification import Specification
from biasim.types import Observed
from biasim.units import Deviation


def cox_optimally_matched(
    observed: Observed,
    *,
    caliper: Deviation | None = 0.2,
    scale: Literal["overall", "pooled"] = "overall",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression in optimal pairs on the propensity score.

    Of all ways to pair exposed and unexposed, the one with the smallest total distance on the logit, where leaving an
    exposed patient out costs one caliper: so no pair is further apart than that, and the total (with that price) is
    never above that of greedy matching. Among equal scores the lot decides, not the order of the rows. The error is
    the sandwich with the pair as cluster. `distance` is the mean one in a pair, in standard deviations.

    Claims
    ------
    The marginal log hazard ratio in the exposed: those who found a match.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates, in the form of `specification`; overlap;
    proportional marginal hazards; censoring unrelated to prognosis; exposure fixed at time zero. The error takes the
    score as known.

    Breaks when
    -----------
    A common cause is hidden, exposure is decided after time zero, or many exposed find no match (the estimate is then
    about others than the exposed). With no or a wide caliper and few unexposed, pairs are unlike, in the direction
    of the confounding: the smallest total is no small one.

    Parameters
    ----------
    caliper : float or None
        What leaving an exposed patient out costs and the largest distance, in standard deviations of the logit; None for
        as many pairs as there can be.
    scale : {"overall", "pooled"}
        The standard deviation: of the whole sample, or the root of the mean of the two arms' variances.
    using : tuple of str
        Covariates of the score; none named means all measured. Balance is reported for all measured.
    specification : {"linear", "splines", "interactions", "both"}
        What the logit is made of: covariates, restricted cubic splines of them, their products by twos, or all three,
        as far as the smaller arm holds ten patients per column (see `_specification`); else what is linear.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Rosenbaum 1989, doi 10.2307/2290079; 2012, doi 10.1198/jcgs.2011.09219. Error: Austin 2014, doi 10.1002/sim.5984.
    """
    diagnostics = counts(observed)
    if refused := refusal(IN_EXPOSED, observed, diagnostics):
        return refused
    made = balanced(observed, caliper=caliper, scale=scale, using=using, specification=specification)
    if made.links is None:
        return failed(IN_EXPOSED, made.status, made.message, diagnostics)
    links = made.links
    diagnostics |= balance_diagnostics(observed, made.weights) | {"matched": float(links.of_set.max() + 1)}
    sample = take(observed, links.row)
    return refusal(IN_EXPOSED, sample, diagnostics) or log_hazard_ratio(
        IN_EXPOSED, sample, diagnostics | {"distance": made.distance}, clusters=(links.of_set,), ties=ties
    )


def balanced(
    observed: Observed,
    *,
    caliper: float | None = 0.2,
    scale: str = "overall",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Balanced:
    """The pairs; everyone in one weighs 1."""
    score = propensity_score(observed, using, specification)
    if isinstance(score, Balanced):
        return score
    logit = without_rounding(score.linear_predictor)
    unit = caliper_width(logit, observed.exposed, sd=1.0, scale=scale)
    place = logit / unit if unit > 0.0 else np.zeros(observed.size)
    exposed_row, control_row = optimal_pairs(place, observed.exposed, left_out=caliper, lots=lots(observed))
    if not len(exposed_row):
        return none(observed, Status.NO_MATCHES, f"no unexposed patient within {caliper:g} SD of an exposed one")
    links = links_of(exposed_row, control_row)
    return Balanced(
        weights=np.bincount(links.row, minlength=observed.size).astype(np.float64),
        links=links,
        distance=float(np.abs(place[exposed_row] - place[control_row]).mean()),
    )
