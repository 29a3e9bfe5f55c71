"""The hazard ratio of exposure under weights that balance the covariates exactly."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.entropy import entropy_weights
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import IN_EXPOSED, MARGINAL, chosen, counts, failed, refusal
from biasim.methods._hazard_ratio import MISSING, log_hazard_ratio
from biasim.methods._propensity import NO_COVARIATES, Balanced, none
from biasim.types import Observed


def cox_entropy_balanced(
    observed: Observed,
    *,
    target: Literal["ate", "att"] = "ate",
    moments: Literal[1, 2, 3] = 1,
    using: tuple[str, ...] = (),
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression under entropy-balancing weights.

    No score is fitted: of all weights under which the covariates have the means (and further moments) of the target
    population, those nearest to equal ones. Either arm weighs the same in all. The error is the sandwich, one cluster per
    patient, with the weights taken as known; that is conservative where the covariates tell about survival.

    Claims
    ------
    The marginal log hazard ratio, in the population named by `target`.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates; the log odds of exposure are linear in the moments
    balanced (exactly enough for `att`, nearly for `ate`, whose weights are then not quite log-linear); overlap;
    proportional marginal hazards; censoring unrelated to prognosis; exposure fixed at time zero.

    Breaks when
    -----------
    A common cause is hidden, the confounding runs through a moment that is not balanced (in the direction of that
    confounding), exposure is decided after time zero, or the arms hardly overlap (a few weights rule: look at the
    effective sizes). Where no weights can reach the target, the status is SEPARATION.

    Parameters
    ----------
    target : {"ate", "att"}
        Whose effect: everyone's (both arms are weighted), or that of the exposed (the unexposed are).
    moments : {1, 2, 3}
        1 balances means, 2 variances too, 3 skewness too; each covariate for itself.
    using : tuple of str
        Covariates to balance; none named means all measured. Balance is reported for all measured.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Hainmueller 2012, doi 10.1093/pan/mpr025. Zhao and Percival 2017, doi 10.1515/jci-2016-0010.
    """
    diagnostics = counts(observed)
    estimand = IN_EXPOSED if target == "att" else MARGINAL
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    made = balanced(observed, target=target, moments=moments, using=using)
    if made.status is not Status.OK:
        return failed(estimand, made.status, made.message, diagnostics)
    diagnostics |= balance_diagnostics(observed, made.weights)
    return log_hazard_ratio(estimand, observed, diagnostics, weights=made.weights, clusters=(), ties=ties)


def balanced(observed: Observed, *, target: str = "ate", moments: int = 1, using: tuple[str, ...] = ()) -> Balanced:
    """Weights under which both arms have the moments of the target population; either arm weighs as much as that has patients."""
    values, exposed = observed.covariates[:, chosen(observed, using or True)], observed.exposed
    if np.isnan(values).any():
        return none(observed, Status.MISSING_VALUES, MISSING)
    values = values[:, np.ptp(values, axis=0) > 0.0]
    if not values.shape[1]:
        return none(observed, Status.NO_COVARIATES, NO_COVARIATES)
    centred = (values - values.mean(axis=0)) / values.std(axis=0)
    powers = np.hstack([centred**k for k in range(1, moments + 1)])
    whole = exposed if target == "att" else np.ones(observed.size, dtype=bool)
    weights = np.ones(observed.size)
    for name, arm in (("exposed", exposed), ("unexposed", ~exposed)):
        if target == "att" and name == "exposed":
            continue
        shares, status = entropy_weights(powers[arm], powers[whole].mean(axis=0))
        if status is not Status.OK:
            why = "none exist" if status is Status.SEPARATION else "the search did not converge"
            return none(observed, status, f"entropy balancing: no weights give the {name} the moments of the target: {why}")
        weights[arm] = shares * np.count_nonzero(whole)
    return Balanced(weights=weights)
