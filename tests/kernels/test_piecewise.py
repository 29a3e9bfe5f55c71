"""Step-function rates: by hand, and one function the inverse of the other."""

import numpy as np
import pytest

from biasim.kernels.piecewise import accumulate, reach

STARTS, RATES = (0.0, 2.0, 5.0), (1.0, 3.0, 0.5)


@pytest.mark.parametrize(("moment", "total"), [(0.0, 0.0), (1.5, 1.5), (2.0, 2.0), (4.0, 8.0), (5.0, 11.0), (9.0, 13.0)])
def test_by_hand(moment, total):
    np.testing.assert_allclose(accumulate(np.array([moment]), STARTS, RATES), total, rtol=1e-14)
    np.testing.assert_allclose(reach(np.array([total]), STARTS, RATES), moment, rtol=1e-14)


def test_each_patient_has_her_own_moments_and_rates():
    starts, rates = (0.0, np.array([1.0, 2.0])), (1.0, np.array([2.0, 4.0]))
    np.testing.assert_allclose(accumulate(3.0, starts, rates), [5.0, 6.0])
    np.testing.assert_allclose(reach(np.array([5.0, 6.0]), starts, rates), [3.0, 3.0])


def test_a_segment_that_never_begins_changes_nothing():
    total = np.array([0.1, 7.0])
    np.testing.assert_array_equal(reach(total, (0.0, np.inf, np.inf), (1.0, 5.0, 2.0)), total)
    np.testing.assert_array_equal(accumulate(total, (0.0, np.inf, np.inf), (1.0, 5.0, 2.0)), total)
    np.testing.assert_array_equal(accumulate(np.array([np.inf]), (0.0, 3.0), (1.0, 2.0)), [np.inf])


def test_before_the_first_change_the_moment_is_untouched_to_the_last_bit():
    total = np.random.default_rng(1).random(1000)
    np.testing.assert_array_equal(reach(total, (0.0, 1.0, 2.0), (1.0, 0.3, 9.0)), total)


def test_reach_is_the_inverse_of_accumulate():
    rng = np.random.default_rng(20230130)
    for segments in (1, 2, 3, 6):
        starts = [0.0, *np.cumsum(rng.exponential(size=(segments - 1, 500)), axis=0)]
        rates = list(rng.uniform(0.05, 5.0, size=(segments, 500)))
        moment = rng.exponential(3.0, size=500)
        np.testing.assert_allclose(reach(accumulate(moment, starts, rates), starts, rates), moment, rtol=1e-12)
