"""Roots of several functions at once, each inside a bracket: false position with halving, so that a call evaluates them all.

The Illinois variant (Dowell and Jarratt 1971, doi 10.1007/BF01934364): where the same end stays twice, its value is halved,
which keeps the point that is tried from creeping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.types import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Brackets:
    """Ends (k,) and the functions' values there, of opposite signs; `stayed` is +1 or -1 for the end that did last time."""

    low: Floats
    high: Floats
    at_low: Floats
    at_high: Floats
    stayed: Integers

    @classmethod
    def of(cls, low: Floats, high: Floats, at_low: Floats, at_high: Floats) -> Brackets:
        return cls(low=low, high=high, at_low=at_low, at_high=at_high, stayed=np.zeros(len(low), dtype=np.int64))

    def tried(self) -> Floats:
        """Where the straight lines through the ends are 0."""
        rise = self.at_high - self.at_low
        flat = rise == 0.0
        inside = self.low - self.at_low * (self.high - self.low) / np.where(flat, 1.0, rise)
        return np.where(flat, 0.5 * (self.low + self.high), np.clip(inside, self.low, self.high))

    def narrowed(self, at: Floats, value: Floats) -> Brackets:
        """The brackets once the functions are known at one point of each."""
        as_low = np.sign(value) == np.sign(self.at_low)  # the point takes the place of the lower end, the upper one stays
        stays = np.where(as_low, 1, -1)
        again = stays == self.stayed
        return Brackets(
            low=np.where(as_low, at, self.low), high=np.where(as_low, self.high, at),
            at_low=np.where(as_low, value, np.where(again, 0.5, 1.0) * self.at_low),
            at_high=np.where(as_low, np.where(again, 0.5, 1.0) * self.at_high, value), stayed=stays,
        )  # fmt: skip
