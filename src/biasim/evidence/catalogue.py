"""All tables of the evidence under one roof: every row by its id, whatever its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType

from biasim.errors import BiasimError, meant
from biasim.evidence.calibration import quantities
from biasim.evidence.measured_biases import measured_biases
from biasim.evidence.published import estimates_of
from biasim.evidence.recalled import recalled_values
from biasim.evidence.row import Provenance, Row
from biasim.evidence.subgroups import subgroups


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row is, and how it is read."""

    holds: str
    read: Callable[[], Mapping[str, Row]]

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self.read().values())

    def counted(self, provenance: Provenance) -> int:
        """How many rows were seen, recalled or assumed."""
        return Counter(row.provenance for row in self.rows)[provenance]


TABLES: Mapping[str, Table] = MappingProxyType({
    "retrospective": Table(holds="an estimate of a retrospective study", read=partial(estimates_of, "retrospective.csv")),
    "trials": Table(holds="a randomised trial, its update, or a prospective registry", read=partial(estimates_of, "trials.csv")),
    "meta_analyses": Table(holds="a pooled estimate", read=partial(estimates_of, "meta_analyses.csv")),
    "trial_subgroups": Table(holds="a subgroup of a trial or of a pooled estimate", read=subgroups),
    "other_cancers": Table(holds="an estimate in another cancer", read=partial(estimates_of, "other_cancers.csv")),
    "bias_evidence": Table(holds="a measurement of a bias", read=measured_biases),
    "calibration": Table(holds="a baseline quantity: survival, case mix, share operated", read=quantities),
    "recalled_values": Table(holds="a figure from memory, kept apart from the row of its study", read=recalled_values),
})  # fmt: skip


def row(id: str) -> Row:
    """The row with this id, of any table; BiasimError with the likely intention when there is none."""
    if id not in every_row():
        close = meant(id, [*TABLES, *every_row()])
        hint = close if close.startswith("Did you mean") else "`biasim evidence` lists the tables."
        raise BiasimError(f"evidence: no table and no row '{id}'. {hint}")
    return every_row()[id]


@cache
def every_row() -> Mapping[str, Row]:
    """Every row of every table by its id. Raises BiasimError where two tables share an id."""
    found: dict[str, Row] = {}
    for name, table in TABLES.items():
        if twice := found.keys() & table.read().keys():
            raise BiasimError(f"evidence: the id '{min(twice)}' of {name} stands in another table")
        found |= table.read()
    return MappingProxyType(found)
