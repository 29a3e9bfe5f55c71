"""The hazard ratio of an exposure that begins during follow-up, beside patients who might have begun at that moment."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import CONDITIONAL, IN_EXPOSED, counts, failed, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._propensity import Balanced
from biasim.methods._risk_sets import followed, risk_set_links
from biasim.methods._specification import Specification
from biasim.types import ObservedOverTime
from biasim.units import Deviation, PositiveCount


def cox_risk_set_matched(
    observed: ObservedOverTime,
    *,
    ratio: PositiveCount = 1,
    caliper: Deviation | None = 0.2,
    later: Literal["censored", "ignored"] = "censored",
    pooled: Literal["stratified", "marginal"] = "stratified",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression after risk-set matching on the hazard of becoming exposed.

    A Cox model tells how soon the covariates lead to exposure; each covariate counts from the month it is known. In order
    of their exposure, patients are matched to the nearest ones in its linear predictor who are then under observation and
    not exposed. Everyone serves as a control once at most (once more after a month in which a covariate becomes known), and
    has her own set when exposed herself. Months count from the exposure of the set. The error is the sandwich,
    clustered by set, and by person where somebody is in two sets (two-way).

    Claims
    ------
    The marginal log hazard ratio in the exposed, those who found a match; stratified by sets, the conditional one.

    Assumes
    -------
    Given the covariates known by then, becoming exposed at a moment is unrelated to the prognosis from then on;
    overlap; proportional hazards from exposure on. `censored`: a control's own exposure carries no information about
    her death beyond the covariates known when she was matched (marginal: none at all). `ignored`: no effect, or few
    controls exposed later.

    Breaks when
    -----------
    Those who respond become exposed and response is not among the covariates (favours the exposed). Marginal and
    `censored`: covariates drive both exposure and death, so that the controls who stay are those least likely
    to be exposed (if that goes with a short life, favours the exposed). Stratified and `censored`: what becomes known
    after the match decides who is exposed. `ignored`: a true effect is diluted.

    Parameters
    ----------
    ratio : int
        Controls per exposed patient, fewer where no more are within the caliper.
    caliper : float or None
        Largest distance, in standard deviations of the linear predictor of those at risk; None for no limit.
    later : {"censored", "ignored"}
        A control who becomes exposed herself: followed until then, or to the end as unexposed.
    pooled : {"stratified", "marginal"}
        A baseline hazard for each set; or one for all sets, each control weighing 1/k.
    using : tuple of str
        Covariates that lead to exposure; none named means all measured. Balance is reported for all measured.
    specification : {"linear", "splines", "interactions", "both"}
        What the predictor is made of: covariates, restricted cubic splines of them, their products by twos, or all three,
        as far as there are ten exposures per column (see `_specification`); else what is linear.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Li, Propert and Rosenbaum 2001, doi 10.1198/016214501753208573. Lu 2005, doi 10.1111/j.1541-0420.2005.00356.x. Error:
    Austin and Cafri 2020, doi 10.1002/sim.8502.
    """
    diagnostics = counts(observed)
    estimand = CONDITIONAL if pooled == "stratified" else IN_EXPOSED
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    made = balanced(observed, ratio=ratio, caliper=caliper, later=later, using=using, specification=specification)
    if made.links is None or made.sample is None:
        return failed(estimand, made.status, made.message, diagnostics)
    links, sample, sets = made.links, made.sample, float(made.links.of_set.max() + 1)
    own = sample.exposed | (observed.exposed_from[links.row] >= observed.time[links.row])
    diagnostics |= balance_diagnostics(observed, made.weights, sample)
    diagnostics |= {"matched": sets, "controls": len(own) - sets, "controls_exposed_later": float(np.sum(~own))}
    by = (links.of_set,) if len(np.unique(links.row)) == len(links.row) else (links.of_set, links.row)
    within = {"strata": links.of_set} if pooled == "stratified" else {"weights": links.weight}
    return refusal(estimand, sample, diagnostics) or log_hazard_ratio(estimand, sample, diagnostics, clusters=by, **within)


def balanced(
    observed: ObservedOverTime,
    *,
    ratio: int = 1,
    caliper: float | None = 0.2,
    later: str = "censored",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Balanced:
    """The sets, one row per patient and part that she plays."""
    links = risk_set_links(observed, ratio=ratio, caliper=caliper, using=using, specification=specification)
    if isinstance(links, Balanced):
        return links
    return Balanced(weights=links.weight, links=links, sample=followed(observed, links, censored=later == "censored"))
