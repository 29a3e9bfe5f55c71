"""The propensity score, and what is made of it: matched sets, weights, balance before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from biasim.answers import Status
from biasim.kernels import logistic, matching
from biasim.kernels.balance import groups, standardised_differences
from biasim.kernels.weights import effective_size, propensity_weights
from biasim.methods._checks import chosen
from biasim.methods._hazard_ratio import MISSING
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

    weights: Floats
    links: Links | None = None
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
    using: tuple[str, ...] = (),
) -> Balanced:
    """Nearest neighbours on the logit of the propensity score. A patient's weight is the sum over her sets."""
    score = _score(observed, using)
    if isinstance(score, Balanced):
        return score
    logit, exposed = matching.without_rounding(score.linear_predictor), observed.exposed
    width = None if caliper is None else matching.caliper_width(logit, exposed, sd=caliper, scale=scale)
    pairs = matching.nearest(logit, exposed, ratio=ratio, caliper=width, replace=replace, order=order)
    if not len(pairs.exposed_row):
        message = f"no unexposed patient within {caliper:g} SD of an exposed one" if caliper is not None else "no pair"
        return _none(observed, Status.NO_MATCHES, message)
    links = _links(pairs.exposed_row, pairs.control_row)
    return Balanced(weights=np.bincount(links.row, links.weight, minlength=observed.size), links=links)


def weighted(
    observed: Observed,
    *,
    target: str = "ate",
    stabilised: bool = False,
    truncate: float | None = None,
    using: tuple[str, ...] = (),
) -> Balanced:
    """Weights from the propensity score, for the population named by `target`."""
    score = _score(observed, using)
    if isinstance(score, Balanced):
        return score
    weights = propensity_weights(
        score.probability, observed.exposed, target=target, stabilised=stabilised, truncate=truncate
    )
    if not np.isfinite(weights).all():
        return _none(observed, Status.SEPARATION, "propensity score: a probability of 0 or 1 leaves no finite weight")
    return Balanced(weights=weights)


MAKERS: Mapping[str, Callable[..., Balanced]] = MappingProxyType({"cox_matched": matched, "cox_weighted": weighted})


def balance_table(
    observed: Observed, method: str, parameters: Mapping[str, Any] = MappingProxyType({})
) -> list[tuple[str, float, float]]:
    """Every covariate with its standardised mean difference before and after a propensity method.

    `method` is `cox_matched` or `cox_weighted`, `parameters` are those of the study file. Empty for
    any other method, and when there are no weights (separation, an empty arm, no matches).
    """
    if method not in MAKERS or observed.exposed.all() or not observed.exposed.any():
        return []
    made = MAKERS[method](observed, **{name: value for name, value in parameters.items() if name != "ties"})
    if made.status is not Status.OK:
        return []
    before, after = _differences(observed, None), _differences(observed, made.weights)
    return list(zip(observed.names, before.tolist(), after.tolist(), strict=True))


def balance_diagnostics(observed: Observed, weights: Floats) -> dict[str, float]:
    """Effective sizes after weighting, by arm and in all, and the largest absolute difference before and after."""
    exposed = effective_size(weights[observed.exposed])
    unexposed = effective_size(weights[~observed.exposed])
    found = {
        "effective_size": float(exposed + unexposed),
        "effective_size_exposed": float(exposed),
        "effective_size_unexposed": float(unexposed),
    }
    for name, differences in (
        ("max_smd_before", observed.once("differences", lambda: _differences(observed, None))),
        ("max_smd_after", _differences(observed, weights)),
    ):
        known = np.abs(differences[np.isfinite(differences)])
        if len(known):
            found[name] = float(known.max())
    return found


def _score(observed: Observed, using: tuple[str, ...]) -> logistic.LogisticFit | Balanced:
    """Logistic regression of exposure on the covariates; both arms must be non-empty. One fit serves all methods."""
    return observed.once(("propensity score", using), lambda: _fitted_score(observed, using))


def _fitted_score(observed: Observed, using: tuple[str, ...]) -> logistic.LogisticFit | Balanced:
    columns = chosen(observed, using or True)
    values = observed.covariates if len(columns) == len(observed.names) else observed.covariates[:, columns]
    if np.isnan(values).any():
        return _none(observed, Status.MISSING_VALUES, MISSING)
    if not len(columns) or not np.ptp(values, axis=0).any():
        return _none(observed, Status.NO_COVARIATES, NO_COVARIATES)
    fit = logistic.fit(values, observed.exposed)
    if fit.status is not Status.OK:
        return _none(observed, fit.status, SAID.get(fit.status, f"propensity score: {fit.status}"))
    return fit


def _none(observed: Observed, status: Status, message: str) -> Balanced:
    return Balanced(weights=np.zeros(observed.size), status=status, message=message)


def _links(exposed_row: Integers, control_row: Integers) -> Links:
    """Long form from one (exposed, control) pair per link."""
    heads, of_set, controls = np.unique(exposed_row, return_inverse=True, return_counts=True)
    return Links(
        row=np.concatenate((heads, control_row)),
        of_set=np.concatenate((np.arange(len(heads)), of_set)),
        weight=np.concatenate((np.ones(len(heads)), 1.0 / controls[of_set])),
    )


def _differences(observed: Observed, weights: Floats | None) -> Floats:
    """Standardised mean differences, exposed minus unexposed, in SDs of the unweighted arms."""
    unweighted = observed.once("groups", lambda: groups(observed.covariates, observed.exposed))
    return standardised_differences(observed.covariates, observed.exposed, weights=weights, unweighted=unweighted)
