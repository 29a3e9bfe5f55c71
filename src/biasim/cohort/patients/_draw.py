"""Draws of covariates from uniforms, and the table of metastatic sites; one uniform per patient and covariate."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, permutations

import numpy as np

from biasim.cohort.levels import SUBTYPES, names, values
from biasim.cohort.patients._groups import Age, Pattern, SiteWeights, Spread
from biasim.types import Floats, Integers

SITES = names(SiteWeights)


def level(uniform: Floats, shares: Floats, row: Integers | int = 0) -> Integers:
    """The level that each uniform falls on, given shares (rows, levels) and each patient's row. Shape (n,)."""
    shares = np.atleast_2d(shares)
    edges = np.cumsum(shares, axis=1)[:, :-1] / shares.sum(axis=1, keepdims=True)
    edges = np.column_stack([edges, np.ones(len(edges))]) + np.arange(len(edges))[:, None]
    place = np.searchsorted(edges.ravel(), row + uniform, side="right")
    return np.minimum(place - row * shares.shape[1], shares.shape[1] - 1)


def dummies(code: Integers, levels: int) -> Floats:
    """One row of 0/1 per level after the first. Shape (levels - 1, n)."""
    return np.equal(code, np.arange(1, levels)[:, None]).astype(float)


def truncated_normal(uniform: Floats, age: Age) -> Floats:
    """Years of age: normal between `low` and `high`, by inversion."""
    from scipy.special import ndtr, ndtri  # slow to import, and no other patients need it

    low, high = ndtr((age.low - age.mean) / age.sd), ndtr((age.high - age.mean) / age.sd)
    return age.mean + age.sd * ndtri(low + (high - low) * uniform)


@lru_cache(maxsize=64)
def site_sets(spread: Spread) -> tuple[Floats, Integers, Floats]:
    """Every possible set of metastatic sites.

    Returns its probability by subtype (8, sets), the last four rows without the sets of several
    sites, its pattern (sets,) and its members (5, sets).
    """
    single = [(site,) for site in range(len(SITES))]
    several = [chosen for k in (2, 3, 4) for chosen in combinations(range(len(SITES)), k)]
    weights = np.array(values(spread.site_weights))
    counts = dict(zip((2, 3, 4), values(spread.sites_of_multiple), strict=True))
    among_several = np.array([counts[len(chosen)] * chance(chosen, weights) for chosen in several])
    base = np.array(values(spread.base))
    probability = []
    for subtype in SUBTYPES:
        pattern = base * values(getattr(spread.tilt, subtype))
        probability.append(np.concatenate([pattern[:-1], pattern[-1] * among_several / among_several.sum()]))
    pattern = np.array([*range(len(single)), *[len(names(Pattern)) - 1] * len(several)])
    members = np.array([[float(site in chosen) for chosen in single + several] for site in range(len(SITES))])
    any_number = np.array(probability)
    one_site = any_number * (members.sum(axis=0) == 1.0)
    return np.concatenate([any_number, one_site]), pattern, members


def chance(chosen: tuple[int, ...], weights: Floats) -> float:
    """Probability that weighted drawing without repetition gives exactly these sites, in any order."""
    total = 0.0
    for order in permutations(chosen):
        left, product = weights.sum(), 1.0
        for site in order:
            product *= weights[site] / left
            left -= weights[site]
        total += product
    return total
