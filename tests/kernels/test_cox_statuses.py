"""How a Cox fit ends where there is nothing to estimate, and what it refuses."""

import numpy as np
import pytest
from cox_cases import PATHS, fit_on

from biasim.answers import Status
from biasim.kernels import backend

RNG = np.random.default_rng(9)
N = 60
TIME, EVENT = RNG.exponential(10, N), RNG.random(N) < 0.7
X = np.column_stack([RNG.random(N) < 0.5, RNG.normal(size=N)]).astype(float)


def unusable(fit, status, width=2):
    assert fit.status == status
    assert fit.coefficients.shape == (width,)
    assert not np.isfinite(fit.coefficients).any()
    assert fit.covariance.shape == (width, width)
    assert np.isnan(fit.covariance).all()


@pytest.mark.parametrize("path", PATHS)
def test_nobody_and_nothing(path):
    unusable(fit_on(path, TIME[:0], EVENT[:0], X[:0]), Status.NO_PATIENTS)
    unusable(fit_on(path, TIME, EVENT, X, weights=np.zeros(N)), Status.NO_PATIENTS)
    unusable(fit_on(path, TIME, EVENT, X, entry=TIME), Status.NO_PATIENTS)
    unusable(fit_on(path, TIME, np.zeros(N, bool), X), Status.NO_EVENTS)
    unusable(fit_on(path, TIME, EVENT, X, weights=(~EVENT).astype(float)), Status.NO_EVENTS)
    unusable(fit_on(path, TIME[:1], np.ones(1, bool), X[:1]), Status.SINGULAR)
    assert np.isnan(fit_on(path, TIME, np.zeros(N, bool), X, robust=True).robust_covariance).all()


@pytest.mark.parametrize("path", PATHS)
def test_empty_arms_and_aliased_columns(path):
    constant = np.column_stack([np.full(N, 0.1), X[:, 1]])
    fit = fit_on(path, TIME, EVENT, constant)
    assert fit.status == Status.OK
    assert fit.aliased.tolist() == [True, False]
    assert np.isnan(fit.coefficients[0])
    unusable(fit_on(path, TIME, EVENT, constant[:, :1]), Status.SINGULAR, 1)
    thrice = np.column_stack([X, X[:, 0] - 3 * X[:, 1], X[:, 1] ** 2])
    fit, alone = (
        fit_on(path, TIME, EVENT, thrice, robust=True),
        fit_on(path, TIME, EVENT, thrice[:, [0, 1, 3]], robust=True),
    )
    assert fit.aliased.tolist() == [False, False, True, False]
    np.testing.assert_allclose(fit.coefficients[[0, 1, 3]], alone.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.robust_covariance[0, 3], alone.robust_covariance[0, 2], rtol=1e-10)
    assert np.isnan(fit.covariance[2]).all()
    assert np.isnan(fit.robust_covariance[:, 2]).all()
    within = fit_on(path, TIME, EVENT, np.column_stack([X[:, 0] * 5, X[:, 1]]), strata=X[:, 0])
    assert within.aliased.tolist() == [True, False]


@pytest.mark.parametrize("path", PATHS)
def test_no_covariates_leave_the_null_likelihood(path):
    fit = fit_on(path, TIME, EVENT, X[:, :0], robust=True)
    assert fit.status == Status.OK
    assert fit.log_likelihood == fit.log_likelihood_null < 0
    assert fit.robust_covariance.shape == (0, 0)


@pytest.mark.parametrize("path", PATHS)
def test_separation(path):
    no_deaths = fit_on(path, TIME, EVENT & (X[:, 0] == 0), X)
    assert no_deaths.status == Status.SEPARATION
    assert no_deaths.coefficients[0] == -np.inf
    ranked = fit_on(path, TIME, EVENT, -TIME[:, None])
    assert ranked.status == Status.SEPARATION
    assert ranked.coefficients[0] == np.inf
    light = fit_on(path, TIME, EVENT & (X[:, 0] == 0), X, weights=np.where(X[:, 0] > 0, 1e-6, 1.0))
    assert light.status == Status.SEPARATION
    wide = np.random.default_rng(1).normal(size=(N, 40))
    assert fit_on(path, TIME, EVENT, wide).status == Status.OK
    assert fit_on(path, TIME, EVENT & (np.arange(N) % 3 > 0), wide).status == Status.SEPARATION


@pytest.mark.parametrize("path", PATHS)
def test_separation_among_many(path):
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.random(3000) < 0.02, rng.normal(size=(3000, 3))])
    time, event = rng.exponential(size=3000), (rng.random(3000) < 0.5) & (x[:, 0] == 0)
    for months in (time, np.ceil(10 * time)):
        fit = fit_on(path, months, event, x)
        assert fit.status == Status.SEPARATION
        assert fit.coefficients[0] == -np.inf
        assert np.isnan(fit.coefficients[1:]).all()


@pytest.mark.parametrize("path", PATHS)
def test_a_large_effect_is_not_separation(path):
    rng = np.random.default_rng(10)
    x = rng.normal(size=(2000, 2))
    time = rng.exponential(size=2000) * np.exp(-x @ [8.0, -6.0])
    fit = fit_on(path, np.log(time), np.ones(2000, bool), x)
    assert fit.status == Status.OK
    np.testing.assert_allclose(fit.coefficients, [8, -6], rtol=0.06)
    time, almost = np.arange(20.0), -np.append([1.0, 0.0], np.arange(2.0, 20.0))
    fit = fit_on(path, time, np.ones(20, bool), almost[:, None])
    assert fit.status == Status.OK
    assert fit.coefficients[0] > 2


def test_refusals():
    with pytest.raises(ValueError, match="covariates"):
        fit_on("numpy", TIME, EVENT, X[:-1])
    with pytest.raises(ValueError, match="covariates"):
        fit_on("numpy", TIME, EVENT, np.where(X[3, 1] == X, np.nan, X))
    with pytest.raises(ValueError, match="time"):
        fit_on("numpy", np.where(TIME[0] == TIME, np.nan, TIME), EVENT, X)
    with pytest.raises(ValueError, match="weights"):
        fit_on("numpy", TIME, EVENT, X, weights=-np.ones(N))
    with pytest.raises(ValueError, match="entry"):
        fit_on("numpy", TIME, EVENT, X, entry=np.zeros(N - 1))
    with pytest.raises(ValueError, match="ties"):
        fit_on("numpy", TIME, EVENT, X, ties="exact")
    with pytest.raises(ValueError, match="BIASIM_KERNELS"), backend.using("fortran"):
        pass


@pytest.mark.parametrize("path", PATHS)
def test_inputs_of_other_kinds(path):
    """Columns in Fortran's order, strided arrays, whole numbers and lists say the same as tidy arrays."""
    fit = fit_on(path, TIME, EVENT, X, weights=np.ones(N))
    strided = np.repeat(TIME, 2)[::2]
    other = fit_on(path, strided, EVENT.astype(int).tolist(), np.asfortranarray(X), weights=np.ones(2 * N, int)[::2])
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-12)
    forever = fit_on(path, np.where(TIME.max() == TIME, np.inf, TIME), EVENT & (TIME.max() > TIME), X)
    assert forever.status == Status.OK
