"""Restricted mean survival: by hand, R's survmean, the closed form of the exponential."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import EXPECTED, MORE, ids, numbers, table

from biasim.kernels import kaplan_meier, rmst


def test_step_function_by_hand():
    fitted = kaplan_meier.curve([1.0, 2, 4], [True, True, True])
    mean, error = rmst.restricted_mean(fitted, 3.0)
    assert mean == pytest.approx(1 + 2 / 3 + 1 / 3, rel=1e-12)
    # areas to the right of the deaths at 1 and 2: 2/3 + 1/3 and 1/3; d / (n (n - d)): 1/6 and 1/2
    assert error == pytest.approx(np.sqrt(1 / 6 + (1 / 3) ** 2 / 2), rel=1e-12)


def test_everybody_dead_gives_the_mean_survival_and_its_sampling_error():
    time = np.array([1.0, 3, 5, 11])
    mean, error = rmst.restricted_mean(kaplan_meier.curve(time, np.ones(4, dtype=bool)), 20.0)
    assert mean == pytest.approx(5.0, rel=1e-12)
    assert error == pytest.approx(np.sqrt(time.var() / 4), rel=1e-12)


def test_horizon_before_the_first_death_has_no_error():
    assert rmst.restricted_mean(kaplan_meier.curve([5.0, 6], [True, True]), 4.0) == (4.0, 0.0)


def test_nobody_has_no_mean():
    assert np.isnan(rmst.restricted_mean(kaplan_meier.curve(np.zeros(0), np.zeros(0, dtype=bool)), 4.0)).all()


def test_stretching_time_stretches_mean_and_error():
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.7
    a = rmst.restricted_mean(kaplan_meier.curve(time, event), 6.0)
    b = rmst.restricted_mean(kaplan_meier.curve(time * 12, event), 72.0)
    assert_allclose(b, np.array(a) * 12, rtol=1e-12)


def test_exponential_survival_within_four_standard_errors():
    rng = np.random.default_rng(20)
    time, lost = rng.exponential(30, 20_000), rng.exponential(80, 20_000)
    mean, error = rmst.restricted_mean(kaplan_meier.curve(np.minimum(time, lost), time <= lost), 24.0)
    assert abs(mean - 30 * (1 - np.exp(-24 / 30))) < 4 * error
    assert error == pytest.approx(np.minimum(time, 24).std() / np.sqrt(20_000), rel=0.1)


@pytest.mark.parametrize("case", MORE["km"], ids=ids(MORE["km"]))
def test_awkward_means_equal_survmean(case):
    entry, weights = (None if case[name] is None else numbers(case[name]) for name in ("entry", "weights"))
    fitted = kaplan_meier.curve(numbers(case["time"]), numbers(case["event"]) == 1, entry=entry, weights=weights)
    for expected in case["rmst"]:
        found = rmst.restricted_mean(fitted, expected["horizon"])
        assert_allclose(found, [expected["mean"], expected["se"]], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", EXPECTED["rmst_difference"], ids=ids(EXPECTED["rmst_difference"]))
def test_differences_between_arms_equal_r(case):
    data = table(case["file"])
    means = []
    for arm in (0, 1):
        rows = data[case["arm"]] == arm
        fitted = kaplan_meier.curve(data[case["time"]][rows], data[case["event"]][rows] == 1)
        means.append(rmst.restricted_mean(fitted, case["tau"]))
        assert_allclose(means[-1], [case[f"rmst{arm}"], case[f"se{arm}"]], rtol=1e-10)
    assert_allclose(means[1][0] - means[0][0], case["diff"], rtol=1e-10)
    assert_allclose(np.hypot(means[1][1], means[0][1]), case["se_diff"], rtol=1e-10)
