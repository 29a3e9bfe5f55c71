"""Roots in brackets, many at once: against scipy's Brent, and the count of evaluations."""

import numpy as np
import pytest
from scipy.optimize import brentq

from biasim.kernels.bracketed import Brackets

FUNCTIONS = (
    lambda x: x - 0.3,
    lambda x: x**3 - 0.2,
    lambda x: np.exp(-3.0 * x) - 0.5,
    lambda x: np.tanh(20.0 * (x - 0.9)),
    lambda x: 1.0 - 5.0 * x**8,
)


def at(points: np.ndarray) -> np.ndarray:
    return np.array([function(point) for function, point in zip(FUNCTIONS, points, strict=True)])


def test_all_roots_are_those_of_brent() -> None:
    low, high = np.zeros(5), np.ones(5)
    brackets = Brackets.of(low, high, at(low), at(high))
    for _ in range(25):
        tried = brackets.tried()
        assert (brackets.low <= tried).all()
        assert (tried <= brackets.high).all()
        value = at(tried)
        if np.abs(value).max() < 1e-13:
            break
        brackets = brackets.narrowed(tried, value)
    expected = [brentq(function, 0.0, 1.0, xtol=1e-15) for function in FUNCTIONS]
    assert tried == pytest.approx(expected, abs=1e-9)


def test_a_straight_line_is_found_at_once() -> None:
    brackets = Brackets.of(np.array([0.0]), np.array([1.0]), np.array([-1.0]), np.array([3.0]))
    assert brackets.tried().tolist() == [0.25]


def test_the_bracket_keeps_the_root_and_halves_the_end_that_stays() -> None:
    brackets = Brackets.of(np.array([0.0]), np.array([1.0]), np.array([-1.0]), np.array([4.0]))
    once = brackets.narrowed(np.array([0.2]), np.array([-0.5]))
    assert (once.low[0], once.high[0], once.at_low[0], once.at_high[0]) == (0.2, 1.0, -0.5, 4.0)
    twice = once.narrowed(np.array([0.4]), np.array([-0.25]))
    assert (twice.low[0], twice.at_low[0], twice.at_high[0]) == (0.4, -0.25, 2.0)  # the upper end stayed twice
    other = twice.narrowed(np.array([0.6]), np.array([1.0]))
    assert (other.high[0], other.at_low[0], other.at_high[0]) == (0.6, -0.25, 1.0)


def test_two_ends_of_one_value_are_halved() -> None:
    assert Brackets.of(np.zeros(1), np.ones(1), np.zeros(1), np.zeros(1)).tried().tolist() == [0.5]
