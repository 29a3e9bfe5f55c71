"""The hazard ratio of exposure under inverse-probability weights."""

from __future__ import annotations

from typing import Literal

from biasim.answers import Estimate
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import IN_EXPOSED, IN_OVERLAP, MARGINAL, counts, failed, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._propensity import weighted
from biasim.methods._specification import Specification
from biasim.types import Observed
from biasim.units import UpperShare

balanced = weighted  # what a Love plot shows of this method
CLAIMS = {"ate": MARGINAL, "att": IN_EXPOSED, "overlap": IN_OVERLAP}


def cox_weighted(
    observed: Observed,
    *,
    target: Literal["ate", "att", "overlap"] = "ate",
    stabilised: bool = False,
    truncate: UpperShare | None = None,
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression weighted by the inverse of the propensity score.

    The error is the sandwich, one cluster per patient, with the estimated score taken as known. For `ate` that is
    conservative (by some 15 % where one covariate drives both exposure and death); for `att` and `overlap` it may err
    either way.

    Claims
    ------
    The marginal log hazard ratio, in the population named by `target`.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates, in the form of `specification`; everyone could have been
    exposed or not; proportional marginal hazards; censoring unrelated to prognosis; exposure fixed at time zero.

    Breaks when
    -----------
    A common cause is hidden, exposure is decided after time zero, or some are nearly sure to be exposed or not (a few
    weights rule: look at the effective sizes). Stabilised weights keep the shares of the arms and so move the estimate
    slightly where marginal hazards are not proportional.

    Parameters
    ----------
    target : {"ate", "att", "overlap"}
        Whose effect: everyone's, that of the exposed, or of those who might as well have been either.
    stabilised : bool
        Multiply by the share of the own arm (`ate`), or by the odds that keep the size of the unexposed (`att`);
        `overlap` weights stay as they are.
    truncate : float or None
        A share q such as 0.99: weights are cut at their own quantiles 1 - q and q; None leaves them alone.
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
    Cole and Hernan 2008, doi 10.1093/aje/kwn164. Overlap: Li, Morgan and Zaslavsky 2018,
    doi 10.1080/01621459.2016.1260466. Error: Shu, Young, Toh and Wang 2021, doi 10.1111/biom.13332 (conservative for
    ate); Reifeis and Hudgens 2022, doi 10.1093/aje/kwac014 (either way for att).
    """
    estimand = CLAIMS[target]
    diagnostics = counts(observed)
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    made = weighted(
        observed, target=target, stabilised=stabilised, truncate=truncate, using=using, specification=specification
    )
    if made.message:
        return failed(estimand, made.status, made.message, diagnostics)
    diagnostics |= balance_diagnostics(observed, made.weights)
    return log_hazard_ratio(estimand, observed, diagnostics, weights=made.weights, clusters=(), ties=ties)
