"""Which sets of mechanisms are simulated, and the weights that make Shapley values of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.kernels import shapley
from biasim.types import Floats, Integers

EXACT_UP_TO = 10  # mechanisms: 1,024 sets
PAIRS = 50  # orders beyond it, each with its reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalitions:
    """Sets of players as numbers whose bits say who is in, with weights (players, sets)."""

    players: int
    masks: tuple[int, ...]
    weights: Floats
    orders: Integers  # (orders, players), empty where every order counts

    @classmethod
    def of(cls, players: int, rng: np.random.Generator, *, exact_up_to: int = EXACT_UP_TO) -> Coalitions:
        """Every set, or those on the way of sampled orders together with everybody alone and everybody left out."""
        if players <= exact_up_to:
            return cls(players=players, masks=tuple(range(1 << players)), weights=shapley.exact_weights(players),
                       orders=np.empty((0, players), dtype=np.int64))  # fmt: skip
        orders = shapley.sampled_orders(players, PAIRS, rng)
        full = shapley.everybody(players)
        ends = [mask for player in range(players) for mask in (1 << player, full ^ (1 << player))]
        masks = np.unique([*shapley.reached(orders).ravel().tolist(), *ends])
        own = np.searchsorted(masks, shapley.reached(orders))
        weights = shapley.added_by_order(orders, np.eye(len(masks))[own]).mean(axis=0)
        return cls(players=players, masks=tuple(masks.tolist()), weights=weights, orders=orders)

    @property
    def everybody(self) -> int:
        return shapley.everybody(self.players)

    def place(self, mask: int) -> int:
        """The place of a set among `masks`, which ascend."""
        return int(np.searchsorted(self.masks, mask))

    def orders_mcse(self, values: Floats) -> Floats:
        """The standard error that sampled orders add to each share, from pairs of an order and its reverse; 0 without."""
        if not len(self.orders):
            return np.zeros(self.players)
        along = values[np.searchsorted(self.masks, shapley.reached(self.orders))]
        added = shapley.added_by_order(self.orders, along)
        pairs = 0.5 * (added[::2] + added[1::2])
        return pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
