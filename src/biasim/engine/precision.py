"""When to stop: at the shortest prefix of blocks in which every bias is known well enough.

The prefix is a property of the random numbers, not of the run: blocks beyond it, computed because several
workers ran ahead, are stored but not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import ceil

import numpy as np

from biasim.answers import Estimates, Status, Truth, on_log_scale
from biasim.engine.blocks import Block
from biasim.registry import find
from biasim.types import Floats

MAXIMUM = 20_000  # replicates of a scenario, reached when the wanted precision is out of reach

class Prefix:
    """The estimates of one scenario from replicate 0 without a gap, and how precise the biases in them are."""

    def __init__(self, mcse: float) -> None:
        self.mcse = mcse
        self.replicates = 0  # in the prefix
        self.met = False
        self.waiting: dict[int, tuple[Block, Mapping[str, np.ndarray]]] = {}
        self.estimates: dict[tuple[str, str], list[Floats]] = defaultdict(list)

    def add(self, block: Block, columns: Mapping[str, np.ndarray]) -> None:
        """Take in a block, in any order; the prefix ends with the first block that satisfies."""
        self.waiting[block.first] = (block, columns)
        while not self.met and self.replicates in self.waiting:
            following, values = self.waiting.pop(self.replicates)
            self.replicates += following.length
            self.take(values)
            self.met = self.worst() <= self.mcse
        if self.met:
            self.waiting.clear()

    def take(self, columns: Mapping[str, np.ndarray]) -> None:
        """Usable estimates on the log scale, by design and method."""
        usable = (columns["status"] == str(Status.OK)) & np.array([on_log_scale(name) for name in columns["estimand"]])
        for design, method in sorted(set(zip(columns["design"], columns["method"], strict=True))):
            rows = usable & (columns["design"] == design) & (columns["method"] == method)
            if rows.any():
                self.estimates[design, method].append(columns["estimate"][rows])

    def worst(self) -> float:
        """The largest MCSE of a bias; infinite while a method has fewer than two usable estimates, 0 without methods.

        The truth is taken as known: its own error does not shrink with replicates.
        """
        bias = find("performance", "bias")
        errors = [0.0]
        for pieces in self.estimates.values():
            sample = np.concatenate(pieces)
            blank = np.full_like(sample, np.nan)
            estimates = Estimates(estimate=sample, standard_error=blank, low=blank, high=blank, attempts=len(sample))
            error = bias(estimates, Truth(value=0.0, mcse=0.0)).mcse
            errors.append(error if np.isfinite(error) else np.inf)
        return max(errors)

    def expected(self, maximum: int) -> int:
        """A guess of the replicates that it will take, for the progress bar."""
        if self.met or not self.replicates:
            return max(self.replicates, 1)
        wanted = self.replicates * min((self.worst() / self.mcse) ** 2, maximum)
        return min(maximum, max(self.replicates, ceil(wanted)))
