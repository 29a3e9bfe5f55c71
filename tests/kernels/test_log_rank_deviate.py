"""The log-rank deviate against the log-rank test, whose values are R's."""

import numpy as np
import pytest

from biasim.kernels.log_rank import log_rank
from biasim.kernels.log_rank_deviate import log_rank_deviate


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("size", [2, 7, 40, 400])
def test_its_square_is_chi_squared_and_its_sign_says_who_dies_faster(size, late, rounded):
    rng = np.random.default_rng([size, late, rounded])
    for _ in range(20):
        time = rng.exponential(10, size) + 0.01
        time = np.ceil(time) if rounded else time
        event, group = rng.random(size) < 0.7, rng.random(size) < 0.4
        entry = np.where(rng.random(size) < 0.5, time * 0.3, 0.0) if late else None
        known, found = log_rank(time, event, group, entry=entry), log_rank_deviate(time, event, group, entry=entry)
        assert found**2 == pytest.approx(known.chi2 if known.degrees else 0.0, rel=1e-10, abs=1e-20)
        assert np.sign(found) == np.sign((known.observed - known.expected)[1]) or abs(found) < 1e-7


def test_by_hand():
    """Deaths at 1 (exposed, of 4 at risk 2 exposed) and 3 (unexposed, of 2 at risk 1): O - E = 1 - 1, no difference."""
    time, group = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, False, True])
    event = np.array([True, False, True, False])
    assert log_rank_deviate(time, event, group) == 0.0
    event = np.array([True, True, False, False])  # 1 - 1/2 - 1/3 over the root of 1/4 + 2/9
    assert log_rank_deviate(time, event, group) == pytest.approx((1 / 6) / np.sqrt(17 / 36), rel=1e-14)


def test_nothing_to_compare_is_no_difference():
    time, nobody = np.array([1.0, 2.0]), np.zeros(2, bool)
    assert log_rank_deviate(time, nobody, np.array([True, False])) == 0.0
    assert log_rank_deviate(time, ~nobody, nobody) == 0.0
    assert log_rank_deviate(np.empty(0), np.empty(0, bool), np.empty(0, bool)) == 0.0
