"""Shapley values: what each of several players adds to a value that they make together, on average over all orders of entry.

A set of players is a number whose bits say who is in it. Shapley 1953, doi 10.1515/9781400881970-018; sampled orders: Castro,
Gómez and Tejada 2009, doi 10.1016/j.cor.2008.04.004.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from biasim.types import Floats, Integers


def everybody(players: int) -> int:
    """The set of all players."""
    return (1 << players) - 1


def exact_weights(players: int) -> Floats:
    """Weights (players, 2**players) such that `weights @ values` are the Shapley values of `values`, one per set.

    A player i enters after the set S in |S|! (n - |S| - 1)! of the n! orders, and then adds v(S with i) - v(S).
    """
    sets = np.arange(1 << players)
    size = np.bitwise_count(sets).astype(np.int64)
    share = np.array([factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)] + [0.0])
    weights = np.empty((players, len(sets)))
    for player in range(players):
        inside = (sets >> player & 1).astype(bool)
        weights[player] = np.where(inside, share[np.maximum(size - 1, 0)], -share[size])
    return weights


def sampled_orders(players: int, pairs: int, rng: np.random.Generator) -> Integers:
    """Orders of entry, (2 * pairs, players): each drawn at random and followed by its reverse, which lowers the variance."""
    drawn = rng.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * pairs, players)


def reached(orders: Integers) -> Integers:
    """The sets on the way of each order from nobody to everybody, (orders, players + 1)."""
    entered = np.cumsum(1 << orders, axis=1)
    return np.concatenate([np.zeros((len(orders), 1), dtype=np.int64), entered], axis=1)


def added_by_order(orders: Integers, values: Floats) -> Floats:
    """What each player adds in each order, (orders, players, ...); `values` along the way, (orders, players + 1, ...)."""
    steps = np.diff(values, axis=1)
    added = np.empty_like(steps)
    for number, order in enumerate(orders):
        added[number, order] = steps[number]
    return added
