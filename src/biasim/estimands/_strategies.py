"""Survival of the same women under two strategies, and the comparisons made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np

from biasim.answers import Status, Truth
from biasim.errors import NoTruth
from biasim.kernels import logistic
from biasim.types import Bools, Cohort, Floats, Integers

Population = Literal["all", "alive_at", "randomised"]
Target = Literal["everyone", "exposed", "overlap"]
Strategies = Literal["operated", "within_grace", "assigned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Women under either strategy, months from time zero, shape (n,); only those who reach it under a strategy count there."""

    treated: Floats
    untreated: Floats
    treated_counts: Bools
    untreated_counts: Bools
    weights: Floats | None  # None where all weigh the same
    chosen: Integers  # rows of the cohort
    treated_watched: Floats  # months from time zero to loss, the end of follow-up or what competes with the outcome,
    untreated_watched: Floats  # for ratios that depend on it

    @property
    def competes(self) -> bool:
        """Whether something else ends observation for a woman who has the outcome under neither or one strategy only."""
        return bool(np.isinf(self.treated).any() or np.isinf(self.untreated).any())

    def difference(self, of: Callable[[Floats], Floats]) -> Truth:
        """Mean of `of(survival)` with the strategy less that without, and the error of a difference within women.

        Raises NoTruth where something competes with the outcome, unless the strategies never differ: a curve that censors
        what competes is no share of women.
        """
        same = np.array_equal(self.treated, self.untreated) and np.array_equal(self.treated_watched, self.untreated_watched)
        if self.competes and not same:
            raise NoTruth(
                "something else than the outcome ends observation, so that the curve without it is no share of women. Ask for a "
                "hazard ratio, or choose 'outcome: death' or one that counts both."
            )
        means, influence = [], np.zeros(len(self.treated))
        for sign, survival, counts in ((1.0, self.treated, self.treated_counts), (-1.0, self.untreated, self.untreated_counts)):
            weight = counts.astype(np.float64) if self.weights is None else counts * self.weights
            values = of(survival)
            means.append(float(weight @ values / weight.sum()))
            influence += sign * weight * (values - means[-1]) / weight.sum()
        size = len(influence)
        mcse = sqrt(float(influence @ influence) * size / (size - 1)) if size > 1 else nan
        return Truth(value=means[0] - means[1], mcse=mcse)


def contrast(
    cohort: Cohort, *, strategies: str, grace: float, population: str, landmark: float, target: str
) -> Contrast:
    """The women of a population under two strategies.

    `operated`: surgery within `grace` months against none. A woman is operated on her own planned
    date when that comes first and at the end of the grace period otherwise; the wait of the world
    thus enters through min(own wait, end of grace) only. `within_grace`: the same against no surgery
    within those months, while surgery planned for later goes on (who is planned within them has none).
    `assigned`: the arms of a trial as they are, with women who do not keep to theirs.

    ==========  ===============================================  ==================  ==================
    population  who                                              time zero           grace counted from
    ==========  ===============================================  ==================  ==================
    all         every woman, metastases found or not             diagnosis           diagnosis
    alive_at    under either strategy, those whom it lets live   the landmark        diagnosis
                to the landmark
    randomised  randomised, alive at randomisation               her randomisation   her randomisation
    ==========  ===============================================  ==================  ==================

    `target` weights them: everyone alike; `exposed`, those operated in fact; `overlap`, by p (1 - p)
    with p the probability of being operated given the recorded covariates (logistic regression).

    Raises
    ------
    NoTruth
        When nobody belongs to the population, or the arms or the weights that are asked for do not exist.
    """
    start = _start(cohort, population, landmark)
    waits = _waits(cohort, strategies, start + grace if population == "randomised" else grace)
    potential, lost = cohort.potential, cohort.lost
    treated, untreated = (potential.unoperated if isinstance(wait, float) else potential.under(wait) for wait in waits)
    ended = [np.inf if potential.competing is None else potential.competing(wait) for wait in waits]
    weights = _weights(cohort, target)
    # women outside the trial are randomised at infinity, which nobody survives
    counts = np.minimum(treated, ended[0]) > start, np.minimum(untreated, ended[1]) > start
    chosen = (counts[0] | counts[1]) & (True if weights is None else weights > 0.0)
    if not (counts[0] & chosen).any() or not (counts[1] & chosen).any():
        hint = "It needs a trial: change the treatment to `randomised`." if population == "randomised" else ""
        raise NoTruth(f"nobody belongs to the population '{population}' with target '{target}' in this world. {hint}".rstrip())
    chosen = np.flatnonzero(chosen)
    origin = start[chosen] if isinstance(start, np.ndarray) else start
    return Contrast(
        treated=treated[chosen] - origin, untreated=untreated[chosen] - origin, treated_counts=counts[0][chosen],
        untreated_counts=counts[1][chosen], weights=None if weights is None else weights[chosen],
        chosen=chosen, treated_watched=np.minimum(lost, ended[0])[chosen] - origin,
        untreated_watched=np.minimum(lost, ended[1])[chosen] - origin,
    )  # fmt: skip


def _waits(cohort: Cohort, strategies: str, end_of_grace: Floats | float) -> tuple[Floats, Floats | float]:
    """The planned waits under the strategy and without it; a number where nobody is operated."""
    if strategies == "assigned":
        if cohort.treatment.arms is None:
            raise NoTruth("nobody is assigned to an arm in this world. It needs a trial: change the treatment to `randomised`.")
        return cohort.treatment.arms
    wait = cohort.treatment.wait
    later = strategies == "within_grace" and not cohort.effect.is_none
    return np.minimum(wait, end_of_grace), np.where(wait > end_of_grace, wait, np.inf) if later else np.inf


def _start(cohort: Cohort, population: str, landmark: float) -> Floats | float:
    """Time zero of the population, months from diagnosis."""
    if population == "randomised":
        return cohort.treatment.randomised_at
    return landmark if population == "alive_at" else 0.0


def _weights(cohort: Cohort, target: str) -> Floats | None:
    """What each woman weighs in the target population, (n,); None where all weigh the same."""
    if target == "everyone":
        return None
    if target == "exposed":
        return cohort.operated.astype(np.float64)
    patients = cohort.patients
    columns = [patients.columns[name] for name in patients.recorded]
    fit = logistic.fit(np.column_stack(columns) if columns else np.empty((cohort.size, 0)), cohort.operated)
    if fit.status is not Status.OK:
        raise NoTruth(f"the probability of being operated cannot be fitted in this cohort ({fit.status})")
    return fit.probability * (1.0 - fit.probability)
