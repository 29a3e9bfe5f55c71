"""Which replicates make a shard. Boundaries depend on the cohort's size only, never on workers or replicates."""

from __future__ import annotations

from typing import NamedTuple

PATIENTS_PER_BLOCK = 100_000  # about a second of work, the most that a kill can lose per worker
LONGEST = 50


class Block(NamedTuple):
    """Replicates `first` to `last` of a scenario, both included."""

    scenario: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"scenario {self.scenario}, replicates {self.first} to {self.last}"

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def block_length(size: int) -> int:
    """Replicates in a whole block of cohorts of `size` patients."""
    return max(1, min(LONGEST, PATIENTS_PER_BLOCK // max(size, 1)))


def block(scenario: int, size: int, number: int, replicates: int) -> Block:
    """Block `number` of a scenario with `replicates` replicates; the last one may be short."""
    length = block_length(size)
    return Block(scenario, number * length, min((number + 1) * length, replicates) - 1)


def blocks(scenario: int, size: int, replicates: int) -> list[Block]:
    """All blocks of a scenario, in order."""
    count = -(-replicates // block_length(size))
    return [block(scenario, size, number, replicates) for number in range(count)]
