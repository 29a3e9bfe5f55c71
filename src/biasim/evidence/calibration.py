"""What is known of the patients: survival, case mix, shares operated, prognostic ratios; what a world is calibrated to.

A figure that nobody printed is no evidence: rows without a source are `assumed`, and marked as recalled ones are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from biasim.evidence import _reading as read
from biasim.evidence.ratio import LEVEL, at_95
from biasim.evidence.row import Provenance, Row

FILE = "calibration.csv"
_ASSUMED = re.compile(r"no (numeric )?source seen|no published distribution|tuned|assum")
_LEVEL = re.compile(r"\((\d+)% CI\)")
_RATIOS = {"hazard ratio": "HR", "odds ratio": "OR"}
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;)]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(Row):
    """One baseline quantity, in the unit that the row names; shares from 0 to 1."""

    parameter: str
    group: str
    value: float
    low: float | None  # as printed: an interval, a range or the quartiles; hazard ratios: 95%, where a level was printed
    high: float | None
    printed_level: float | None  # percent; None where low and high are no interval of a known level
    unit: str
    derived: bool  # arithmetic on figures that were seen
    assumed: bool  # no source was seen or remembered: a tuned or assumed value

    @property
    def converted(self) -> bool:
        """Whether the interval is a conversion of one printed at another level."""
        return self.printed_level not in (None, LEVEL)

    @property
    def turned(self) -> bool:
        """Whether the paper printed the ratio the other way round, and the reciprocal stands here."""
        return "reciprocal" in self.unit

    @property
    def provenance(self) -> Provenance:
        """Seen in the source (or derived from what was), recalled from memory, or assumed."""
        return "seen" if self.verified else "assumed" if self.assumed else "recalled"

    @property
    def figure(self) -> str:
        """Value, its two ends where there are any, and unit; shares in percent."""
        unit = self.unit.partition(" (")[0]
        factor = 100 if unit.startswith("proportion") else 1
        value, low, high = ("?" if one is None else f"{factor * one:.4g}" for one in (self.value, self.low, self.high))
        between = "" if low == high == "?" else f" ({low} to {high})"
        return f"{_RATIOS[unit]} {value}{between}" if unit in _RATIOS else f"{value}{between} {unit.replace('proportion', '%')}"


def quantity(id: str) -> Quantity:
    """The baseline quantity with this id; BiasimError with the likely intention when there is none."""
    return read.one(quantities(), id, "calibration")


@cache
def quantities() -> Mapping[str, Quantity]:
    """Every baseline quantity by id, in the order of the table."""
    return read.rows(FILE, _record)


def _record(cells: read.Cells) -> Quantity:
    value, low, high = float(cells["value"]), read.number(cells["low"]), read.number(cells["high"])
    if not (low is None or low <= value) or not (high is None or value <= high):
        raise ValueError(f"{low} to {high} does not hold {value}")
    printed = _LEVEL.search(cells["unit"])
    if printed and low is not None and high is not None:
        low, high = at_95(value, low, high, float(printed.group(1)))
    verified, source = read.verified(cells), cells["source"]
    doi = _DOI.search(source)
    return Quantity(
        id=cells["row_id"],
        label=_label(source),
        where=cells["group"],
        what=f"{cells['parameter'].replace('_', ' ')}, {cells['group']}",
        parameter=cells["parameter"],
        group=cells["group"],
        value=value,
        low=low,
        high=high,
        printed_level=float(printed.group(1)) if printed else None,
        unit=cells["unit"],
        derived=source.startswith("derived"),
        assumed=not verified and bool(_ASSUMED.search(source)),
        verified=verified,
        source=source,
        doi=doi.group(0) if doi else "",
        seen_in=source if verified else "",
    )


def _label(source: str) -> str:
    """The first words of the source; of a derived figure, of what it was derived from."""
    if source.startswith("derived"):
        source = source.partition(": ")[2] or source.removeprefix("derived from ")
    return re.split(r"[,;(:]", source)[0].strip()
