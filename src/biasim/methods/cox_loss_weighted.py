"""The hazard ratio of exposure with those who are still followed standing for those like them who were lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.weights import effective_size
from biasim.methods._checks import MARGINAL, chosen, counts, failed, refusal, take
from biasim.methods._crossover_weights import controls, joined, weighted_rows
from biasim.methods._hazard_ratio import MISSING, log_hazard_ratio
from biasim.types import Bools, Floats, Observed
from biasim.units import PositiveCount

NO_COVARIATES = "no covariate varies, so nothing tells who is lost"
SAME = 1e-6  # months, or years: ends of observation no farther apart are those of the study itself


def cox_loss_weighted(
    observed: Observed,
    *,
    using: tuple[str, ...] = (),
    stabilised: bool = True,
    steps: PositiveCount = 12,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression weighted by the inverse chance of not having been lost.

    In the exposed and in the unexposed apart, a Cox model of the time to loss given covariates says how likely each woman was
    to be still followed. Lost is who leaves without the outcome and without what competes with it, before the study ends: the
    longest time that anybody is watched, or the last calendar date. The error is the sandwich, one cluster per patient, with
    the weights taken as known.

    Claims
    ------
    The marginal log hazard ratio.

    Assumes
    -------
    Whatever drives both loss and death is among the covariates, in the form of the model; everybody had some chance of being
    still followed; exposure fixed at time zero and unrelated to prognosis, as confounding is not adjusted for.

    Breaks when
    -----------
    Loss goes with a prognosis that is not measured: no weight can know it. Few are left of some kind of patient, and large
    weights rule (look at `largest_weight`). Exposure is decided after time zero, or confounded.

    Parameters
    ----------
    using : tuple of str
        Covariates of the model of loss; none named means all measured.
    stabilised : bool
        Multiply by the chance of being still followed in the own group as such, which keeps the weights near 1.
    steps : int
        Stretches of time with one weight each, at most, in either group; no fewer than there are dates of loss is exact.
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
    columns, diagnostics, lost = chosen(observed, using or True), counts(observed), is_lost(observed)
    diagnostics |= {"lost": float(lost.sum()), "lost_exposed": float((lost & observed.exposed).sum())}
    if refused := refusal(MARGINAL, observed, diagnostics):
        return refused
    if np.isnan(values := observed.covariates[:, columns]).any():
        return failed(MARGINAL, Status.MISSING_VALUES, MISSING, diagnostics)
    if lost.any() and not (len(columns) and np.ptp(values, axis=0).any()):
        return failed(MARGINAL, Status.NO_COVARIATES, NO_COVARIATES, diagnostics)
    pieces, parts = [], []
    for name, group in (("exposed", observed.exposed), ("unexposed", ~observed.exposed)):
        own, left = take(observed, np.flatnonzero(group)), np.where(lost, observed.time, np.inf)[group]
        kept = controls(own, left, columns, steps)
        if kept.status is not Status.OK:
            return failed(MARGINAL, kept.status, f"the model of loss of the {name} has no solution", diagnostics)
        diagnostics[f"shrunken_{name}"] = float(kept.shrunken)
        piece, weight = weighted_rows(own, left, kept, stabilised=stabilised)
        pieces.append(piece)
        parts.append(weight)
    return fitted(joined(pieces), np.concatenate(parts), diagnostics, ties)


def is_lost(observed: Observed) -> Bools:
    """Who left before the outcome, what competes with it and the end of the study. Shape (n,)."""
    left = ~observed.event if observed.cause is None else ~observed.event & (observed.cause == 0)
    if not left.any():
        return left
    ended = observed.time >= observed.time.max() - SAME
    if observed.started is not None:
        date = observed.started + observed.time / 12.0
        ended |= date >= date.max() - SAME
    return left & ~ended


def fitted(rows: Observed, weights: Floats, told: Mapping[str, float], ties: str) -> Estimate:
    """The weighted fit, or why the weights allow none."""
    if not np.isfinite(weights).all():
        return failed(MARGINAL, Status.SEPARATION, "a chance of 0 of being still followed leaves no finite weight", told)
    told = {**told, "rows": float(rows.size), "largest_weight": float(weights.max())}
    told["effective_size"] = float(effective_size(weights) / rows.size * told["size"])
    return log_hazard_ratio(MARGINAL, rows, told, weights=weights, clusters=(rows.patient,), ties=ties)
