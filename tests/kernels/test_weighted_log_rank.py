"""Weighted log-rank tests, their maximum and the hazard ratio that belongs to them: by hand, invariances, other programs."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from biasim.answers import Status
from biasim.kernels import cox
from biasim.kernels.log_rank import log_rank
from biasim.kernels.normal_box import outside
from biasim.kernels.weighted_log_rank import COMBO, chi_squared, largest, log_ratio, scores, two_arms


def sample(seed, size=80, *, late=False):
    rng = np.random.default_rng(seed)
    exposed = rng.random(size) < 0.5
    entry = np.floor(rng.uniform(0, 4, size)) * late
    time = entry + np.ceil(rng.exponential(6.0, size) * np.exp(0.4 * exposed))
    return time, rng.random(size) < 0.7, exposed, entry if late else None


def test_four_patients_by_hand():
    arms = two_arms([1.0, 2, 3, 4], [True, True, False, True], np.array([True, False, True, False]))
    # at risk (unexposed, exposed): (2, 2), (2, 1); at 4 one arm only. S(t-) 1, 3/4. Scores 1 - 1/2, 0 - 1/3
    assert_allclose(arms.before, [1.0, 0.75])
    score, covariance = scores(arms, ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    assert_allclose(score, [1 / 2 - 1 / 3, 1 / 2 - 1 / 4, -1 / 12])
    assert_allclose(covariance[0], [1 / 4 + 2 / 9, 1 / 4 + 1 / 6, 1 / 18])
    assert covariance[1, 2] == pytest.approx(2 / 9 * 0.75 * 0.25)
    # exposed dies at 1: r / (1 + r); unexposed dies at 2: of 2 + r. (1 + r) r = 2 + r at the root: r^2 = 2
    status, value, error = log_ratio(arms, 0.0, 0.0)
    assert status is Status.OK
    assert value == pytest.approx(np.log(2) / 2, abs=1e-10)
    r = np.sqrt(2)
    assert error == pytest.approx((r / (1 + r) ** 2 + 2 * r / (2 + r) ** 2) ** -0.5, rel=1e-9)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_known_members_of_the_family(seed, late):
    time, event, exposed, entry = sample(seed, late=late)
    arms = two_arms(time, event, exposed, entry=entry)
    for rho in (0.0, 1.0, 0.5):
        (score,), ((variance,),) = scores(arms, ((rho, 0.0),))
        known = log_rank(time, event, exposed, entry=entry, rho=rho)
        assert chi_squared(score, variance) == (pytest.approx(known.chi2, rel=1e-10), pytest.approx(known.p, rel=1e-9))
    fit = cox.fit(time, event, exposed[:, None], entry=entry, ties="breslow")
    _, value, error = log_ratio(arms, 0.0, 0.0)
    assert value == pytest.approx(fit.coefficients[0], abs=1e-9)
    assert error == pytest.approx(np.sqrt(fit.covariance[0, 0]), rel=1e-9)


@pytest.mark.parametrize(("rho", "gamma"), list(product((0.0, 1.0), (0.0, 1.0, 2.0))))
def test_relabelling_turns_the_sign_and_the_order_of_rows_and_the_clock_do_not_matter(rho, gamma):
    time, event, exposed, entry = sample(3, late=True)
    one = two_arms(time, event, exposed, entry=entry)
    rows = np.random.default_rng(3).permutation(len(time))
    two = two_arms(time[rows] ** 2, event[rows], ~exposed[rows], entry=entry[rows] ** 2)
    assert_allclose(log_ratio(two, rho, gamma)[1:], np.array(log_ratio(one, rho, gamma)[1:]) * [-1, 1], rtol=1e-9)
    assert_allclose(largest(two), largest(one), rtol=1e-9)


def test_lifelines_agrees():
    """Its weights are S(t) of the pooled curve before each death, as here."""
    from lifelines.statistics import logrank_test

    time, event, exposed, _ = sample(5, 200)
    arms = two_arms(time, event, exposed)
    for p, q in ((1.0, 0.0), (0.0, 1.0), (0.5, 2.0)):
        (score,), ((variance,),) = scores(arms, ((p, q),))
        other = logrank_test(time[exposed], time[~exposed], event[exposed], event[~exposed],
                             weightings="fleming-harrington", p=p, q=q)  # fmt: skip
        assert score**2 / variance == pytest.approx(other.test_statistic, rel=1e-6)


def test_no_finite_ratio_says_why():
    one_sided = two_arms(np.arange(1.0, 7), np.array([1, 1, 1, 0, 0, 0], bool), np.array([1, 1, 1, 0, 0, 0], bool))
    assert log_ratio(one_sided, 0.0, 0.0)[0] is Status.SEPARATION
    first = two_arms(np.array([1.0, 2, 3]), np.array([True, False, False]), np.array([True, False, True]))
    assert log_ratio(first, 0.0, 1.0)[0] is Status.NO_EVENTS  # the first death has no weight
    nobody = two_arms(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))
    assert log_ratio(nobody, 0.0, 0.0)[0] is Status.NO_EVENTS
    assert np.isnan(largest(nobody)).all()


def test_box_of_independent_and_of_equal_variables():
    assert outside(1.5, np.eye(1)) == pytest.approx(2 * norm.sf(1.5), rel=1e-12)
    assert outside(1.5, np.eye(4)) == pytest.approx(1 - (1 - 2 * norm.sf(1.5)) ** 4, rel=1e-12)
    assert outside(1.5, np.ones((4, 4))) == pytest.approx(2 * norm.sf(1.5), rel=1e-12)
    with pytest.raises(ValueError, match="rank"):
        outside(1.0, np.eye(10))


@pytest.mark.parametrize("seed", range(4))
def test_box_against_scipy(seed):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(4, 6))
    covariance = factor @ factor.T
    spread = np.sqrt(covariance.diagonal())
    correlation, limit = covariance / np.outer(spread, spread), rng.uniform(1.0, 3.0)
    inside = multivariate_normal.cdf(
        np.full(4, limit), cov=correlation, lower_limit=np.full(4, -limit), abseps=1e-8, releps=1e-8, maxpts=400_000
    )
    assert outside(limit, correlation) == pytest.approx(1 - inside, abs=1e-4)


def test_box_of_a_determined_variable_by_simulation():
    """The weights S and 1 - S of the max-combo sum to that of the log-rank test: four tests of rank three."""
    time, event, exposed, _ = sample(6, 300)
    _, covariance = scores(two_arms(time, event, exposed), COMBO)
    spread = np.sqrt(covariance.diagonal())
    correlation = covariance / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(correlation)
    assert abs(values[0]) < 1e-12
    rng = np.random.default_rng(7)
    draws = rng.standard_normal((400_000, 4)) @ (np.sqrt(np.maximum(values, 0.0)) * vectors).T
    for limit in (1.0, 2.0, 2.5):
        share = (np.abs(draws).max(axis=1) > limit).mean()
        assert outside(limit, correlation) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 400_000) + 1e-4)
