"""Logistic regression: both paths on random problems, and what the extension refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from biasim.answers import Status
from biasim.kernels import _logistic_newton, backend, logistic

BUILT = [_logistic_newton.EXTENSION] if _logistic_newton.EXTENSION and backend.COX else []
PATHS = ("numpy", "compiled") if BUILT else ("numpy",)



def random_case(seed):
    rng = np.random.default_rng(seed)
    size, columns = int(rng.integers(3, 400)), int(rng.integers(0, 9))
    covariates = rng.normal(size=(size, columns)) * 10.0 ** rng.integers(-4, 5, columns) + rng.normal(size=columns)
    if columns and rng.random() < 0.5:
        covariates[:, 0] = rng.random(size) < 0.3
    if columns > 2 and rng.random() < 0.3:
        covariates[:, 2] = 2 * covariates[:, 0] - covariates[:, 1]
    spread = covariates.std(axis=0)
    scores = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1)
    outcome = rng.random(size) < 1 / (1 + np.exp(-scores @ rng.normal(size=columns) * rng.choice([0.3, 1, 3])))
    weights = None if rng.random() < 0.5 else rng.exponential(size=size) * (rng.random(size) < 0.9)
    return covariates, outcome, weights


@pytest.mark.parametrize("block", range(3))
def test_both_paths_agree(block):
    for seed in range(block * 150, block * 150 + 150):
        covariates, outcome, weights = random_case(seed)
        fits = []
        for name in PATHS:
            with backend.using(name):
                fits.append(logistic.fit(covariates, outcome, weights=weights))
        a, b = fits[0], fits[-1]
        assert a.status is b.status, seed
        assert_array_equal(a.aliased, b.aliased)
        if a.status is not Status.OK:
            continue
        kept = ~a.aliased
        se = np.sqrt(np.diag(a.covariance))[kept]
        apart = np.abs(a.coefficients - b.coefficients)[kept] / np.maximum(np.abs(a.coefficients[kept]), se)
        assert apart.max() < 1e-10, seed
        within = np.ix_(kept, kept)
        assert np.abs((a.covariance - b.covariance)[within] / np.outer(se, se)).max() < 1e-10, seed
        assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-10)
        assert_allclose(a.probability, b.probability, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("extension", BUILT)
def test_the_extension_refuses_arrays_that_would_corrupt_memory(extension):
    call, rules = extension.newton, (60, 1e-20, 1e-8, 0.5, 1e-9)
    design, outcome = np.ones((1, 4)), np.array([0.0, 1, 1, 0])
    gamma, covariance = np.zeros(1), np.zeros((1, 1))
    assert call(design, outcome, None, gamma, covariance, *rules)[0] == 0
    read_only = gamma.copy()
    read_only.flags.writeable = False
    for bad in (
        (design.astype(np.float32), outcome, None, gamma, covariance),
        (design, outcome[:3], None, gamma, covariance),
        (design, outcome, np.ones(3), gamma, covariance),
        (design, outcome, None, np.zeros(2), covariance),
        (design, outcome, None, gamma, np.zeros((1, 2))),
        (design[:, :0], outcome[:0], None, gamma, covariance),
        (design, outcome[::-1], None, gamma, covariance),
        (design, outcome, None, read_only, covariance),
    ):
        with pytest.raises((ValueError, BufferError)):
            call(*bad, *rules)
