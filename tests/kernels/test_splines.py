"""Restricted cubic splines: by hand, and by what defines them."""

import numpy as np
import pytest

from biasim.kernels.splines import quantile_knots, restricted_cubic

approx = pytest.approx


def test_three_knots_by_hand():
    # C(x) = [(x-0)+^3 - 2 (x-1)+^3 + (x-2)+^3] / 4 for knots 0, 1, 2
    found = restricted_cubic(np.array([-1.0, 0.0, 0.5, 1.5, 2.0, 4.0]), np.array([0.0, 1.0, 2.0]))[:, 0]
    by_hand = [0, 0, 0.125, 1.5**3 - 2 * 0.125, 8 - 2, 64 - 2 * 27 + 8]
    assert found == approx(np.array(by_hand) / 4, rel=1e-14)


def test_straight_outside_and_smooth_at_the_knots():
    knots = np.array([-1.0, 0.2, 0.9, 2.0])
    outside = restricted_cubic(np.array([-9.0, -5.0, -1.0, 2.0, 3.0, 4.0, 5.0]), knots)
    assert not outside[:3].any()
    assert np.diff(outside[3:], n=2, axis=0) == approx(0.0, abs=1e-12)
    step = 1e-3
    for knot in knots:
        around = restricted_cubic(knot + step * np.arange(-3, 4), knots)
        assert np.abs(np.diff(around, n=2, axis=0)).max() < 20 * step**2  # a second derivative without jumps
        assert np.abs(np.diff(np.diff(around, n=2, axis=0), axis=0)).max() < 20 * step**3


def test_units_move_through():
    values, knots = np.linspace(-2, 2, 9), np.array([-1.0, 0.0, 1.5])
    assert restricted_cubic(30 * values + 7, 30 * knots + 7) == approx(30 * restricted_cubic(values, knots), rel=1e-12)


def test_knots_are_distinct_quantiles():
    line, two_valued = np.arange(101.0), np.repeat([0.0, 1.0], [50, 51])
    found = quantile_knots(np.column_stack((line, two_valued)))
    assert found[0] == approx([5, 35, 65, 95])
    assert found[1].tolist() == [0, 1]
    assert quantile_knots(line[:, None], 5)[0] == approx([5, 27.5, 50, 72.5, 95])
    assert restricted_cubic(two_valued, found[1]).shape == (101, 0)
    with pytest.raises(ValueError, match="expected 3, 4 or 5"):
        quantile_knots(line[:, None], 6)
