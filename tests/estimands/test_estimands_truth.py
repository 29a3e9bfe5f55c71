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


def compared(cohort, *, grace=12.0, population="all", landmark=0.0, target="everyone", strategies="operated"):
    """Survival with and without, of those who count under either strategy."""
    found = contrast(
        cohort, strategies=strategies, grace=grace, population=population, landmark=landmark, target=target
    )
    return found.treated[found.treated_counts].tolist(), found.untreated[found.untreated_counts].tolist()


def test_strategies_by_hand(make_world):
    # waits 2, 9 and never; grace 4: surgery at 2, 4 and 4; the third dies before
    cohort = make_world([10, 10, 3], [2, 9, INF], HALF)
    assert compared(cohort, grace=4.0) == ([18, 16, 3], [10, 10, 3])


def test_populations_by_hand(make_world):
    cohort = make_world([10, 10, 3, 20], [2, INF, 5, INF], HALF, randomised_at=[6, 6, 6, INF])
    assert compared(cohort, grace=4.0, target="exposed") == ([18], [10])
    # at the landmark 5 the third is dead; surgery by 4, months from 5
    assert compared(cohort, grace=4.0, population="alive_at", landmark=5.0) == ([13, 11, 31], [5, 5, 15])
    # randomised at 6: own wait (2) comes first, else 6 + 1; the third is dead, the fourth not randomised
    assert compared(cohort, grace=1.0, population="randomised") == ([12, 7], [4, 4])


def test_either_strategy_has_its_own_survivors_at_a_landmark(make_world):
    # surgery at 2 does harm (life left is halved): 2 + 4 = 6 instead of 10, dead by the landmark 7
    cohort = make_world([10, 30], [2, 2], log(2.0))
    assert compared(cohort, population="alive_at", landmark=7.0) == ([9], [3, 23])


def test_the_arms_of_a_trial_as_assigned(make_world):
    cohort = make_world([10, 10, 10], [2, INF, 2], HALF, randomised_at=0.0)
    arms = (np.array([2.0, 2.0, INF]), np.array([INF, INF, 4.0]))  # the third is not operated in the one arm, but in the other
    trial = replace(cohort, treatment=replace(cohort.treatment, arms=arms))
    assert compared(trial, population="randomised", strategies="assigned") == ([18, 18, 10], [10, 10, 16])
    with pytest.raises(NoTruth, match="nobody is assigned"):
        compared(cohort, strategies="assigned")


def test_later_surgery_goes_on_where_only_the_grace_period_is_compared(make_world):
    # grace 4: the second is operated at 4 against at 9, the third at 4 against never, the first at 2 against never
    cohort = make_world([10, 20, 30], [2, 9, INF], HALF)
    assert compared(cohort, grace=4.0, strategies="within_grace") == ([18, 36, 56], [10, 31, 30])
    assert compared(cohort, grace=4.0) == ([18, 36, 56], [10, 20, 30])


def test_a_landmark_gives_nobody_immortal_months(make_world):
    """Constant hazards, no heterogeneity: among each strategy's survivors of month 20 the ratio is the world's own."""
    cohort = exponential_world(make_world, log(0.6), 11, size=60_000)
    within(marginal_log_hazard_ratio(cohort, horizon=60.0, population="alive_at", landmark=20.0, grace=0.0), log(0.6))
    gained = rmst_difference(cohort, horizon=24.0, population="alive_at", landmark=20.0, grace=0.0)
    mean_alive = [mean * (1 - exp(-24 / mean)) for mean in (20.0 / 0.6, 20.0)]
    within(gained, mean_alive[0] - mean_alive[1])


def test_the_error_between_different_survivors_is_right(make_world):
    """Over 400 cohorts: the reported error against the spread of the values, within 4 errors of a standard deviation."""
    values = []
    for seed in range(400):
        cohort = exponential_world(make_world, HALF, 1000 + seed, size=300)
        values.append(rmst_difference(cohort, horizon=24.0, population="alive_at", landmark=10.0, grace=0.0))
    spread = np.std([truth.value for truth in values], ddof=1)
    model = sqrt(np.mean([truth.mcse**2 for truth in values]))
    assert abs(model / spread - 1) < 4 / sqrt(2 * 399)


def test_targets_weigh_the_women(make_world):
    """Surgery helps the second half only, who are the ones operated on in fact, or not."""
    size = 4000
    second = np.arange(size) >= size / 2
    rng = np.random.default_rng(3)
    wait = np.where(rng.random(size) < np.where(second, 0.8, 0.2), 0.0, INF)
    cohort = make_world(rng.exponential(20.0, size), wait, HALF)
    columns = {"second": second.astype(float)}
    cohort = replace(
        cohort,
        patients=replace(cohort.patients, columns=columns, recorded=("second",)),
        potential=replace(
            cohort.potential, under=lambda wait: np.where(second, 2.0, 1.0) * cohort.potential.unoperated
        ),
    )
    gains = cohort.potential.unoperated * second
    operated = np.isfinite(wait)
    everyone, exposed, overlap = (rmst_difference(cohort, horizon=1e6, target=target).value
                                  for target in ("everyone", "exposed", "overlap"))  # fmt: skip
    assert everyone == pytest.approx(gains.mean(), rel=1e-9)
    assert exposed == pytest.approx(gains[operated].mean(), rel=1e-9)
    share = np.where(second, operated[second].mean(), operated[~second].mean())
    assert overlap == pytest.approx(np.average(gains, weights=share * (1 - share)), rel=1e-6)


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


def everything(cohort):
    return conditional_log_hazard_ratio(cohort, given="everything")


def test_given_everything_it_is_the_parameter_of_the_world(make_world):
    assert everything(make_world([3, 4], [1, 1], HALF)) == Truth(value=HALF, mcse=0.0)
    plain = make_world([3, 4], [1, 1])
    assert everything(with_effect(plain, [0, 6], np.full((2, 2), -0.3))).value == -0.3


@pytest.mark.parametrize(
    ("after", "log_ratio"), [([0, 6], [[0.0, -0.3]] * 2), ([0], [[-0.3], [0.0]]), ([0, 6], [[-0.3, 0.0], [0.0, -0.3]])]
)
def test_given_everything_there_is_no_single_value_when_the_effect_varies(make_world, after, log_ratio):
    with pytest.raises(NoTruth, match=r"marginal_log_hazard_ratio or rmst_difference"):
        everything(with_effect(make_world([3, 4], [1, 1]), after, log_ratio))


def test_given_the_recorded_covariates_hidden_prognosis_pulls_towards_none(make_world):
    """Two scores of which one is recorded: between the marginal ratio and the world's own, which both scores give."""
    rng = np.random.default_rng(9)
    scores = rng.standard_normal((2, 30_000))
    cohort = make_world(rng.exponential(20.0, 30_000) * np.exp(-scores.sum(axis=0)), 0.0, HALF)
    columns = {"a": scores[0], "b": scores[1]}

    def given(*names):
        return conditional_log_hazard_ratio(
            replace(cohort, patients=replace(cohort.patients, columns=columns, recorded=names)), horizon=60.0
        )

    none, one, both = given(), given("a"), given("a", "b")
    within(both, HALF)
    assert none.value == pytest.approx(marginal_log_hazard_ratio(cohort, horizon=60.0).value, rel=1e-9)
    assert both.value + 6 * one.mcse < one.value < none.value - 6 * one.mcse


def test_nobody_in_the_population(make_world):
    with pytest.raises(NoTruth, match="change the treatment to `randomised`"):
        rmst_difference(make_world([3, 4], [1, 1]), population="randomised")
    with pytest.raises(NoTruth, match="target 'exposed'"):
        survival_difference(make_world([3, 4], [INF, INF]), target="exposed")
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
