"""E-values, bounding factor and tipping points: published examples, derivations, brute force."""

from math import exp, inf, isnan, log, sqrt

import numpy as np
import pytest

from biasim.kernels import sensitivity as kernel

approx = pytest.approx


@pytest.mark.parametrize(
    ("ratio", "known"),
    [
        (3.9, 7.26), (1.8, 3.00),  # death from respiratory infection and formula feeding: VanderWeele and Ding 2017
        (0.80, 1.81), (0.91, 1.43),  # leukaemia and breast feeding, same paper: the limit nearest 1 is the upper one
        (10.73, 20.95), (8.02, 15.52),  # smoking and lung cancer (Hammond and Horn): Ding and VanderWeele 2016
    ],
)  # fmt: skip
def test_e_values_of_the_paper(ratio, known):
    assert kernel.e_value(ratio) == approx(known, abs=0.0051)
    assert kernel.e_value(1 / ratio) == approx(kernel.e_value(ratio), rel=1e-12)


def test_point_and_limit():
    point, limit = kernel.e_values(log(3.9), log(1.8), log(8.7), common=False)
    assert (point, limit) == (approx(7.26, abs=0.005), approx(3.0, abs=1e-12))
    assert kernel.e_values(log(0.8), log(0.71), log(0.91), common=False)[1] == approx(1.43, abs=0.005)
    assert kernel.e_values(log(0.8), log(0.6), log(1.1), common=False)[1] == 1.0
    assert kernel.e_values(0.0, -0.1, 0.1, common=True) == (1.0, 1.0)


@pytest.mark.parametrize("hazard_ratio", [0.2, 0.56, 0.69, 1.0, 1.3, 4.0])
def test_a_common_outcome_goes_through_the_risk_ratio(hazard_ratio):
    plain = (1 - 0.5 ** sqrt(hazard_ratio)) / (1 - 0.5 ** sqrt(1 / hazard_ratio))
    assert kernel.risk_ratio(log(hazard_ratio), common=True) == approx(plain, rel=1e-12)
    assert kernel.risk_ratio(log(hazard_ratio), common=False) == approx(hazard_ratio, rel=1e-12)
    assert abs(log(plain)) <= abs(log(hazard_ratio)) + 1e-12  # risks differ less than hazards
    away = max(plain, 1 / plain)
    assert kernel.e_values(log(hazard_ratio), -9, 9, common=True)[0] == approx(away + sqrt(away * (away - 1)), rel=1e-12)


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("log_ratio", [-1e4, -700.0, -1e-12, 1e-12, 700.0, 1e4])
def test_no_log_hazard_ratio_is_too_large(log_ratio, common):
    for found in kernel.e_values(log_ratio, log_ratio, log_ratio, common=common):
        assert 1.0 <= found < inf


def test_bounding_factor_by_hand():
    assert kernel.bounding_factor(2.0, 2.0) == approx(4 / 3)
    assert kernel.bounding_factor(1.0, 50.0) == kernel.bounding_factor(50.0, 1.0) == 1.0
    for ratio in (1.2, 3.9, 10.73):
        both = kernel.e_value(ratio)
        assert kernel.bounding_factor(both, both) == approx(ratio, rel=1e-12)  # which is what the E-value is


def test_no_confounder_exceeds_the_bounding_factor():
    """Ten thousand confounders of three values, drawn at random; and a binary one that reaches the bound."""
    rng = np.random.default_rng(1)
    exposed, unexposed = rng.dirichlet(np.ones(3), 10_000), rng.dirichlet(np.ones(3), 10_000)
    risk = rng.uniform(0.01, 1, (10_000, 3))
    apparent = (exposed * risk).sum(axis=1) / (unexposed * risk).sum(axis=1)
    factor = kernel.bounding_factor((exposed / unexposed).max(axis=1), risk.max(axis=1) / risk.min(axis=1))
    assert (apparent <= factor * (1 + 1e-12)).all()
    assert (apparent > 0.97 * factor).any()
    prevalence, ratio = 0.4, 3.0  # everybody among the exposed has it
    sharp = ratio / (1 + prevalence * (ratio - 1))
    assert kernel.bounding_factor(1 / prevalence, ratio) == approx(sharp, rel=1e-12)


def test_outcome_ratio_needed_is_the_inverse():
    for ratio in (0.4, 0.8, 1.5):
        needed = kernel.outcome_ratio_needed(ratio, 3.0)
        assert kernel.bounding_factor(3.0, needed) == approx(max(ratio, 1 / ratio), rel=1e-12)
    assert kernel.outcome_ratio_needed(3.0, 2.0) == inf
    assert kernel.outcome_ratio_needed(3.0, 3.0) == inf
    assert kernel.outcome_ratio_needed(1.0, 1.0) == 1.0


def test_confounding_ratio_by_hand():
    assert kernel.confounding_ratio(0.3, 0.5, 2.0) == approx((0.3 * 2 + 0.7) / (0.5 * 2 + 0.5))
    assert kernel.confounding_ratio(0.3, 0.3, 7.0) == 1.0
    assert kernel.confounding_ratio(1.0, 0.0, 7.0) == 7.0
    swapped = kernel.confounding_ratio(0.7, 0.5, 0.5)  # the absence of the cause is a cause too
    assert kernel.confounding_ratio(0.3, 0.5, 2.0) == approx(swapped, rel=1e-12)


def test_tipping_points_are_the_inverses():
    for ratio, exposed, unexposed in ((0.8, 0.2, 0.6), (0.95, 0.3, 0.5), (1.4, 0.7, 0.2)):
        found = kernel.tipping_hazard_ratio(ratio, exposed, unexposed)
        assert kernel.confounding_ratio(exposed, unexposed, found) == approx(ratio, rel=1e-12)
        assert kernel.tipping_prevalence(ratio, unexposed, found) == approx(exposed, rel=1e-9)


def test_no_tipping_point_is_nan():
    assert isnan(kernel.tipping_hazard_ratio(0.3, 0.4, 0.5))  # even a certain killer makes no more than 0.4 / 0.5
    assert isnan(kernel.tipping_hazard_ratio(0.8, 0.5, 0.5))
    assert isnan(kernel.tipping_hazard_ratio(0.8, 0.4, 0.5))  # reached in the limit only
    assert isnan(kernel.tipping_prevalence(0.3, 0.5, 2.0))  # the best arm still has 1 / 1.5
    assert isnan(kernel.tipping_prevalence(0.9, 0.5, 1.0))
    assert kernel.tipping_prevalence(1.0, 0.5, 1.0) == 0.5
    assert kernel.tipping_hazard_ratio(1.0, 0.2, 0.6) == approx(1.0)


def test_prior_without_spread_is_one_number():
    values, chances = kernel.confounding_prior(
        exposed=0.3, unexposed=0.5, prevalence_spread=0.0, hazard_ratio=2.0, hazard_ratio_spread=0.0
    )
    assert values == approx(np.full(values.size, log(1.3 / 1.5)), rel=1e-12)
    assert chances.sum() == approx(1.0, rel=1e-12)


def test_certain_prevalences_stay_certain():
    values, _ = kernel.confounding_prior(
        exposed=1.0, unexposed=0.0, prevalence_spread=0.5, hazard_ratio=2.0, hazard_ratio_spread=0.0
    )
    assert np.exp(values) == approx(np.full(values.size, 2.0), rel=1e-12)


def test_prior_is_what_a_million_draws_give():
    values, chances = kernel.confounding_prior(
        exposed=0.2, unexposed=0.6, prevalence_spread=0.5, hazard_ratio=2.5, hazard_ratio_spread=0.4
    )
    rng = np.random.default_rng(2)
    normal = rng.standard_normal((3, 1_000_000))
    p, q = (1 / (1 + np.exp(-(log(m / (1 - m)) + 0.5 * z))) for m, z in ((0.2, normal[0]), (0.6, normal[1])))
    ratio = exp(log(2.5)) * np.exp(0.4 * normal[2])
    drawn = np.log((p * ratio + 1 - p) / (q * ratio + 1 - q))
    mean = chances @ values
    assert mean == approx(drawn.mean(), abs=4 * drawn.std() / 1000)
    assert sqrt(chances @ (values - mean) ** 2) == approx(drawn.std(), rel=4 / sqrt(2e6) * 1.5)
