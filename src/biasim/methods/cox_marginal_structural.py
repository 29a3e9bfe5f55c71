"""The hazard ratio of an exposure that begins during follow-up, under weights that change over time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import cox
from biasim.methods._bootstrap import bootstrap_error
from biasim.methods._checks import MARGINAL, chosen, counts, estimated, failed, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._person_time import records, unexposed_and_exposed
from biasim.methods._starting import Chance, unfit, weights_over_time
from biasim.types import Floats, ObservedOverTime
from biasim.units import Count, PositiveMonths, UpperShare


def cox_marginal_structural(
    observed: ObservedOverTime,
    *,
    weights: Literal["cox", "pooled_logistic"] = "cox",
    stabilised: bool = True,
    truncate: UpperShare | None = None,
    interval: PositiveMonths = 2.0,
    using: tuple[str, ...] = (),
    draws: Count = 0,
) -> Estimate:
    """The log hazard ratio of exposure from its start on, in a marginal structural Cox model with weights over time.

    Each month of a patient weighs the inverse of her chance to have begun exposure just when she did, or not yet, given
    the covariates as they were known month by month; the weight stays once exposure has begun. A covariate that becomes
    known later (`known_from`) counts as 0 before. The sandwich error, one cluster per patient, takes the weights as known,
    which as a rule makes it too large; the bootstrap repeats the whole analysis.

    Claims
    ------
    The marginal log hazard ratio: of exposure begun against not yet begun, had starting been left to chance at the same pace.

    Assumes
    -------
    At each moment, whether exposure begins is unrelated to later prognosis given the covariates known by then, in the form
    of the model; all may begin at any moment at which some do; marginal hazards proportional from the start of exposure on;
    censoring unrelated to prognosis. Unlike adjustment, it may use covariates that exposure itself changes.

    Breaks when
    -----------
    A cause of both starting and death is hidden, such as response to therapy that was not written down (favours the exposed
    if responders are operated on), or some are nearly sure to begin (all whose metastases nobody has seen) and so have
    nobody to be compared with: look at `largest_weight`, leave them out or truncate; `mean_weight` should be near 1 if
    stabilised. Unstabilised weights are inverse chances per interval, so that few patients rule. In small samples some
    confounding stays (a tenth of the error); long intervals overlook who dies within (`pooled_logistic`: for 2 months 0.005 on
    the log scale, in the calibrated world with all its covariates 0.016; `cox` has no such bias).

    Parameters
    ----------
    weights : {"cox", "pooled_logistic"}
        Model of starting: Cox regression, or logistic regression over all intervals with a spline of the month.
    stabilised : bool
        Multiply by the chance of the same course given the month alone.
    truncate : float or None
        A share q such as 0.99: weights are cut at their quantiles 1 - q and q over all records; None leaves them alone.
    interval : float
        Months that a weight is held constant for; cut where a covariate becomes known, longer if there were over 240.
    using : tuple of str
        Covariates of the model of starting; none named means all measured.
    draws : int
        Resamples of patients for the standard error; 0 means the sandwich.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Robins, Hernan and Brumback 2000, doi 10.1097/00001648-200009000-00011. Hernan, Brumback and Robins 2000,
    doi 10.1097/00001648-200009000-00012. Weights: Cole and Hernan 2008, doi 10.1093/aje/kwn164.
    """
    columns, diagnostics = chosen(observed, using or True), counts(observed)
    table = records(observed, interval)
    rows, record = unexposed_and_exposed(observed, table)
    if refused := refusal(MARGINAL, rows, diagnostics) or unfit(MARGINAL, observed, columns, diagnostics):
        return refused

    def weighed(copies: Floats | None) -> Floats | Chance:
        made = weights_over_time(observed, table, columns, model=weights, stabilised=stabilised, copies=copies)
        if isinstance(made, Chance):
            return made
        times = np.ones(len(record)) if copies is None else copies[table.row[record]]
        each = np.where(rows.exposed, made[1][record], made[0][record])
        return times * (each if truncate is None else _cut(each, truncate, times))

    def log_ratio(copies: Floats) -> float:
        made = weighed(copies)
        if isinstance(made, Chance):
            return np.nan
        fit = cox.fit(rows.time, rows.event, rows.exposed[:, None], entry=rows.entry, weights=made)
        return float(fit.coefficients[0]) if fit.status is Status.OK else np.nan

    made = weighed(None)
    if isinstance(made, Chance):
        return failed(MARGINAL, made.status, made.message, diagnostics)
    diagnostics |= {"mean_weight": float(made.mean()), "largest_weight": float(made.max())}
    found = log_hazard_ratio(MARGINAL, rows, diagnostics, weights=made, clusters=(rows.patient,))
    if not draws or found.status is not Status.OK:
        return found
    error, told = bootstrap_error(observed, draws, log_ratio)
    return estimated(MARGINAL, found.estimate, error, {**found.diagnostics, **told})


def _cut(weights: Floats, share: float, times: Floats) -> Floats:
    """Weights cut at their own quantiles, each counted so many times."""
    return np.clip(weights, *np.quantile(np.repeat(weights, times.astype(np.int64)), (1.0 - share, share)))
