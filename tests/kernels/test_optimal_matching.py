"""Optimal pairs: against every assignment (scipy's), and against greedy matching."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from biasim.kernels.matching import nearest
from biasim.kernels.optimal_matching import optimal_pairs

approx = pytest.approx


def price(score, exposed, pairs, left_out):
    """Total distance, and the price of those left out."""
    head, control = pairs
    return np.abs(score[head] - score[control]).sum() + left_out * (np.count_nonzero(exposed) - len(head))


def test_where_greedy_is_short_sighted():
    # largest first: 2.0 takes 1.4 and leaves 3.1 to 1.0, 2.7 in all; the other way round it is 1.5
    score, exposed = np.array([2.0, 1.0, 1.4, 3.1]), np.array([True, True, False, False])
    head, control = optimal_pairs(score, exposed)
    assert (head.tolist(), control.tolist()) == ([1, 0], [2, 3])
    greedy = nearest(score, exposed)
    assert price(score, exposed, (greedy.exposed_row, greedy.control_row), 0.0) == approx(2.7)


def test_a_pair_as_far_apart_as_the_price_is_made():
    score, exposed = np.array([0.0, 1.0]), np.array([True, False])
    for flip in (exposed, ~exposed):
        assert len(optimal_pairs(score, flip, left_out=1.0)[0]) == 1
        assert len(optimal_pairs(score, flip, left_out=0.999)[0]) == 0


@pytest.mark.parametrize("seed", range(300))
def test_no_assignment_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 26)
    score = rng.integers(0, 6, size).astype(float) if seed % 3 == 0 else rng.standard_normal(size)
    exposed = rng.random(size) < rng.uniform(0.2, 0.8)
    left_out = rng.choice([0.0, 0.1, 0.5, 2.0])
    distance = np.abs(score[exposed][:, None] - score[~exposed])
    count = np.count_nonzero(exposed)

    pairs = optimal_pairs(score, exposed, left_out=left_out)
    head, control = pairs
    assert len(set(head)) == len(head) == len(set(control))
    assert exposed[head].all()
    assert not exposed[control].any()
    assert np.abs(score[head] - score[control]).max(initial=0.0) <= left_out + 1e-12
    cost = np.hstack((distance, np.full((count, count), left_out)))
    assert price(score, exposed, pairs, left_out) == approx(cost[linear_sum_assignment(cost)].sum(), abs=1e-10)

    pairs = optimal_pairs(score, exposed)
    assert len(pairs[0]) == min(distance.shape)
    assert price(score, exposed, pairs, 0.0) == approx(distance[linear_sum_assignment(distance)].sum(), abs=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_never_above_greedy(seed):
    rng = np.random.default_rng(seed)
    score = rng.standard_normal(400)
    exposed = rng.random(400) < 1 / (1 + np.exp(0.3 - score))
    optimal = price(score, exposed, optimal_pairs(score, exposed, left_out=0.2), 0.2)
    for order in ("largest", "smallest", "data"):
        made = nearest(score, exposed, caliper=0.2, order=order)
        assert optimal <= price(score, exposed, (made.exposed_row, made.control_row), 0.2) + 1e-10


def test_the_lot_decides_among_equals():
    score, exposed = np.zeros(5), np.array([True, True, False, False, False])
    head, control = optimal_pairs(score, exposed, lots=np.array([9, 2, 7, 1, 8]))
    assert (head.tolist(), control.tolist()) == ([1, 0], [3, 2])


def test_nobody():
    assert [len(rows) for rows in optimal_pairs(np.empty(0), np.empty(0, dtype=bool))] == [0, 0]
