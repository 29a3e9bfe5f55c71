"""The hazard ratio of exposure in pairs or sets matched on the propensity score."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import IN_EXPOSED, counts, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._propensity import matched
from biasim.methods._specification import Score
from biasim.types import Observed
from biasim.units import Deviation, PositiveCount

balanced = matched  # what a Love plot shows of this method


def cox_matched(
    observed: Observed,
    *,
    ratio: PositiveCount = 1,
    caliper: Deviation | None = 0.2,
    scale: Literal["overall", "pooled"] = "overall",
    replace: bool = False,
    order: Literal["largest", "smallest", "data"] = "largest",
    using: tuple[str, ...] | Score = (),
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression after nearest-neighbour matching on the propensity score.

    Logistic regression, distance on the logit, greedy. Each exposed patient weighs 1, each of her k controls 1/k,
    so that the controls weigh as much as the exposed they stand for. Ties by Efron. The error is the sandwich
    with the matched set as cluster; with replacement a control belongs to several sets, and it is the two-way
    sandwich: by set, plus by person, minus by row. Sizes and counts are those before matching.

    Claims
    ------
    The marginal log hazard ratio in the exposed: those who found a match.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates, in the form of the score; overlap; proportional
    marginal hazards; censoring unrelated to prognosis; exposure fixed at time zero. The error takes the score as known.

    Breaks when
    -----------
    A common cause is hidden, exposure is decided after time zero, or many exposed find no match (the estimate is then
    about others than the exposed). A caliper of 0.2 leaves part of the imbalance: look at `max_smd_after`. Covariates
    with few values tie the scores, and the order of the rows decides.

    Parameters
    ----------
    ratio : int
        Controls per exposed patient, fewer where no more are within the caliper.
    caliper : float or None
        Largest distance, in standard deviations of the logit; None for no limit.
    scale : {"overall", "pooled"}
        The standard deviation: of the whole sample, or the root of the mean of the two arms' variances.
    replace : bool
        Whether a control may serve several exposed patients.
    order : {"largest", "smallest", "data"}
        Whose turn comes first: largest score, smallest score, or order of the rows. No matter with replacement.
    using : tuple of str, or Score
        Covariates of the score; none named means all measured. Balance is reported for all measured. A mapping says the
        form, too: `{covariates: [age, size], specification: splines}`; "linear", "splines", "interactions" or "both", as
        far as the smaller arm holds ten patients per column (see `_specification`).

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Rosenbaum and Rubin 1983, doi 10.1093/biomet/70.1.41. Caliper: Austin 2011, doi 10.1002/pst.433. Error: Austin
    2014, doi 10.1002/sim.5984; with replacement Austin and Cafri 2020, doi 10.1002/sim.8502.
    """
    diagnostics = counts(observed)
    if refused := refusal(IN_EXPOSED, observed, diagnostics):
        return refused
    made = matched(observed, ratio=ratio, caliper=caliper, scale=scale, replace=replace, order=order, using=using)
    if made.links is None:
        return failed(IN_EXPOSED, made.status, made.message, diagnostics)
    links = made.links
    diagnostics |= balance_diagnostics(observed, made.weights) | {"matched": float(links.of_set.max() + 1)}
    sample = take(observed, links.row)
    return refusal(IN_EXPOSED, sample, diagnostics) or log_hazard_ratio(
        IN_EXPOSED,
        sample,
        diagnostics,
        weights=None if np.all(links.weight == 1.0) else links.weight,
        clusters=(links.of_set, links.row) if replace else (links.of_set,),
    )
