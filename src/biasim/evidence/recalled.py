"""Figures known from memory only, one row each: kept apart, so that they never stand among figures that were seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from biasim.evidence import _reading as read
from biasim.evidence.published import published
from biasim.evidence.row import Row

FILE = "recalled_values.csv"
_ONE_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_RATIO = re.compile(r"(\d\.\d+) \((\d\.\d+)-(\d\.\d+)\)")
_ENDS = re.compile(r"(\d\.\d+)-(\d\.\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledValue(Row):
    """One cell that is missing in the row of a published estimate, as somebody remembers it; never verified."""

    study: str  # id of the published estimate
    cell: str  # name of the cell in its table
    value: str  # in the words of the table

    @property
    def figure(self) -> str:
        """The value as it stands in the table, without the word `recalled`, which the mark says."""
        return self.value.removeprefix("(recalled) ")

    @property
    def number(self) -> float | None:
        """The value where it is one number; percent stays percent."""
        return float(self.value) if _ONE_NUMBER.fullmatch(self.value) else None

    @property
    def ratio(self) -> tuple[float, float, float] | None:
        """Ratio and interval where the value is `0.62 (0.51-0.76)`."""
        found = _RATIO.fullmatch(self.value)
        return (float(found[1]), float(found[2]), float(found[3])) if found else None

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of an interval where the value is `0.4-1.0`."""
        found = _ENDS.fullmatch(self.value)
        return (float(found[1]), float(found[2])) if found else None


def recalled_of(study: str) -> Mapping[str, RecalledValue]:
    """What is recalled of a published estimate, by the name of the cell."""
    return {row.cell: row for row in recalled_values().values() if row.study == study}


@cache
def recalled_values() -> Mapping[str, RecalledValue]:
    """Every recalled value by id, in the order of the table."""
    return read.rows(FILE, _record)


def _record(cells: read.Cells) -> RecalledValue:
    study = published(cells["study_id"])
    if read.verified(cells):
        raise ValueError("a value that was seen belongs into the row of its study")
    return RecalledValue(
        id=cells["row_id"],
        label=study.label,
        where=study.where,
        what=cells["field"].replace("_", " "),
        study=study.id,
        cell=cells["field"],
        value=cells["value"],
        verified=False,
        source=study.source,
        doi=study.doi,
    )
