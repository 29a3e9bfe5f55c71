"""Propensity-score weights and the number of patients they are worth."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.types import Bools, Floats

Target = Literal["ate", "att", "atc", "overlap", "matching"]


def propensity_weights(
    probability: Floats,
    exposed: Bools,
    *,
    target: Target = "ate",
    stabilised: bool = False,
    truncate: float | None = None,
) -> Floats:
    """Weights that make both groups look like the target population, shape (n,).

    With p the probability of exposure, weights are h(p) / p for the exposed and h(p) / (1 - p) for the others; h is 1 (ate,
    everybody), p (att, the exposed), 1 - p (atc, the unexposed), p (1 - p) (overlap), min(p, 1 - p) (matching). Li, Morgan,
    Zaslavsky 2018, doi 10.1080/01621459.2016.1260466; Li and Greene 2013, doi 10.1515/ijb-2012-0030.

    Parameters
    ----------
    stabilised
        Multiply by the marginal odds that belong to the target: for ate by the share of one's own group (Robins, Hernan,
        Brumback 2000, doi 10.1097/00001648-200009000-00011), for att and atc by the odds that keep the size of the group that
        is reweighted. Overlap and matching weights are bounded by 1 and stay as they are.
    truncate
        A share q above 0.5, e.g. 0.99: weights are cut at their own quantiles 1 - q and q, over both groups together.
    """
    p = np.asarray(probability, dtype=np.float64)
    exposed = np.asarray(exposed, dtype=bool)
    own = np.where(exposed, p, 1.0 - p)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(exposed, *_pair(p, own, target))
    if stabilised and len(p):
        share = exposed.mean()
        if target == "ate":
            result = result * np.where(exposed, share, 1.0 - share)
        elif target == "att" and share > 0.0:
            result = np.where(exposed, result, result * (1.0 - share) / share)
        elif target == "atc" and share < 1.0:
            result = np.where(exposed, result * share / (1.0 - share), result)
    if truncate is not None and len(p):
        if not 0.5 < truncate <= 1.0:
            raise ValueError(f"truncate: {truncate}; expected a share above 0.5 and at most 1")
        result = np.clip(result, *np.quantile(result, (1.0 - truncate, truncate)))
    return result


def _pair(p: Floats, own: Floats, target: Target) -> tuple[Floats, Floats]:
    """The weight as if exposed and as if not; `own` is the probability of the group one is in."""
    if target == "ate":
        return 1.0 / own, 1.0 / own
    if target == "att":
        return np.ones_like(p), p / own
    if target == "atc":
        return (1.0 - p) / own, np.ones_like(p)
    if target == "overlap":
        return 1.0 - p, p
    if target == "matching":
        smaller = np.minimum(p, 1.0 - p)
        return smaller / own, smaller / own
    raise ValueError(f"target: {target!r}; expected ate, att, atc, overlap or matching")


def effective_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2: how many equally weighted patients carry as much information (Kish 1965); 0 without weight."""
    weights = np.asarray(weights, dtype=np.float64)
    squares = float(np.dot(weights, weights))
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0
