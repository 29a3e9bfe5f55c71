"""Shapley values: games by hand, the axioms that define them, permutations one by one, sampled orders."""

from itertools import permutations
from math import factorial

import numpy as np
import pytest

from biasim.kernels import shapley

approx = pytest.approx


def by_permutations(players: int, value) -> np.ndarray:
    """The mean over every order of entry, written out."""
    total = np.zeros(players)
    for order in permutations(range(players)):
        inside = 0
        for player in order:
            total[player] += value[inside | 1 << player] - value[inside]
            inside |= 1 << player
    return total / factorial(players)


def test_the_glove_game_by_hand() -> None:
    """Two left gloves and one right one: a pair is worth 1; the right glove gets 2/3."""
    pair = [0, 0, 0, 0, 0, 1, 1, 1]  # players 0 and 1 hold left gloves, player 2 the right one
    assert shapley.exact_weights(3) @ pair == approx([1 / 6, 1 / 6, 2 / 3], abs=1e-15)


@pytest.mark.parametrize("players", [1, 2, 3, 4, 5])
def test_weights_are_the_mean_over_all_permutations(players: int) -> None:
    value = np.random.default_rng(players).normal(size=1 << players)
    assert shapley.exact_weights(players) @ value == approx(by_permutations(players, value), abs=1e-13)


@pytest.mark.parametrize("players", [1, 4, 10])
def test_efficiency_symmetry_and_dummy(players: int) -> None:
    rng = np.random.default_rng(players)
    value = rng.normal(size=1 << players)
    weights = shapley.exact_weights(players)
    assert (weights @ value).sum() == approx(value[-1] - value[0], abs=1e-12)
    sets = np.arange(1 << players)
    size = np.bitwise_count(sets)
    symmetric = rng.normal(size=players + 1)[size]  # every player is as good as any other
    assert weights @ symmetric == approx(np.full(players, (symmetric[-1] - symmetric[0]) / players), abs=1e-12)
    idle = value[sets & ~1]  # player 0 adds nothing to any set
    assert (weights @ idle)[0] == approx(0.0, abs=1e-13)


def test_sampled_orders_come_with_their_reverse() -> None:
    orders = shapley.sampled_orders(12, 4, np.random.default_rng(1))
    assert orders.shape == (8, 12)
    assert (np.sort(orders, axis=1) == np.arange(12)).all()
    assert (orders[::2] == orders[1::2, ::-1]).all()
    assert len({tuple(order) for order in orders.tolist()}) == 8


def test_sets_on_the_way_by_hand() -> None:
    orders = np.array([[2, 0, 1], [1, 0, 2]])
    assert shapley.reached(orders).tolist() == [[0, 4, 5, 7], [0, 2, 3, 7]]
    along = np.array([[0.0, 1.0, 3.0, 7.0], [0.0, 1.0, 1.0, 5.0]])
    assert shapley.added_by_order(orders, along).tolist() == [[2.0, 4.0, 1.0], [0.0, 1.0, 4.0]]


def test_all_orders_sampled_are_the_exact_values() -> None:
    value = np.random.default_rng(4).normal(size=16)
    orders = np.array(list(permutations(range(4))))
    added = shapley.added_by_order(orders, value[shapley.reached(orders)])
    assert added.mean(axis=0) == approx(shapley.exact_weights(4) @ value, abs=1e-13)
