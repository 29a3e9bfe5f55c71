"""The difference between two Kaplan-Meier curves at one month."""

from __future__ import annotations

from math import sqrt

from biasim.answers import Estimate, Status
from biasim.methods._checks import counts, estimated, failed, nobody
from biasim.methods._two_curves import arms, log_rank, medians, too_short
from biasim.types import Observed
from biasim.units import PositiveMonths


def kaplan_meier(observed: Observed, *, at: PositiveMonths = 36.0) -> Estimate:
    """Survival of the exposed minus survival of the unexposed at one month, by Kaplan-Meier with Greenwood's error.

    Delayed entry is honoured. The diagnostics hold the medians by arm, where reached, and the log-rank test.

    Claims
    ------
    `survival_difference(at=...)`: probabilities, positive favours exposure.

    Assumes
    -------
    Censoring and delayed entry that carry no information; exposure fixed at time zero; for a causal reading,
    exposed and unexposed alike in everything that bears on death.

    Breaks when
    -----------
    Exposure is decided after time zero (immortal time favours the exposed) or goes to those with the better outlook.
    BEYOND_FOLLOW_UP when an arm's observation ends before the month with someone still alive: the curve is
    undefined there, and is not carried forward. An arm without deaths by then has a Greenwood error of 0; when
    both have, the row is NO_EVENTS, and SINGULAR when nobody of either arm is left alive.

    Parameters
    ----------
    at : float
        The month from time zero at which the curves are compared.

    References
    ----------
    Kaplan and Meier 1958, doi 10.2307/2281868.
    """
    estimand = f"survival_difference(at={at:g})"
    diagnostics = counts(observed)
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    both = arms(observed)
    diagnostics |= medians(both) | log_rank(observed)
    if message := too_short(both, at):
        return failed(estimand, Status.BEYOND_FOLLOW_UP, message, diagnostics)
    (survival, variance), (unexposed, unexposed_variance) = (arm.at(at) for arm in both)
    if survival == unexposed == 1.0:
        return failed(estimand, Status.NO_EVENTS, f"no death by month {at:g} in either arm", diagnostics)
    error = sqrt(variance + unexposed_variance)
    return estimated(estimand, survival - unexposed, error, diagnostics)
