"""Cox fits worked by hand, to 1e-12, and against the likelihood by definition."""

import numpy as np
import pytest
from cox_cases import PATHS, by_definition, errors, fit_on

SIX = (np.array([9.0, 1, 1, 6, 6, 8]), np.array([1, 1, 0, 1, 1, 0], bool), np.array([[0.0], [1], [1], [1], [0], [0]]))
EXACT = pytest.approx


@pytest.mark.parametrize("path", PATHS)
def test_six_patients_of_therneau_breslow(path):
    """Score 2 - r/(r+1) - 2r/(r+3) = 0, so r = (3 + sqrt 33) / 2."""
    fit = fit_on(path, *SIX, ties="breslow", robust=True)
    r = (3 + np.sqrt(33)) / 2
    assert fit.coefficients[0] == EXACT(np.log(r), rel=1e-12)
    assert 1 / fit.covariance[0, 0] == EXACT(r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2, rel=1e-12)
    assert fit.log_likelihood == EXACT(2 * np.log(r) - np.log(3 * r + 3) - 2 * np.log(r + 3), rel=1e-12)
    assert fit.log_likelihood_null == EXACT(-np.log(6) - 2 * np.log(4), rel=1e-12)
    assert fit.score_test == EXACT(1 / (1 / 4 + 6 / 16), rel=1e-12)


@pytest.mark.parametrize("path", PATHS)
def test_six_patients_of_therneau_efron(path):
    """Score 2 - r/(r+1) - r/(r+3) - r/(r+5) = 0, so r^3 - 23 r - 30 = 0."""
    fit = fit_on(path, *SIX)
    r = 2 * np.sqrt(23 / 3) * np.cos(np.arccos(45 / 23 * np.sqrt(3 / 23)) / 3)
    assert fit.coefficients[0] == EXACT(np.log(r), rel=1e-12)
    information = r / (r + 1) ** 2 + 3 * r / (r + 3) ** 2 + 5 * r / (r + 5) ** 2
    assert 1 / fit.covariance[0, 0] == EXACT(information, rel=1e-11)
    likelihood = 2 * np.log(r) - np.log(3 * r + 3) - np.log(r + 3) - np.log((r + 5) / 2)
    assert fit.log_likelihood == EXACT(likelihood, rel=1e-12)


@pytest.mark.parametrize("path", PATHS)
def test_late_entry_by_hand(path):
    """Two risk sets, {exposed dies, two unexposed} and {unexposed dies, one exposed}: 1 - r/(r+2) - r/(r+1) = 0, r = sqrt 2."""
    time, entry = np.array([2.0, 2.5, 4, 4, 6, 2]), np.array([0.0, 0, 0, 3, 5, 1.9999])
    event, x = np.array([1, 0, 1, 0, 0, 0], bool), np.array([[1.0], [0], [0], [1], [1], [1]])
    event[5] = False
    keep = [0, 1, 2, 3, 4]
    fit = fit_on(path, time[keep], event[keep], x[keep], entry=entry[keep], robust=True)
    assert fit.coefficients[0] == EXACT(np.log(np.sqrt(2)), rel=1e-12)
    r = np.sqrt(2)
    assert 1 / fit.covariance[0, 0] == EXACT(2 * r / (r + 2) ** 2 + r / (r + 1) ** 2, rel=1e-12)
    deaths = np.array([2 / (r + 2), -r / (r + 1)])  # what each death adds to the score
    losses = np.array([2 * r / (r + 2) ** 2, -r / (r + 2) ** 2, -r / (r + 1) ** 2])
    first, second = deaths[0] - losses[0], deaths[1] + r / (r + 2) ** 2 + r / (r + 1) ** 2
    meat = first**2 + (r / (r + 2) ** 2) ** 2 + second**2 + (r / (r + 1) ** 2) ** 2
    assert fit.robust_covariance[0, 0] == EXACT(meat * fit.covariance[0, 0] ** 2, rel=1e-11)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
def test_likelihood_information_and_sandwich_by_definition(path, ties, late):
    rng = np.random.default_rng(8)
    n = 70
    time, event = np.ceil(rng.exponential(8, n)), rng.random(n) < 0.7
    x = np.column_stack([rng.random(n) < 0.4, rng.normal(size=n), rng.normal(50, 10, n)]).astype(float)
    options = {"ties": ties, "weights": rng.exponential(size=n), "strata": rng.integers(0, 3, n)}
    if late:
        options["entry"] = np.floor(time * rng.random(n) * 0.9)
    cluster = rng.integers(0, 20, n)
    fit = fit_on(path, time, event, x, cluster=cluster, **options)
    value, information, scores = by_definition(fit.coefficients, time, event, x - x.mean(axis=0), **options)
    inverse = np.linalg.inv(information)
    sums = np.array([scores[cluster == g].sum(axis=0) for g in range(20)]) @ inverse
    assert scores.sum(axis=0) @ inverse == EXACT(0, abs=1e-10)
    assert fit.log_likelihood == EXACT(value, rel=1e-12)
    assert errors(fit.covariance) == EXACT(errors(inverse), rel=1e-9)
    assert errors(fit.robust_covariance) == EXACT(errors(sums.T @ sums), rel=1e-9)
