"""The models that missing values are drawn from, and draws that carry the uncertainty of the model, too.

Linear regression with normal errors, or logistic regression for two values; parameters are drawn from their posterior (flat
priors; approximately normal for the logistic model), then the value given the parameters. Rubin 1987, Multiple Imputation for
Nonresponse in Surveys, section 5.3; the same as `norm` and `logreg` of R's mice 3.15.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from biasim.answers import Status
from biasim.kernels import logistic
from biasim.types import Bools, Floats

RIDGE = 1e-5  # of a predictor's own sum of squares: what others determine does no harm; mice's ridge
FLAT = 1e-9  # spread, relative to the size, below which a predictor is constant and has nothing to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A regression on k standardised predictors and an intercept."""

    kept: Bools  # predictors that vary
    centre: Floats  # (k,)
    scale: Floats  # (k,)
    mean: Floats  # (k + 1,) of the coefficients, intercept first
    root: Floats  # (k + 1, k + 1) root @ root.T is their covariance, divided by the residual variance where linear
    levels: tuple[float, float] | None  # of a two-valued outcome
    residual: float = 0.0  # sum of squares, where linear
    freedom: float = 1.0  # its degrees of freedom


def modelled(predictors: Floats, outcome: Floats, *, two_valued: bool) -> Model:
    """The model of `outcome` (n,) given `predictors` (n, p); with nobody to learn from, an outcome of 0."""
    size, none = len(outcome), np.zeros(0)
    low, high = (float(outcome.min()), float(outcome.max())) if size else (0.0, 0.0)
    if low == high:
        nothing = np.zeros(predictors.shape[1], dtype=bool)
        return Model(
            kept=nothing, centre=none, scale=none, mean=np.zeros(1), root=np.zeros((1, 1)), levels=(low, high)
        )
    centre = predictors.mean(axis=0)
    x = predictors - centre
    scale = np.sqrt(np.einsum("ij,ij->j", x, x) / size)
    kept = scale > FLAT * np.hypot(scale, centre)
    if not kept.all():
        x, centre, scale = x[:, kept], centre[kept], scale[kept]
    x /= scale
    held = {"kept": kept, "centre": centre, "scale": scale}
    if two_valued:
        mean, root = _logistic(x, outcome == high)
        return Model(mean=mean, root=root, levels=(low, high), **held)
    mean, root, residual = _linear(x, outcome)
    freedom = float(max(size - len(mean), 1))
    return Model(mean=mean, root=root, levels=None, residual=residual, freedom=freedom, **held)


def drawn(model: Model, predictors: Floats, rng: np.random.Generator) -> Floats:
    """Outcomes for patients with these predictors (n, p), parameters drawn anew."""
    x = np.ones((len(predictors), len(model.mean)))
    x[:, 1:] = (predictors[:, model.kept] - model.centre) / model.scale
    away = model.root @ rng.standard_normal(len(model.mean))
    if model.levels is not None:
        chance = expit(x @ (model.mean + away))
        return np.where(rng.random(len(x)) < chance, model.levels[1], model.levels[0])
    sigma = np.sqrt(model.residual / rng.chisquare(model.freedom))
    return x @ (model.mean + sigma * away) + sigma * rng.standard_normal(len(x))


def _linear(x: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients, a root of their covariance per unit of residual variance, residual sum of squares."""
    size, width = x.shape
    design = np.empty((size, width + 1))
    design[:, 0], design[:, 1:] = 1.0, x
    gram = design.T @ design
    gram[np.diag_indices(width + 1)] += RIDGE * size * (np.arange(width + 1) > 0)
    lower = np.linalg.inv(np.linalg.cholesky(gram))
    mean = lower.T @ (lower @ (design.T @ y))
    rest = y - design @ mean
    return mean, lower.T, float(rest @ rest)


def _logistic(x: Floats, y: Bools) -> tuple[Floats, Floats]:
    """Coefficients and a root of their covariance; where the predictors separate the outcomes, with a few made patients added.

    The made patients lie one standard deviation to either side of the middle on each predictor, once with either outcome, and
    weigh together as much as there are coefficients, as in mice.
    """
    fit = logistic.fit(x, y)
    if fit.status is not Status.OK:
        width = x.shape[1]
        sides = np.concatenate((np.eye(width), -np.eye(width)))
        more = np.concatenate((x, sides, sides))
        outcome = np.concatenate((y, np.repeat([False, True], len(sides))))
        weights = np.concatenate((np.ones(len(x)), np.full(2 * len(sides), (width + 1.0) / max(2 * len(sides), 1))))
        fit = logistic.fit(more, outcome, weights=weights)
    told = ~fit.aliased
    mean, root = np.zeros(len(told)), np.zeros((len(told), len(told)))
    mean[told] = fit.coefficients[told]
    variance, basis = np.linalg.eigh(fit.covariance[np.ix_(told, told)])
    root[np.ix_(told, told)] = basis * np.sqrt(np.maximum(variance, 0.0))
    return mean, root
