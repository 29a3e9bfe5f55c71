"""The hazard ratio between the arms of a trial, patients being censored when they leave their arm, with weights."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.weights import effective_size
from biasim.methods._checks import MARGINAL, chosen, failed, refusal, take
from biasim.methods._crossover_weights import controls, joined, nobody_leaves, surgery, weighted_rows
from biasim.methods._hazard_ratio import MISSING, log_hazard_ratio
from biasim.methods._trial import arm_counts, by_arm, left_arm, no_trial
from biasim.types import Floats, Observed, ObservedTrial
from biasim.units import Months, PositiveCount, UpperShare

NO_COVARIATES = "no covariate varies, so nothing tells who leaves her arm"


def trial_crossover_censored(
    observed: ObservedTrial,
    *,
    window: Months = 12.0,
    weights: Literal["stabilised", "plain", "none"] = "stabilised",
    using: tuple[str, ...] = (),
    steps: PositiveCount = 10,
    truncate: UpperShare | None = None,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of surgery against none by Cox regression, everybody being censored when she leaves her arm.

    A control patient is censored at her operation; one of the surgery arm at the end of the window, if not operated by then.
    Those who stay are weighted by the inverse chance of having stayed: in the control arm from a Cox model of crossing over, from
    the end of the window on in the surgery arm from a logistic model of having been operated. The error is the sandwich,
    one cluster per patient, with the weights taken as known.

    Claims
    ------
    The marginal log hazard ratio.

    Assumes
    -------
    Whatever bears on both prognosis and leaving the arm is among the covariates, in the form of these models; everyone might have
    kept to her arm; proportional marginal hazards; other censoring without information.

    Breaks when
    -----------
    A common cause of death and of leaving the arm is not measured, or is measured at time zero only while what decides comes
    later: when those with the better outlook cross over, surgery looks better. A few large weights rule when nearly
    all of some kind leave their arm (see `largest_weight`, `effective_size`). Where few leave, the covariates may tell who
    (separation), and the model of that arm is fitted with a weak prior (`shrunken_control`, `shrunken_surgery`).

    Parameters
    ----------
    window : float
        Months from randomisation within which a patient of the surgery arm must be operated.
    weights : {"stabilised", "plain", "none"}
        Multiplied by the arm's own chance of having stayed, or not; `none` censors without weights.
    using : tuple of str
        Covariates of the models, each from the month on from which it is known; none named means all measured.
    steps : int
        Control weights change at each date of crossing over; this many times, evenly over these
        dates, where there are more (10 leave a bias of some 0.003).
    truncate : float or None
        A share q such as 0.99: weights of person-time are cut at their own quantiles 1 - q and q; None leaves them alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Robins and Finkelstein 2000, doi 10.1111/j.0006-341X.2000.00779.x.
    """
    diagnostics, columns = arm_counts(observed), chosen(observed, using or True)
    if refused := no_trial(MARGINAL, observed, diagnostics):
        return refused
    left = left_arm(observed, window)
    diagnostics |= {"left_arm": float(np.isfinite(left).sum())}
    if weights == "none" or np.isinf(left).all():
        weights = "none"
    elif np.isnan(values := observed.covariates[:, columns]).any():
        return failed(MARGINAL, Status.MISSING_VALUES, MISSING, diagnostics)
    elif not len(columns) or not np.ptp(values, axis=0).any():
        return failed(MARGINAL, Status.NO_COVARIATES, NO_COVARIATES, diagnostics)
    pieces, parts = [], []
    for arm in (False, True):
        rows = np.flatnonzero(observed.assigned == arm)
        own = take(observed, rows)
        if weights == "none":
            kept = nobody_leaves(own.size)
        else:
            kept = surgery(own, window, columns) if arm else controls(own, left[rows], columns, steps)
        if kept.status is not Status.OK:
            return failed(MARGINAL, kept.status, kept.message, diagnostics)
        diagnostics[f"shrunken_{'surgery' if arm else 'control'}"] = float(kept.shrunken)
        piece, weight = weighted_rows(by_arm(own), left[rows], kept, stabilised=weights == "stabilised")
        pieces.append(piece)
        parts.append(weight)
    return _fitted(joined(pieces), np.concatenate(parts), diagnostics, truncate, ties)


def _fitted(rows: Observed, weights: Floats, told: dict[str, float], truncate: float | None, ties: str) -> Estimate:
    """The weighted fit, or why the weights allow none."""
    if not np.isfinite(weights).all():
        return failed(MARGINAL, Status.SEPARATION, "a chance of 0 to have kept to the arm leaves no finite weight", told)
    if truncate is not None:
        weights = np.clip(weights, *np.quantile(weights, (1.0 - truncate, truncate)))
    told = {**told, "rows": float(rows.size), "largest_weight": float(weights.max())}
    told["effective_size"] = float(effective_size(weights) / rows.size * told["size"])
    return refusal(MARGINAL, rows, told) or log_hazard_ratio(
        MARGINAL, rows, told, weights=weights, clusters=(rows.patient,), ties=ties
    )
