"""Survival of the same women under two strategies: surgery within some months, and none."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.errors import NoTruth
from biasim.types import Bools, Cohort, Floats

Population = Literal["all", "exposed", "alive_at", "randomised"]


def contrast(cohort: Cohort, grace: float, population: str, landmark: float) -> tuple[Floats, Floats]:
    """Survival with surgery and without, in months from the population's time zero, of the women who belong to it.

    The strategy "surgery within `grace` months" operates a woman at her own planned date when that
    comes first and at the end of the grace period otherwise; the wait of the world thus enters
    through min(own wait, end of grace) only. Women who die before are the same under both.

    ==========  ==========================================  =====================  ==================
    population  who                                         time zero              grace counted from
    ==========  ==========================================  =====================  ==================
    all         every woman, metastases found or not        diagnosis              diagnosis
    exposed     operated in fact                            diagnosis              diagnosis
    alive_at    alive at `landmark` under either strategy   the landmark           diagnosis
    randomised  randomised, alive at randomisation          her randomisation      her randomisation
    ==========  ==========================================  =====================  ==================

    Raises
    ------
    NoTruth
        When nobody belongs to the population.
    """
    start = _start(cohort, population, landmark)
    end_of_grace = start + grace if population == "randomised" else grace
    operated = cohort.potential.under(np.minimum(cohort.treatment.wait, end_of_grace))
    unoperated = cohort.potential.unoperated
    chosen = _belongs(cohort, population, start, operated)
    if not chosen.any():
        hint = "It needs a trial: change the treatment to `randomised`." if population == "randomised" else ""
        raise NoTruth(f"nobody belongs to the population '{population}' in this world. {hint}".rstrip())
    if chosen.all():
        return operated - start, unoperated - start
    origin = start[chosen] if isinstance(start, np.ndarray) else start
    return operated[chosen] - origin, unoperated[chosen] - origin


def _start(cohort: Cohort, population: str, landmark: float) -> Floats | float:
    """Time zero of the population, months from diagnosis."""
    if population == "randomised":
        return cohort.treatment.randomised_at
    return landmark if population == "alive_at" else 0.0


def _belongs(cohort: Cohort, population: str, start: Floats | float, operated: Floats) -> Bools:
    """Who belongs to the population, shape (n,)."""
    if population == "exposed":
        return cohort.operated
    # women outside the trial are randomised at infinity, which nobody survives
    return (cohort.potential.unoperated > start) & (operated > start)
