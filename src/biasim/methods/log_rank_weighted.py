"""The weighted log-rank test and the hazard ratio that belongs to it."""

from __future__ import annotations

from math import isfinite

from biasim.answers import Estimate, Status
from biasim.kernels import weighted_log_rank as kernel
from biasim.methods._checks import MARGINAL, counts, estimated, failed, refusal
from biasim.types import Observed
from biasim.units import Exponent

SAID = {
    Status.NO_EVENTS: "no death has any weight while both arms are at risk",
    Status.SEPARATION: "the deaths that have weight are all of one arm: the hazard ratio has no finite estimate",
    Status.NOT_CONVERGED: "the weighted score has no root within reach",
}


def log_rank_weighted(observed: Observed, *, rho: Exponent = 0.0, gamma: Exponent = 1.0) -> Estimate:
    """The average log hazard ratio of exposure that a weighted log-rank test tests, with delayed entry honoured.

    A death at t weighs S(t-)^rho (1 - S(t-))^gamma, S being the Kaplan-Meier curve of both arms together: (0, 0) is the
    log-rank test, rho above 0 looks early, gamma above 0 late. The estimate solves the weighted score equation
    (weighted partial likelihood, Breslow's ties), its error is that of the model. The diagnostics hold the test
    (`log_rank`, chi-squared on one degree of freedom, and `log_rank_p`), the one-step ratio U / sum(w v) with its error
    (`one_step`, `one_step_error`), and the max-combo test: the largest absolute z of weights (0, 0), (1, 0), (0, 1),
    (1, 1) (`max_combo`), with its p-value from their joint normal distribution (`max_combo_p`).

    Claims
    ------
    The marginal log hazard ratio: a weighted average over time, equal to it whatever the weights where hazards are
    proportional.

    Assumes
    -------
    Censoring and delayed entry that carry no information; exposure fixed at time zero; for a causal reading, exposed and
    unexposed alike in everything that bears on death. For estimate and error, proportional hazards; the tests hold
    their level without them.

    Breaks when
    -----------
    Hazards are not proportional: the average moves with the weights towards what happens early (rho) or late (gamma),
    and with the pattern of censoring. Exposure that is decided after time zero favours the exposed most at the
    beginning, so that weighting late hides part of immortal time without removing it.

    Parameters
    ----------
    rho : float
        Power of the share still alive.
    gamma : float
        Power of the share already dead; with both 0 every death counts alike.

    References
    ----------
    Harrington and Fleming 1982, doi 10.1093/biomet/69.3.553. Max-combo: Ristl et al. 2021, doi 10.1002/pst.2062.
    Estimate: Sasieni 1993, Journal of the American Statistical Association 88:144.
    """
    diagnostics = counts(observed)
    if refused := refusal(MARGINAL, observed, diagnostics):
        return refused
    entry = observed.entry if observed.entry.any() else None
    arms = observed.once("two arms", lambda: kernel.two_arms(observed.time, observed.event, observed.exposed, entry=entry))
    combo = observed.once("max combo", lambda: kernel.largest(arms))
    (score,), ((variance,),) = kernel.scores(arms, ((rho, gamma),))
    chi2, p = kernel.chi_squared(score, variance)
    information = float(arms.weight(rho, gamma) @ arms.variance())
    told = {"log_rank": chi2, "log_rank_p": p, "max_combo": combo[0], "max_combo_p": combo[1]}
    if information > 0.0:
        told |= {"one_step": score / information, "one_step_error": variance**0.5 / information}
    diagnostics |= {name: float(value) for name, value in told.items() if isfinite(value)}
    status, estimate, error = kernel.log_ratio(arms, rho, gamma)
    if status is not Status.OK:
        return failed(MARGINAL, status, SAID[status], diagnostics)
    return estimated(MARGINAL, estimate, error, diagnostics)
