"""The propensity score, and what is made of it: matched sets, weights, balance before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from types import MappingProxyType
from typing import Any

import numpy as np

from biasim.answers import Status
from biasim.kernels import logistic, matching
from biasim.kernels.weights import propensity_weights
from biasim.methods._balance import differences, smd
from biasim.methods._checks import chosen
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._specification import Score, Specification, specified
from biasim.types import Floats, Integers, Observed

NO_COVARIATES = "no covariate varies, so there is no propensity score"
SAID = MappingProxyType({
    Status.SEPARATION: "propensity score: the covariates separate the exposed from the unexposed",
    Status.NOT_CONVERGED: "propensity score: logistic regression did not converge",
    Status.SINGULAR: "propensity score: the information matrix is singular",
})


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """A matched data set in long form: one row per patient and set she belongs to, the exposed first."""

    row: Integers  # row of `observed`
    of_set: Integers  # the matched set, by the number of its exposed patient
    weight: Floats  # 1 for the exposed, 1/(controls in the set) for each control


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced:
    """One weight per patient that makes the arms alike, 0 where she is left out; or why there is none."""

    weights: Floats  # of the rows of the data, or of `sample`
    links: Links | None = None
    distance: float = np.nan  # the mean one in a pair, in SD of the score
    strata: Integers | None = None  # where the weights come from strata, the one that each patient is in
    sample: Observed | None = None  # the rows that the weights belong to, where a patient has more than one part to play
    status: Status = Status.OK
    message: str = ""


def matched(
    observed: Observed,
    *,
    ratio: int = 1,
    caliper: float | None = 0.2,
    scale: str = "overall",
    replace: bool = False,
    order: str = "largest",
    using: tuple[str, ...] | Score = (),
) -> Balanced:
    """Nearest neighbours on the logit of the propensity score. A patient's weight is the sum over her sets."""
    score = propensity_score(observed, using)
    if isinstance(score, Balanced):
        return score
    logit, exposed = matching.without_rounding(score.linear_predictor), observed.exposed
    width = None if caliper is None else matching.caliper_width(logit, exposed, sd=caliper, scale=scale)
    pairs = matching.nearest(logit, exposed, ratio=ratio, caliper=width, replace=replace, order=order)
    if not len(pairs.exposed_row):
        message = f"no unexposed patient within {caliper:g} SD of an exposed one" if caliper is not None else "no pair"
        return none(observed, Status.NO_MATCHES, message)
    links = links_of(pairs.exposed_row, pairs.control_row)
    return Balanced(weights=np.bincount(links.row, links.weight, minlength=observed.size), links=links)


def weighted(
    observed: Observed,
    *,
    target: str = "ate",
    stabilised: bool = False,
    truncate: float | None = None,
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Balanced:
    """Weights from the propensity score, for the population named by `target`."""
    score = propensity_score(observed, using, specification)
    if isinstance(score, Balanced):
        return score
    weights = propensity_weights(
        score.probability, observed.exposed, target=target, stabilised=stabilised, truncate=truncate
    )
    if not np.isfinite(weights).all():
        return none(observed, Status.SEPARATION, "propensity score: a probability of 0 or 1 leaves no finite weight")
    return Balanced(weights=weights)


def balance_table(
    observed: Observed, method: str, parameters: Mapping[str, Any] = MappingProxyType({})
) -> list[tuple[str, float, float]]:
    """Every covariate with its standardised mean difference before and after a method that weights or matches.

    Such a method has in its file, beside itself, a function `balanced(observed, **parameters) -> Balanced`; `parameters`
    are those of the study file, of which it gets the ones it takes. Empty for any other method, and when there are no
    weights (separation, an empty arm, no matches).
    """
    make = getattr(import_module(f"{__package__}.{method}"), "balanced", None)
    if make is None or observed.exposed.all() or not observed.exposed.any():
        return []
    taken = signature(make).parameters
    made = make(observed, **{name: value for name, value in parameters.items() if name in taken})
    if made.status is not Status.OK:
        return []
    before, after = smd(observed), differences(observed, made.weights, made.sample)
    return list(zip(observed.names, before.tolist(), after.tolist(), strict=True))


def propensity_score(
    observed: Observed, using: tuple[str, ...] | Score = (), specification: Specification = "linear"
) -> logistic.LogisticFit | Balanced:
    """Logistic regression of exposure on the covariates; both arms must be non-empty. One fit serves all methods."""
    score = using if isinstance(using, Score) else Score(tuple(using), specification)
    return observed.once(("propensity score", score), lambda: _fitted(observed, score))


def _fitted(observed: Observed, score: Score) -> logistic.LogisticFit | Balanced:
    columns = chosen(observed, tuple(score.covariates) or True)
    values = observed.covariates if len(columns) == len(observed.names) else observed.covariates[:, columns]
    if np.isnan(values).any():
        return none(observed, Status.MISSING_VALUES, MISSING)
    if not len(columns) or not np.ptp(values, axis=0).any():
        return none(observed, Status.NO_COVARIATES, NO_COVARIATES)
    fit = logistic.fit(specified(observed, columns, score.specification), observed.exposed)
    if fit.status is not Status.OK:
        return none(observed, fit.status, SAID.get(fit.status, f"propensity score: {fit.status}"))
    return fit


def none(observed: Observed, status: Status, message: str) -> Balanced:
    """No weights, and why."""
    return Balanced(weights=np.zeros(observed.size), status=status, message=message)


def links_of(exposed_row: Integers, control_row: Integers) -> Links:
    """Long form from one (exposed, control) pair per link."""
    heads, of_set, controls = np.unique(exposed_row, return_inverse=True, return_counts=True)
    return Links(
        row=np.concatenate((heads, control_row)),
        of_set=np.concatenate((np.arange(len(heads)), of_set)),
        weight=np.concatenate((np.ones(len(heads)), 1.0 / controls[of_set])),
    )
