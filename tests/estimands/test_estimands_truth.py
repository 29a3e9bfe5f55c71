"""The truth: by hand, exactly nothing where there is nothing, closed forms, and its Monte Carlo error."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest

from biasim.answers import Truth
from biasim.errors import NoTruth
from biasim.estimands._strategies import contrast
from biasim.estimands.conditional_log_hazard_ratio import conditional_log_hazard_ratio
from biasim.estimands.marginal_log_hazard_ratio import marginal_log_hazard_ratio
from biasim.estimands.rmst_difference import rmst_difference
from biasim.estimands.survival_difference import survival_difference
from biasim.types import Effect

INF = np.inf
HALF = log(0.5)  # hazard halved: life left at surgery doubles


def with_effect(cohort, after, log_ratio):
    return replace(cohort, effect=Effect(after=np.asarray(after, float), log_ratio=np.asarray(log_ratio, float)))


def test_strategies_by_hand(make_world):
    # waits 2, 9 and never; grace 4: surgery at 2, 4 and 4; the third dies before
    operated, unoperated = contrast(make_world([10, 10, 3], [2, 9, INF], HALF), 4.0, "all", 0.0)
    assert operated.tolist() == [18, 16, 3]
    assert unoperated.tolist() == [10, 10, 3]


def test_populations_by_hand(make_world):
    cohort = make_world([10, 10, 3, 20], [2, INF, 5, INF], HALF, randomised_at=[6, 6, 6, INF])
    operated, unoperated = contrast(cohort, 4.0, "exposed", 0.0)
    assert (operated.tolist(), unoperated.tolist()) == ([18], [10])
    # at the landmark 5 the third is dead; surgery by 4, months from 5
    operated, unoperated = contrast(cohort, 4.0, "alive_at", 5.0)
    assert (operated.tolist(), unoperated.tolist()) == ([13, 11, 31], [5, 5, 15])
    # randomised at 6: own wait (2) comes first, else 6 + 1; the third is dead, the fourth not randomised
    operated, unoperated = contrast(cohort, 1.0, "randomised", 0.0)
    assert (operated.tolist(), unoperated.tolist()) == ([12, 7], [4, 4])


def test_alive_at_means_under_either_strategy(make_world):
    # surgery at 2 does harm (life left is halved): 2 + 4 = 6 instead of 10, dead by the landmark 7
    operated, unoperated = contrast(make_world([10, 30], [2, 2], log(2.0)), 12.0, "alive_at", 7.0)
    assert (operated.tolist(), unoperated.tolist()) == ([9], [23])


def test_rmst_and_survival_by_hand(make_world):
    cohort = make_world([10, 10, 3], [2, 9, INF], HALF)  # 18, 11, 3 against 10, 10, 3 with a long grace
    gained = rmst_difference(cohort, horizon=17.0, grace=12.0)
    assert gained.value == pytest.approx((7 + 1 + 0) / 3, abs=1e-12)
    assert gained.mcse == pytest.approx(np.std([7, 1, 0], ddof=1) / sqrt(3), abs=1e-12)
    alive = survival_difference(cohort, at=10.5, grace=12.0)
    assert alive.value == pytest.approx(2 / 3, abs=1e-12)
    assert alive.mcse == pytest.approx(np.std([1, 1, 0], ddof=1) / sqrt(3), abs=1e-12)
    assert survival_difference(cohort, at=11.0, grace=12.0).value == pytest.approx(1 / 3, abs=1e-12)
    assert survival_difference(cohort, at=10.0, grace=12.0).value == pytest.approx(2 / 3, abs=1e-12)


def test_one_woman_has_a_value_without_error(make_world):
    gained = rmst_difference(make_world([10], [2], HALF), horizon=60.0)
    assert gained.value == 8.0
    assert np.isnan(gained.mcse)


ALL = [conditional_log_hazard_ratio, marginal_log_hazard_ratio, rmst_difference, survival_difference]


@pytest.mark.parametrize("estimand", ALL)
def test_no_effect_is_exactly_nothing(make_world, estimand):
    rng = np.random.default_rng(1)
    cohort = make_world(rng.exponential(20.0, 500), rng.exponential(5.0, 500))
    assert estimand(cohort) == Truth(value=0.0, mcse=0.0)


def test_effect_beyond_the_horizon_is_exactly_nothing(make_world):
    rng = np.random.default_rng(2)
    late = make_world(rng.exponential(20.0, 500), 30.0, HALF)
    assert rmst_difference(late, horizon=60.0, grace=36.0).value > 0.0
    assert marginal_log_hazard_ratio(late, horizon=20.0, grace=36.0) == Truth(value=0.0, mcse=0.0)


def test_conditional_is_the_parameter_of_the_world(make_world):
    assert conditional_log_hazard_ratio(make_world([3, 4], [1, 1], HALF)) == Truth(value=HALF, mcse=0.0)
    plain = make_world([3, 4], [1, 1])
    assert conditional_log_hazard_ratio(with_effect(plain, [0, 6], np.full((2, 2), -0.3))).value == -0.3


@pytest.mark.parametrize(
    ("after", "log_ratio"), [([0, 6], [[0.0, -0.3]] * 2), ([0], [[-0.3], [0.0]]), ([0, 6], [[-0.3, 0.0], [0.0, -0.3]])]
)
def test_conditional_has_no_single_value_when_the_effect_varies(make_world, after, log_ratio):
    with pytest.raises(NoTruth, match=r"marginal_log_hazard_ratio or rmst_difference"):
        conditional_log_hazard_ratio(with_effect(make_world([3, 4], [1, 1]), after, log_ratio))


def test_nobody_in_the_population(make_world):
    with pytest.raises(NoTruth, match="change the treatment to `randomised`"):
        rmst_difference(make_world([3, 4], [1, 1]), population="randomised")
    with pytest.raises(NoTruth, match="population 'exposed'"):
        survival_difference(make_world([3, 4], [INF, INF]), population="exposed")
    with pytest.raises(NoTruth, match="no patients"):
        conditional_log_hazard_ratio(make_world([], []))


def within(truth, value, mcse=4.0):
    assert truth.mcse > 0.0
    assert abs(truth.value - value) < mcse * truth.mcse, (truth, value)


def exponential_world(make_world, log_ratio, seed, size=20_000, **given):
    return make_world(np.random.default_rng(seed).exponential(20.0, size), 0.0, log_ratio, **given)


def test_closed_forms_with_surgery_at_once(make_world):
    """Constant hazards 1/20 and 1/40: the ratio is HALF, the curves are exponentials."""
    cohort = exponential_world(make_world, HALF, 5)
    within(marginal_log_hazard_ratio(cohort, horizon=60.0), HALF)
    within(survival_difference(cohort, at=36.0), exp(-36 / 40) - exp(-36 / 20))
    mean_alive = [mean * (1 - exp(-60 / mean)) for mean in (40.0, 20.0)]
    within(rmst_difference(cohort, horizon=60.0), mean_alive[0] - mean_alive[1])


def test_randomised_population_forgets_the_months_before(make_world):
    """Constant hazards have no memory: surgery at randomisation gives the closed forms from then on."""
    rng = np.random.default_rng(6)
    randomised_at = np.where(rng.random(30_000) < 0.6, 6, INF)
    cohort = make_world(rng.exponential(20.0, 30_000), INF, HALF, randomised_at=randomised_at)
    within(marginal_log_hazard_ratio(cohort, horizon=60.0, grace=0.0, population="randomised"), HALF)
    within(survival_difference(cohort, at=36.0, grace=0.0, population="randomised"), exp(-36 / 40) - exp(-36 / 20))


def test_frailty_pulls_the_marginal_ratio_towards_none(make_world):
    """Non-collapsibility: with hidden heterogeneity the marginal ratio is nearer to 0 than the conditional."""
    rng = np.random.default_rng(7)
    survival = rng.exponential(20.0, 20_000) * np.exp(rng.standard_normal(20_000))
    truth = marginal_log_hazard_ratio(make_world(survival, 0.0, HALF), horizon=120.0)
    assert HALF + 10 * truth.mcse < truth.value < 0.0


def test_a_longer_grace_dilutes(make_world):
    rng = np.random.default_rng(8)
    cohort = make_world(rng.exponential(20.0, 5_000), INF, HALF)
    gains = [rmst_difference(cohort, horizon=60.0, grace=grace).value for grace in (0.0, 6.0, 24.0)]
    assert gains[0] > gains[1] > gains[2] > 0.0


@pytest.mark.parametrize(
    "estimand", [marginal_log_hazard_ratio, rmst_difference, survival_difference], ids=lambda part: part.__name__
)
def test_mcse_is_the_spread_over_cohorts(make_world, estimand):
    """SD of the truth over 200 cohorts against the error each reports, in units of the SD's own MCSE."""
    truths = [estimand(exponential_world(make_world, HALF, seed, 300)) for seed in range(200)]
    spread = np.std([truth.value for truth in truths], ddof=1)
    reported = sqrt(np.mean([truth.mcse**2 for truth in truths]))
    assert abs(spread / reported - 1.0) < 4.0 / sqrt(2 * 199)


def test_order_of_women_does_not_matter(make_world):
    rng = np.random.default_rng(9)
    survival, wait, order = rng.exponential(20.0, 200), rng.exponential(8.0, 200), rng.permutation(200)
    one, other = make_world(survival, wait, HALF), make_world(survival[order], wait[order], HALF)
    for estimand in ALL:
        first, second = estimand(one), estimand(other)
        assert first.value == pytest.approx(second.value, abs=1e-10)
        assert first.mcse == pytest.approx(second.mcse, abs=1e-10)
