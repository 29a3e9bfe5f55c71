"""What must not change a Cox fit, and what must change it in a known way."""

import numpy as np
import pytest
from cox_cases import PATHS, errors, fit_on

N = 150


def cohort(seed=3, monthly=True):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(N) < 0.4, rng.normal(size=N), rng.normal(60, 12, N)]).astype(float)
    time = rng.exponential(20, N) * np.exp(-0.5 * x[:, 0])
    return np.ceil(time) if monthly else time, rng.random(N) < 0.7, x


def same(a, b, tolerance=1e-10):
    np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=tolerance)
    np.testing.assert_allclose(errors(a.covariance), errors(b.covariance), rtol=tolerance)
    np.testing.assert_allclose(a.log_likelihood, b.log_likelihood, rtol=tolerance)
    if a.robust_covariance is not None and b.robust_covariance is not None:
        np.testing.assert_allclose(errors(a.robust_covariance), errors(b.robust_covariance), rtol=tolerance)


@pytest.mark.parametrize("path", PATHS)
def test_relabelling_exposure_flips_the_sign(path):
    time, event, x = cohort()
    other = x.copy()
    other[:, 0] = 1 - x[:, 0]
    a, b = fit_on(path, time, event, x), fit_on(path, time, event, other)
    np.testing.assert_allclose(a.coefficients, b.coefficients * [-1, 1, 1], rtol=1e-10)


@pytest.mark.parametrize("path", PATHS)
def test_a_monotone_change_of_time_and_the_order_of_rows(path):
    time, event, x = cohort()
    entry, weights = np.floor(time * 0.4), np.random.default_rng(1).exponential(size=N)
    order = np.random.default_rng(2).permutation(N)
    a = fit_on(path, time, event, x, entry=entry, weights=weights, robust=True)
    later = {"entry": np.log1p(entry), "weights": weights}
    same(a, fit_on(path, np.log1p(time), event, x, robust=True, **later))
    moved = {"entry": entry[order], "weights": weights[order]}
    same(a, fit_on(path, time[order], event[order], x[order], robust=True, **moved))


@pytest.mark.parametrize("path", PATHS)
def test_whole_weights_are_repeated_rows_and_zero_is_absence(path):
    time, event, x = cohort()
    weights = np.random.default_rng(4).integers(0, 4, N)
    rows, person = np.repeat(np.arange(N), weights), np.arange(N)
    a = fit_on(path, time, event, x, weights=weights, cluster=person, ties="breslow")
    b = fit_on(path, time[rows], event[rows], x[rows], cluster=person[rows], ties="breslow")
    same(a, b)
    here = weights > 0
    a = fit_on(path, time, event, x, weights=weights, robust=True)
    same(a, fit_on(path, time[here], event[here], x[here], weights=weights[here], robust=True))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_splitting_person_time_changes_nothing(path, ties):
    time, event, x = cohort()
    cut = np.random.default_rng(5).uniform(0, 40, N)
    late = cut < time
    rows = np.concatenate([np.arange(N), np.flatnonzero(late)])
    stop = np.concatenate([np.where(late, cut, time), time[late]])
    start = np.concatenate([np.zeros(N), cut[late]])
    dead = np.concatenate([event & ~late, event[late]])
    a = fit_on(path, time, event, x, robust=True, ties=ties)
    same(a, fit_on(path, stop, dead, x[rows], entry=start, cluster=rows, ties=ties))


@pytest.mark.parametrize("path", PATHS)
def test_scaling_and_shifting_covariates(path):
    time, event, x = cohort()
    scale = np.array([1.0, 3e-5, 7e6])
    a = fit_on(path, time, event, x, robust=True)
    b = fit_on(path, time, event, x * scale + [5, -1, 3e6], robust=True)
    np.testing.assert_allclose(a.coefficients, b.coefficients * scale, rtol=1e-8)
    np.testing.assert_allclose(errors(a.robust_covariance), errors(b.robust_covariance) * scale, rtol=1e-8)


@pytest.mark.parametrize("path", PATHS)
def test_entry_before_the_first_death_is_no_late_entry(path):
    time, event, x = cohort(monthly=False)
    a = fit_on(path, time, event, x, robust=True)
    same(a, fit_on(path, time, event, x, entry=np.full(N, -np.inf), robust=True))
    same(a, fit_on(path, time, event, x, strata=np.full(N, "one"), robust=True))


@pytest.mark.parametrize("path", PATHS)
def test_weights_times_a_constant(path):
    time, event, x = cohort()
    weights = np.random.default_rng(6).exponential(size=N)
    a = fit_on(path, time, event, x, weights=weights, robust=True)
    for times in (1e-6, 1e6):
        b = fit_on(path, time, event, x, weights=weights * times, robust=True)
        np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=1e-10)
        np.testing.assert_allclose(a.covariance, b.covariance * times, rtol=1e-9)
        np.testing.assert_allclose(errors(a.robust_covariance), errors(b.robust_covariance), rtol=1e-9)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("apart", [False, True])
def test_giants_leave_nothing_behind(path, apart):
    """Risks a million million times larger enter after all deaths: their rounding must not stay in the sums."""
    rng = np.random.default_rng(7)
    x = np.append(rng.normal(size=60), np.full(30, 18.0))[:, None]
    ranks = np.argsort(np.argsort(rng.exponential(size=60) * np.exp(-1.5 * x[:60, 0])))
    time = np.append((ranks + 1) / 15, rng.uniform(6, 9, 30))
    entry = np.append(np.where(np.arange(60) % 2, 0.0, time[:60] * 0.5), np.full(30, 5.0))
    event = np.append(np.ones(60, bool), np.zeros(30, bool))
    event[60] = True
    strata = np.append(np.zeros(60), np.ones(30)) if apart else None
    together = fit_on(path, time, event, x, entry=entry, strata=strata, robust=True)
    alone = fit_on(path, time[:60], event[:60], x[:60], entry=entry[:60], robust=True)
    assert together.coefficients[0] > 1.1
    np.testing.assert_allclose(together.coefficients, alone.coefficients, rtol=1e-11)
    np.testing.assert_allclose(together.robust_covariance, alone.robust_covariance, rtol=1e-10)


@pytest.mark.parametrize("path", PATHS)
def test_an_interval_that_is_only_rounding_is_none(path):
    time, event, x = cohort(monthly=False)
    time = np.append(time, [10.0, 11.0])
    entry = np.append(np.zeros(N), [10.0 - 1e-12, 11.0 - 1e-12])
    longer = np.append(event, [True, True]), np.vstack([x, x[:2] + 1])
    same(fit_on(path, time, *longer, entry=entry, robust=True), fit_on(path, time[:N], event, x, robust=True))


@pytest.mark.parametrize("path", PATHS)
def test_an_infinite_time_takes_no_part_in_ties_by_rounding(path):
    time, event, x = cohort()
    time, event = time + np.where(np.arange(N) % 2, 1e-9, 0.0), event.copy()
    event[0], time[0] = False, 1e6
    a = fit_on(path, np.where(time == 1e6, np.inf, time), event, x, entry=np.where(event, -np.inf, 0.0))
    same(a, fit_on(path, np.floor(time), event, x))
