"""Published measurements of the biases themselves, as typed records: what lessons cite.

`published.py` holds what a study found; here stands what somebody measured about how it was found: the same cohort
analysed with and without its immortal time, a matched study beside its crude one, when metastases were discovered.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from biasim.errors import BiasimError, meant

FILE = "bias_evidence.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredBias:
    """One published measurement of a bias. A hazard ratio is operated against not operated; below 1 favours surgery."""

    id: str
    bias: str  # in the words of the table; several are separated by ";"
    label: str  # "Duchesneau 2022"
    setting: str  # who, where, how many
    analysis: str
    hr: float | None
    low: float | None  # 95% confidence interval, as printed
    high: float | None
    also: str  # figures that are no single hazard ratio, in words
    verified: bool  # the figures were seen in the source; otherwise recalled from memory
    recalled_cells: tuple[str, ...]  # what of the citation was not visible where the figures were seen
    source: str  # citation
    doi: str
    seen_in: str  # where the figures were seen

    @property
    def figure(self) -> str:
        """The figures as they are printed in a table: `HR 0.54 (0.51 to 0.57); largest association`."""
        interval = f" ({self.low:g} to {self.high:g})" if self.low is not None and self.high is not None else ""
        ratio = "" if self.hr is None else f"HR {self.hr:g}{interval}"
        return "; ".join(part for part in (ratio, self.also) if part)

    @property
    def citation(self) -> str:
        """Citation with DOI; says what of it is recalled, and `recalled` where the figures themselves were not seen."""
        doi = f". doi:{self.doi}" if self.doi else ""
        cells = f" ({', '.join(self.recalled_cells)} recalled)" if self.recalled_cells else ""
        return f"{self.source}{doi}{cells}" + ("" if self.verified else " (recalled, not seen)")


def measured_bias(id: str) -> MeasuredBias:
    """The measurement with this id; BiasimError with the likely intention when there is none."""
    rows = _rows()
    if id not in rows:
        raise BiasimError(f"measured biases: no figures under the id '{id}'. {meant(id, list(rows))}")
    return rows[id]


def measured_bias_ids() -> tuple[str, ...]:
    """All ids, in the order of the table."""
    return tuple(_rows())


@cache
def _rows() -> Mapping[str, MeasuredBias]:
    rows: dict[str, MeasuredBias] = {}
    text = resources.files("biasim.evidence").joinpath(FILE).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["item_id"] in rows:
            raise BiasimError(f"evidence/{FILE}: the id '{row['item_id']}' stands twice")
        rows[row["item_id"]] = _record(row)
    return MappingProxyType(rows)


def _record(row: Mapping[str, str]) -> MeasuredBias:
    hr, low, high = (float(row[name]) if row[name] else None for name in ("hr", "ci_low", "ci_high"))
    recalled = row["recalled_fields"].replace("_", " ")
    return MeasuredBias(
        id=row["item_id"],
        bias=row["bias"],
        label=_label(row),
        setting=row["setting"],
        analysis=row["analysis"],
        hr=hr,
        low=low,
        high=high,
        also=row["other"],
        verified=row["verified"] == "verified",
        recalled_cells=tuple(cell.strip() for cell in recalled.split(";") if cell.strip()),
        source=", ".join((row["first_author"], row["journal"], row["year"])).strip(", ") if row["journal"] else _label(row),
        doi=row["doi"],
        seen_in=row["verified_from"],
    )


def _label(row: Mapping[str, str]) -> str:
    """Author and year; where the author is not known, the journal, else what was studied, and the year."""
    studied = row["setting"].replace(";", ",").partition(",")[0]
    return f"{row['first_author'] or row['journal'] or studied} {row['year']}"
