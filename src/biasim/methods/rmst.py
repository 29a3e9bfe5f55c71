"""The difference in restricted mean survival time."""

from __future__ import annotations

from math import hypot

from biasim.answers import Estimate, Status
from biasim.kernels.rmst import restricted_mean
from biasim.methods._checks import counts, estimated, failed, nobody
from biasim.methods._two_curves import arms, medians, too_short
from biasim.types import Observed
from biasim.units import PositiveMonths


def rmst(observed: Observed, *, horizon: PositiveMonths = 60.0) -> Estimate:
    """Months lived by the exposed minus months lived by the unexposed up to a horizon, from Kaplan-Meier curves.

    The restricted mean is the area under the curve from time zero to the horizon; its error is Greenwood's.

    Claims
    ------
    `rmst_difference(horizon=...)`: months, positive favours exposure.

    Assumes
    -------
    Censoring and delayed entry that carry no information; exposure fixed at time zero; for a causal reading,
    exposed and unexposed alike in everything that bears on death. Hazards need not be proportional.

    Breaks when
    -----------
    Exposure is decided after time zero (immortal time favours the exposed) or goes to those with the better outlook.
    BEYOND_FOLLOW_UP when an arm's observation ends before the horizon with someone still alive: the area is
    undefined, and the curve is not carried forward, nor the horizon shortened, since the estimand would change.
    Few at risk near the horizon make Greenwood's error too small.

    Parameters
    ----------
    horizon : float
        The month from time zero at which the count of months stops.

    References
    ----------
    Royston and Parmar 2013, doi 10.1186/1471-2288-13-152.
    """
    estimand = f"rmst_difference(horizon={horizon:g})"
    diagnostics = counts(observed)
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    both = arms(observed)
    diagnostics |= medians(both)
    if message := too_short(both, horizon):
        return failed(estimand, Status.BEYOND_FOLLOW_UP, message, diagnostics)
    if all(arm.at(horizon)[0] == 1.0 for arm in both):
        return failed(estimand, Status.NO_EVENTS, f"no death by month {horizon:g} in either arm", diagnostics)
    (mean, error), (unexposed, unexposed_error) = (restricted_mean(arm.curve, horizon) for arm in both)
    return estimated(estimand, mean - unexposed, hypot(error, unexposed_error), diagnostics)
