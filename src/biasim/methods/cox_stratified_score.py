"""The hazard ratio of exposure within strata of the propensity score."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, counts, refusal
from biasim.methods._propensity import Balanced, propensity_score
from biasim.methods._specification import Specification
from biasim.methods._strata import CLAIMS, fitted_in_strata, stratified
from biasim.types import Observed
from biasim.units import PositiveCount

SAME = 1e-9  # in standard deviations of the score: closer to a limit is on it, so that rounding moves nobody


def cox_stratified_score(
    observed: Observed,
    *,
    strata: PositiveCount = 5,
    pooled: Literal["stratified", "marginal"] = "stratified",
    target: Literal["ate", "att"] = "ate",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression over quantile strata of the propensity score.

    `stratified`: each stratum has its own baseline hazard, all share one hazard ratio; the error is the model's.
    `marginal`: everyone is weighted by the size of her stratum over the size of her arm in it (marginal mean weighting
    through stratification); the error is the sandwich, one cluster per patient, with the strata taken as known, which for
    `ate` is conservative. A stratum with one arm only is left out (`left_out` patients).

    Claims
    ------
    The conditional log hazard ratio when stratified, the marginal one (in the population of `target`) when marginal.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates, in the form of `specification`; within a stratum
    the score no longer tells exposed from unexposed; proportional hazards; censoring unrelated to prognosis (given the
    stratum, when stratified); exposure fixed at time zero.

    Breaks when
    -----------
    Strata are wide: five leave about a tenth of the confounding that the score could remove, two or three more of
    it, in the direction of the confounding. A common cause is hidden, or exposure is decided after time zero. Stratified with a
    true effect: given the score alone and not all that drives death, it lies between marginal and conditional.

    Parameters
    ----------
    strata : int
        How many, between quantiles of the score of everybody (`ate`) or of the exposed (`att`).
    pooled : {"stratified", "marginal"}
        How the strata become one number.
    target : {"ate", "att"}
        Whose effect: everyone's, or that of the exposed. Stratified, it moves the limits of the strata only.
    using : tuple of str
        Covariates of the score; none named means all measured. Balance is reported for all measured, by the weights.
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
    Cochran 1968, doi 10.2307/2528036. Rosenbaum and Rubin 1984, doi 10.1080/01621459.1984.10478078. Marginal: Hong
    2010, doi 10.3102/1076998609359785.
    """
    diagnostics = counts(observed)
    estimand = CONDITIONAL if pooled == "stratified" else CLAIMS[target]
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    made = balanced(observed, strata=strata, target=target, using=using, specification=specification)
    return fitted_in_strata(observed, made, diagnostics, estimand=estimand, ties=ties)


def balanced(
    observed: Observed,
    *,
    strata: int = 5,
    target: str = "ate",
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Balanced:
    """The weights that give every stratum of the score its share in both arms."""
    score = propensity_score(observed, using, specification)
    if isinstance(score, Balanced):
        return score
    logit = score.linear_predictor
    limits = np.quantile(logit[observed.exposed] if target == "att" else logit, np.arange(1, strata) / strata)
    stratum = np.searchsorted(limits + SAME * logit.std(), logit)
    return stratified(observed, stratum, target=target, alone=f"none of {strata} strata of the score holds both arms")
