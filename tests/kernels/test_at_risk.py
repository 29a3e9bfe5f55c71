"""Running sums over risk sets equal the sums written out; standardised curves have the influences they say."""

import numpy as np
import pytest

from biasim.kernels.at_risk import product_limit, runs
from biasim.kernels.jackknife import clustered_error
from biasim.kernels.kaplan_meier import curve
from biasim.kernels.standardised import breslow, functional


def rows(size, seed, *, late):
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(20.0, size) * 2) / 2
    entry = np.where(rng.random(size) < 0.5, np.round(time * rng.random(size)), 0.0) * late
    return entry, time, rng.random(size) < 0.7, rng.integers(0, 4, size).astype(float)


@pytest.mark.parametrize("late", [0, 1])
def test_sums_written_out(late):
    entry, time, event, weights = rows(40, 1, late=late)
    grid = np.unique(time[event])
    at_risk = (entry[:, None] < grid) & (grid <= time[:, None])
    found = runs(grid, entry, time)
    two = np.stack((weights, np.arange(40.0)), axis=1)
    np.testing.assert_allclose(found.totals(weights), weights @ at_risk, atol=1e-12)
    np.testing.assert_allclose(found.totals(two), at_risk.T @ two, atol=1e-12)
    steps = np.random.default_rng(2).random((len(grid), 3))
    np.testing.assert_allclose(found.along(steps[:, 0]), at_risk @ steps[:, 0], atol=1e-12)
    np.testing.assert_allclose(found.along(steps), at_risk @ steps, atol=1e-12)
    part = found.between(3, 7)
    at_risk[:, :3] = at_risk[:, 7:] = False
    np.testing.assert_allclose(part.totals(weights), weights @ at_risk, atol=1e-12)
    np.testing.assert_allclose(part.along(steps), at_risk @ steps, atol=1e-12)


def test_nobody_and_nothing():
    none = np.zeros(0)
    assert runs(none, none, none).totals(none).shape == (0,)
    assert runs(none, np.zeros(2), np.ones(2)).along(none).tolist() == [0.0, 0.0]
    assert runs(np.array([5.0]), np.zeros(2), np.ones(2)).totals(np.ones(2)).tolist() == [0.0]
    assert runs(np.array([0.0]), np.zeros(1), np.zeros(1)).totals(np.ones(1)).tolist() == [0.0]


@pytest.mark.parametrize("late", [0, 1])
def test_the_product_limit_is_kaplan_meiers(late):
    entry, time, event, weights = rows(60, 3, late=late)
    fitted = curve(time, event, entry=entry if late else None, weights=weights)
    found = runs(fitted.time, entry, time)
    deaths = np.bincount(found.last[event & found.ever], weights[event & found.ever], len(fitted.time))
    np.testing.assert_allclose(product_limit(found.totals(weights), deaths)[0], fitted.survival, atol=1e-12)


def test_a_curve_that_rounding_would_keep_above_zero():
    survival, left = product_limit(np.array([3.0, 0.1 + 0.2]), np.array([1.0, 0.3]))
    assert survival[-1] == left[-1] == 0.0


def test_standardised_survival_and_area_written_out():
    # deaths at 1 and 3 of risks 2 and 1 among three: increments 1/(2+1+1) and 1/(1+1)
    time, event = np.array([1.0, 3.0, 4.0]), np.array([True, True, False])
    baseline = breslow(time, event, np.zeros(3), np.array([2.0, 1.0, 1.0]), np.ones(3))
    np.testing.assert_allclose(baseline.steps, [1 / 4, 1 / 2])
    risk, weights = np.array([1.0, 3.0]), np.array([1.0, 2.0])
    survival = functional(baseline, risk, weights, 3.5, area=False)
    np.testing.assert_allclose(survival.per_row, np.exp([-0.75, -2.25]))
    np.testing.assert_allclose(survival.by_log_risk, [-0.75 * np.exp(-0.75), -2.25 * np.exp(-2.25)])
    np.testing.assert_allclose(survival.by_step, [-(np.exp(-0.75) + 6 * np.exp(-2.25)) / 3] * 2)
    area = functional(baseline, risk, weights, 3.5, area=True)
    np.testing.assert_allclose(area.per_row, [1 + 2 * np.exp(-r / 4) + 0.5 * np.exp(-0.75 * r) for r in risk])
    late = 0.5 * survival.by_step[0]
    early = late - 2 * (np.exp(-0.25) + 6 * np.exp(-0.75)) / 3
    np.testing.assert_allclose(area.by_step, [early, late])
    before = functional(baseline, risk, weights, 0.5, area=True)
    np.testing.assert_allclose(before.per_row, 0.5)
    assert not before.by_step.any()


def test_rows_of_a_cluster_are_added_before_they_are_squared():
    influence = np.array([3.0, 4.0, -1.0])
    assert clustered_error(influence, np.array([1, 5, 9])) == pytest.approx(np.sqrt(26))
    assert clustered_error(influence, np.array([5, 1, 5])) == pytest.approx(np.sqrt(2**2 + 4**2))
    assert clustered_error(np.zeros(0), np.zeros(0, dtype=int)) == 0.0
