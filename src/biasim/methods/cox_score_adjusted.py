"""The hazard ratio of exposure adjusted for the propensity score."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.kernels.balance import standardised_differences
from biasim.kernels.splines import quantile_knots, restricted_cubic
from biasim.methods._balance import smd
from biasim.methods._checks import CONDITIONAL, counts, failed, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._propensity import Balanced, propensity_score
from biasim.methods._specification import Specification
from biasim.types import Floats, Observed


def cox_score_adjusted(
    observed: Observed,
    *,
    scale: Literal["logit", "probability"] = "logit",
    form: Literal["linear", "splines"] = "linear",
    robust: bool = False,
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression with the propensity score as the only covariate.

    Nobody is weighted or left out, so there is no balance after; `smd_score` is how far apart the arms are in the score.

    Claims
    ------
    The conditional log hazard ratio.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates, in the form of `specification`; the log hazard
    depends on the score in the way of `form`; proportional hazards; censoring unrelated to prognosis given the score;
    exposure fixed at time zero. The error takes the score as known.

    Breaks when
    -----------
    The log hazard bends in the score and `form` is linear (either way), a common cause is hidden, exposure is decided
    after time zero, or the arms hardly overlap in the score: then the model extrapolates, and nothing warns but
    `smd_score`. With a true effect, what drives death beside the score pulls the estimate towards 0, as hazard ratios do
    not collapse: it is conditional on the score alone.

    Parameters
    ----------
    scale : {"logit", "probability"}
        The score as its logit, which its model is linear in, or as the probability itself.
    form : {"linear", "splines"}
        A straight line, or a restricted cubic spline with four knots at quantiles.
    robust : bool
        Sandwich error, one cluster per patient (Lin and Wei).
    using : tuple of str
        Covariates of the score; none named means all measured.
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
    Rosenbaum and Rubin 1983, doi 10.1093/biomet/70.1.41. Lin and Wei 1989, doi 10.1080/01621459.1989.10478874.
    Against the other uses of the score: Austin 2013, doi 10.1002/sim.5705.
    """
    diagnostics = counts(observed)
    if refused := refusal(CONDITIONAL, observed, diagnostics):
        return refused
    score = propensity_score(observed, using, specification)
    if isinstance(score, Balanced):
        return failed(CONDITIONAL, score.status, score.message, diagnostics)
    columns = _columns(score.linear_predictor if scale == "logit" else score.probability, form)
    before = smd(observed)
    apart = standardised_differences(score.linear_predictor[:, None], observed.exposed)
    told = {"max_smd_before": float(np.abs(before[np.isfinite(before)]).max(initial=0.0)), "smd_score": float(apart[0])}
    names = tuple(f"score_{k}" for k in range(columns.shape[1]))
    return log_hazard_ratio(
        CONDITIONAL,
        replace(observed, names=names, covariates=columns, known_from=None),
        diagnostics | {name: value for name, value in told.items() if np.isfinite(value)},
        covariates=np.arange(columns.shape[1]),
        clusters=(observed.patient,) if robust else None,
        ties=ties,
    )


def _columns(score: Floats, form: str) -> Floats:
    """What the hazard is a linear function of, (n, 1) or (n, 3)."""
    line = score[:, None]
    return line if form == "linear" else np.hstack((line, restricted_cubic(score, quantile_knots(line)[0])))
