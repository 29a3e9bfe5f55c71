"""Logistic regression: by hand, statuses, invariances, R's glm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import LALONDE, MORE, ids, lalonde, numbers
from scipy.optimize import linprog

from biasim.answers import Status
from biasim.kernels import _logistic_newton, backend, logistic

PATHS = ("numpy", "compiled") if _logistic_newton.EXTENSION and backend.COX else ("numpy",)


@pytest.fixture(params=PATHS)
def path(request):
    with backend.using(request.param):
        yield request.param


def sample(seed, size=80, columns=3):
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(size, columns))
    return covariates, rng.random(size) < 1 / (1 + np.exp(-covariates.sum(axis=1) / 2)), rng.exponential(size=size)


def errors(fit):
    return np.sqrt(np.diag(fit.covariance))


# ---------------------------------------------------------------- by hand


def test_one_binary_covariate_is_a_table_of_four(path):
    # 3 of 10 with the covariate, 8 of 12 without
    covariate = np.repeat([1.0, 1, 0, 0], [3, 7, 8, 4])
    outcome = np.repeat([True, False, True, False], [3, 7, 8, 4])
    fit = logistic.fit(covariate[:, None], outcome)
    assert fit.status is Status.OK
    assert_allclose(fit.coefficients, [np.log(8 / 4), np.log(3 / 7) - np.log(8 / 4)], rtol=1e-12)
    assert_allclose(np.diag(fit.covariance), [1 / 8 + 1 / 4, 1 / 3 + 1 / 7 + 1 / 8 + 1 / 4], rtol=1e-12)
    assert_allclose(fit.covariance[0, 1], -(1 / 8 + 1 / 4), rtol=1e-12)
    gain = 3 * np.log(0.3) + 7 * np.log(0.7) + 8 * np.log(2 / 3) + 4 * np.log(1 / 3)
    assert fit.log_likelihood == pytest.approx(gain, rel=1e-12)
    assert_allclose(fit.probability, np.where(covariate == 1, 0.3, 2 / 3), rtol=1e-12)
    assert_allclose(fit.linear_predictor, np.where(covariate == 1, np.log(3 / 7), np.log(2)), rtol=1e-12)


def test_without_covariates_the_odds_of_the_outcome(path):
    fit = logistic.fit(np.zeros((5, 0)), np.array([True, False, False, False, True]))
    assert_allclose(fit.coefficients, [np.log(2 / 3)], rtol=1e-12)
    assert_allclose(fit.covariance, [[1 / 2 + 1 / 3]], rtol=1e-12)


# ---------------------------------------------------------------- statuses


def test_constant_outcomes_and_nobody(path):
    columns = np.arange(4.0)[:, None]
    assert logistic.fit(columns, np.zeros(4, dtype=bool)).status is Status.NOBODY_EXPOSED
    assert logistic.fit(columns, np.ones(4, dtype=bool)).status is Status.NOBODY_UNEXPOSED
    assert logistic.fit(columns[:0], np.zeros(0, dtype=bool)).status is Status.NO_PATIENTS
    outcome = np.array([True, False, True, False])
    assert logistic.fit(columns, outcome, weights=np.zeros(4)).status is Status.NO_PATIENTS
    fit = logistic.fit(columns, outcome, weights=np.array([1.0, 0, 1, 0]))
    assert fit.status is Status.NOBODY_UNEXPOSED
    assert np.isnan(fit.coefficients).all()
    assert np.isnan(fit.probability).all()
    assert fit.coefficients.shape == fit.aliased.shape == (2,)


@pytest.mark.parametrize(
    "columns",
    [
        [[-2.0], [-1], [-0.5], [1], [2], [3]],  # complete
        [[0.0], [0], [0], [0], [0], [1]],  # quasi-complete: a group in which everybody is exposed
        [[0.0, 1], [0, 2], [0, 7], [0, 1], [0, 3], [1, 2]],
        [[-2.0], [-1], [0], [0], [2], [3]],  # touching
    ],
)
def test_perfect_prediction_is_separation(path, columns):
    outcome = np.array([False, False, False, True, True, True])
    fit = logistic.fit(np.array(columns), outcome)
    assert fit.status is Status.SEPARATION
    assert fit.iterations < _logistic_newton.MAX_ITERATIONS


def test_extreme_probabilities_with_a_finite_maximum_are_no_separation(path):
    covariate = np.concatenate([np.linspace(-30, -1, 50), [-0.5, 0.5], np.linspace(1, 30, 50)])
    outcome = covariate > 0
    outcome[50:52] = [True, False]
    fit = logistic.fit(covariate[:, None], outcome)
    assert fit.status is Status.OK
    assert fit.probability[0] < 1e-12
    assert abs((outcome - fit.probability).sum()) < 1e-9


def separated(columns, outcome):
    """Whether some direction predicts without error, and some outcome strictly: a linear programme, solved by HiGHS."""
    signed = np.where(outcome, 1.0, -1.0)[:, None] * np.column_stack([np.ones(len(outcome)), columns])
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(outcome)), bounds=[(-1, 1)] * signed.shape[1])
    return best.fun < -1e-9


@pytest.mark.parametrize("block", range(2))
def test_separation_exactly_where_a_linear_programme_finds_it(path, block):
    seen = set()
    for seed in range(block * 100, block * 100 + 100):
        rng = np.random.default_rng(seed)
        size, columns = int(rng.integers(6, 40)), int(rng.integers(1, 5))
        covariates = rng.integers(0, 3, (size, columns)).astype(float)
        outcome = rng.random(size) < 0.3
        if outcome.all() or not outcome.any():
            continue
        expected = separated(covariates, outcome)
        assert logistic.fit(covariates, outcome).status is (Status.SEPARATION if expected else Status.OK), seed
        seen.add(expected)
    assert seen == {True, False}


def test_later_columns_that_earlier_ones_span_are_aliased(path):
    covariates, outcome, _ = sample(2)
    a, b, c = covariates.T
    wide = np.column_stack([a, np.full(80, 0.1), b, 2 * a - b + 3, c, c])
    fit, plain = logistic.fit(wide, outcome), logistic.fit(covariates, outcome)
    assert_array_equal(fit.aliased, [False, False, True, False, True, False, True])
    assert_array_equal(np.isnan(fit.coefficients), fit.aliased)
    assert_allclose(fit.coefficients[~fit.aliased], plain.coefficients, rtol=1e-9)
    assert_allclose(fit.covariance[np.ix_(~fit.aliased, ~fit.aliased)], plain.covariance, rtol=1e-9, atol=1e-14)
    assert_allclose(fit.linear_predictor, plain.linear_predictor, rtol=1e-9)


# ---------------------------------------------------------------- invariances


@pytest.mark.parametrize("seed", range(5))
def test_relabelling_the_outcome_flips_the_signs(path, seed):
    covariates, outcome, weights = sample(seed)
    a, b = (logistic.fit(covariates, y, weights=weights) for y in (outcome, ~outcome))
    assert_allclose(b.coefficients, -a.coefficients, rtol=1e-10)
    assert_allclose(b.covariance, a.covariance, rtol=1e-10, atol=1e-14)
    assert_allclose(b.probability, 1 - a.probability, rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_whole_weights_equal_repeated_rows(path, seed):
    covariates, outcome, _ = sample(seed)
    weights = np.random.default_rng(seed).integers(0, 4, 80)
    again = np.repeat(np.arange(80), weights)
    a, b = logistic.fit(covariates, outcome, weights=weights), logistic.fit(covariates[again], outcome[again])
    assert_allclose(a.coefficients, b.coefficients, rtol=1e-10, atol=1e-12)
    assert_allclose(a.covariance, b.covariance, rtol=1e-10, atol=1e-14)
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-12)
    assert np.isfinite(a.probability).all()  # rows of weight 0 too


@pytest.mark.parametrize("seed", range(5))
def test_units_do_not_matter(path, seed):
    covariates, outcome, weights = sample(seed)
    scale, shift = np.array([1e-6, 12.0, 1e5]), np.array([0.0, 40.0, -3e5])
    a = logistic.fit(covariates, outcome, weights=weights)
    b = logistic.fit(covariates * scale + shift, outcome, weights=weights * 1e-3)
    assert_allclose(b.coefficients[1:] * scale, a.coefficients[1:], rtol=1e-9)
    assert_allclose(errors(b)[1:] * scale, errors(a)[1:] * np.sqrt(1e3), rtol=1e-9)
    assert_allclose(b.linear_predictor, a.linear_predictor, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_zero_at_the_maximum(path, seed):
    covariates, outcome, weights = sample(seed, size=300, columns=6)
    fit = logistic.fit(covariates, outcome, weights=weights)
    score = (weights * (outcome - fit.probability)) @ np.column_stack([np.ones(300), covariates])
    assert np.abs(score).max() < 1e-9


# ---------------------------------------------------------------- R


def test_lalonde_equals_glm(path):
    covariates, exposed, probability, logit = lalonde()
    fit = logistic.fit(covariates, exposed)
    names = ["(Intercept)", *LALONDE["covariates"]]
    assert_allclose(fit.coefficients, [LALONDE["coef"][name] for name in names], rtol=1e-8)
    assert_allclose(errors(fit), [LALONDE["se"][name] for name in names], rtol=1e-8)
    assert fit.log_likelihood == pytest.approx(LALONDE["loglik"], rel=1e-10)
    assert_allclose(fit.probability, probability, rtol=1e-8)
    assert_allclose(fit.linear_predictor, logit, rtol=1e-8)


@pytest.mark.parametrize("case", MORE["logistic"], ids=ids(MORE["logistic"]))
def test_awkward_fits_equal_glm(path, case):
    fit = logistic.fit(np.array(case["x"]), numbers(case["y"]) == 1, weights=numbers(case["weights"]))
    expected = numbers(case["coef"])
    assert fit.status is Status.OK
    assert_array_equal(fit.aliased, np.isnan(expected))
    assert_allclose(fit.coefficients, expected, rtol=1e-8)
    assert_allclose(errors(fit), numbers(case["se"]), rtol=1e-8)
    assert fit.log_likelihood == pytest.approx(case["loglik"], rel=1e-10)
