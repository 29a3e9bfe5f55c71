"""Tables of the evidence, read: one record a row, ids unique, an empty cell is None."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import TypedDict, TypeVar

from biasim.errors import BiasimError, meant
from biasim.evidence.ratio import at_95
from biasim.evidence.row import Row

Cells = Mapping[str, str]
R = TypeVar("R", bound=Row)


class Interval(TypedDict):
    """A ratio as the records take it."""

    hr: float | None
    low: float | None
    high: float | None
    printed_level: float | None
    printed_ends: tuple[float, float] | None


def rows(file: str, record: Callable[[Cells], R]) -> Mapping[str, R]:
    """The records of a table by id, in its order. Raises BiasimError with the row that cannot be read or stands twice."""
    found: dict[str, R] = {}
    text = resources.files("biasim.evidence").joinpath(file).read_text(encoding="utf-8")
    for cells in csv.DictReader(text.splitlines()):
        id = next(iter(cells.values()))
        try:
            row = record(cells)
        except (KeyError, ValueError) as error:
            raise BiasimError(f"evidence/{file}: row '{id}' cannot be read: {error}") from error
        if row.id in found:
            raise BiasimError(f"evidence/{file}: the id '{row.id}' stands twice")
        found[row.id] = row
    return MappingProxyType(found)


def one(known: Mapping[str, R], id: str, table: str) -> R:
    """The row with this id; BiasimError with the likely intention when there is none."""
    if id not in known:
        raise BiasimError(f"{table}: no figures under the id '{id}'. {meant(id, list(known))}")
    return known[id]


def number(cell: str) -> float | None:
    return float(cell) if cell else None


def whole(cell: str) -> int | None:
    return int(float(cell)) if cell else None


def percent(cell: str) -> float | None:
    """A share from 0 to 1 of a cell in percent. Raises ValueError outside."""
    if not cell:
        return None
    share = round(float(cell) / 100, 6)
    if not 0 <= share <= 1:
        raise ValueError(f"{cell} is no percentage")
    return share


def interval(cells: Cells, level: float | None = None) -> Interval:
    """The ratio with its 95% interval; `level` is that of tables that print one level only.

    Raises ValueError where the interval lacks an end or a level, or does not hold the ratio.
    """
    hr, low, high = (number(cells[name]) for name in ("hr", "ci_low", "ci_high"))
    if low is None and high is None:
        return Interval(hr=hr, low=None, high=None, printed_level=None, printed_ends=None)
    printed = level or number(cells["ci_level"])
    if hr is None or low is None or high is None or printed is None:
        raise ValueError(f"an interval needs ratio, two ends and a level: {hr}, {low}, {high}, {printed}")
    if not 0 < low <= hr <= high:
        raise ValueError(f"the interval {low} to {high} does not hold {hr}")
    brought = at_95(hr, low, high, printed)
    return Interval(hr=hr, low=brought[0], high=brought[1], printed_level=printed, printed_ends=(low, high))


def verified(cells: Cells) -> bool:
    """Whether the figures were seen. Raises ValueError for any other word than the three of the tables."""
    if cells["verified"] not in ("verified", "yes", "recalled"):
        raise ValueError(f"verified is '{cells['verified']}', not 'verified', 'yes' or 'recalled'")
    return cells["verified"] != "recalled"


def recalled_cells(cells: Cells) -> tuple[str, ...]:
    """What of the citation was not visible in the source; () where the whole row is recalled, which the row says itself."""
    if cells["recalled_fields"].startswith("all"):
        return ()
    words = cells["recalled_fields"].replace("_", " ").split(";")
    return tuple(word.strip() for word in words if word.strip())


def cited(cells: Cells, label: str) -> str:
    """Author, journal and year, as far as they are known; the label where neither author nor journal is."""
    parts = (cells["first_author"], cells["journal"], cells["year"])
    return ", ".join(part for part in parts if part) if any(parts[:2]) else label
