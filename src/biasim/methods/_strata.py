"""Strata of like patients: the weights that give every stratum its share in both arms, or a fit within each."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import CONDITIONAL, IN_EXPOSED, MARGINAL, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._propensity import Balanced, none
from biasim.types import Integers, Observed

Clusters = Literal["person", "stratum"]
CLAIMS = {"ate": MARGINAL, "att": IN_EXPOSED}


def stratified(observed: Observed, stratum: Integers, *, target: str, alone: str) -> Balanced:
    """Marginal mean weights: size of the stratum in the target population, by size of one's own arm in it.

    Strata that hold one arm only are left out, weight 0; `alone` is what is said when all do. The arms weigh the same in
    all. Hong 2010, doi 10.3102/1076998609359785, who multiplies by the share of one's arm besides.
    """
    exposed, count = observed.exposed, int(stratum.max(initial=-1)) + 1
    with_exposure = np.bincount(stratum[exposed], minlength=count)
    without = np.bincount(stratum[~exposed], minlength=count)
    both = ((with_exposure > 0) & (without > 0))[stratum]
    if not both.any():
        return none(observed, Status.NO_MATCHES, alone)
    size = with_exposure if target == "att" else with_exposure + without
    own = np.where(exposed, with_exposure[stratum], without[stratum])
    return Balanced(weights=np.where(both, size[stratum] / own, 0.0), strata=stratum)


def fitted_in_strata(
    observed: Observed,
    made: Balanced,
    diagnostics: dict[str, float],
    *,
    estimand: str,
    clusters: Clusters = "person",
    ties: str = "efron",
) -> Estimate:
    """The hazard ratio after `stratified`: each stratum with its own baseline (conditional), else weighted over all."""
    if made.strata is None:
        return failed(estimand, made.status, made.message, diagnostics)
    kept = np.flatnonzero(made.weights > 0.0)
    sample, stratum = take(observed, kept), made.strata[kept]
    diagnostics = diagnostics | balance_diagnostics(observed, made.weights)
    diagnostics |= {"strata": float(len(np.unique(stratum))), "left_out": float(observed.size - len(kept))}
    if refused := refusal(estimand, sample, diagnostics):
        return refused
    if estimand == CONDITIONAL:
        return log_hazard_ratio(estimand, sample, diagnostics, strata=stratum, ties=ties)
    by = (stratum,) if clusters == "stratum" else ()
    return log_hazard_ratio(estimand, sample, diagnostics, weights=made.weights[kept], clusters=by, ties=ties)
