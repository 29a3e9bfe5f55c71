"""One scenario on its way through a run: which blocks are wanted, which are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from biasim.engine.blocks import Block, block, block_length
from biasim.engine.plan import Plan
from biasim.engine.precision import Prefix
from biasim.engine.replicate import columns, replicate
from biasim.store.folder import Folder
from biasim.store.shards import DamagedShard, read_shard, write_shard


def run_block(plan: Plan, wanted: Block) -> dict[str, np.ndarray]:
    """The estimates of all replicates of a block: what a worker does."""
    return columns(row for number in range(wanted.first, wanted.last + 1) for row in replicate(plan, number))


@dataclass(slots=True, kw_only=True)
class Progress:
    """A scenario, the shards it has, and when it has enough."""

    plan: Plan
    fingerprint: str
    folder: Folder
    session: Any  # DuckDB
    maximum: int  # replicates, at most
    prefix: Prefix | None = None  # where a precision is wanted
    found: int = 0  # replicates, in shards of earlier runs
    done: int = 0  # replicates
    warnings: list[str] = field(default_factory=list)

    @property
    def replicates(self) -> int:
        """Replicates that count: all that were asked for, or as many as the precision took."""
        return self.maximum if self.prefix is None else self.prefix.replicates

    @property
    def expected(self) -> int:
        return self.maximum if self.prefix is None else max(self.done, self.prefix.expected(self.maximum))

    def missing(self) -> Iterator[Block]:
        """Blocks still to be computed, in order. Those that are stored are taken in on the way."""
        number = 0
        while number * block_length(self.plan.size) < self.maximum and not (self.prefix and self.prefix.met):
            wanted = block(self.plan.scenario, self.plan.size, number, self.maximum)
            stored = self.stored(wanted)
            if stored is None:
                yield wanted
            else:
                self.found += wanted.length
                self.count(wanted, stored)
            number += 1

    def stored(self, wanted: Block) -> Mapping[str, np.ndarray] | None:
        """The content of a block's shard when it is there and whole. A damaged one is removed."""
        path = self.path(wanted)
        if not path.exists():
            return None
        try:
            values = read_shard(self.session, path)
        except DamagedShard as damage:
            self.warnings.append(f"{wanted}: a damaged shard was replaced ({damage.reason})")
            path.unlink(missing_ok=True)
            return self.stored(wanted)
        counted = values["replicate"] <= wanted.last
        return values if counted.all() else {name: column[counted] for name, column in values.items()}

    def keep(self, made: Block, values: Mapping[str, np.ndarray]) -> None:
        """Store a block that has just been computed."""
        write_shard(self.session, self.name(made), values)
        self.count(made, values)

    def count(self, made: Block, values: Mapping[str, np.ndarray]) -> None:
        self.done += made.length
        if self.prefix is not None:
            self.prefix.add(made, values)

    def path(self, wanted: Block) -> Path:
        """A block's shard. For a short last block the whole one serves as well, where another run left it."""
        length = block_length(self.plan.size)
        whole = self.name(Block(wanted.scenario, wanted.first, wanted.first + length - 1))
        return whole if whole.exists() else self.name(wanted)

    def name(self, wanted: Block) -> Path:
        """Where a block is written. The number of the scenario is part of the key, because it stands in the rows."""
        return self.folder.shard(f"s{self.plan.scenario:03d}-{self.fingerprint}", wanted.first, wanted.last)

    def shards(self) -> list[Path]:
        """The shards of the replicates that count; rows from `replicates` on are to be left out."""
        length = block_length(self.plan.size)
        numbers = range(-(-self.replicates // length))
        return [self.path(block(self.plan.scenario, self.plan.size, number, self.replicates)) for number in numbers]
