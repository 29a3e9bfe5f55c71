"""Published measurements of the biases themselves, as typed records: what lessons cite.

`published.py` holds what a study found; here stands what somebody measured about how it was found: the same cohort
analysed with and without its immortal time, a matched study beside its crude one, when metastases were discovered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from biasim.evidence import _reading as read
from biasim.evidence.ratio import LEVEL, Ratio, ratio_text

FILE = "bias_evidence.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredBias(Ratio):
    """One published measurement of a bias; intervals as printed, at 95%."""

    bias: str  # in the words of the table; several are separated by ";"
    also: str  # figures that are no single hazard ratio, in words

    @property
    def figure(self) -> str:
        """The figures as they are printed in a table: `HR 0.54 (0.51 to 0.57); largest association`."""
        return "; ".join(part for part in (ratio_text(self) if self.hr is not None else "", self.also) if part)


def measured_bias(id: str) -> MeasuredBias:
    """The measurement with this id; BiasimError with the likely intention when there is none."""
    return read.one(measured_biases(), id, "measured biases")


def measured_bias_ids() -> tuple[str, ...]:
    """All ids, in the order of the table."""
    return tuple(measured_biases())


@cache
def measured_biases() -> Mapping[str, MeasuredBias]:
    """Every measurement by id, in the order of the table."""
    return read.rows(FILE, _record)


def _record(cells: read.Cells) -> MeasuredBias:
    label = _label(cells)
    return MeasuredBias(
        id=cells["item_id"],
        label=label,
        where=cells["setting"],
        what=cells["analysis"],
        bias=cells["bias"],
        **read.interval(cells, LEVEL),
        also=cells["other"],
        verified=read.verified(cells),
        recalled_cells=read.recalled_cells(cells),
        source=read.cited(cells, label) if cells["journal"] else label,
        doi=cells["doi"],
        seen_in=cells["verified_from"],
    )


def _label(cells: read.Cells) -> str:
    """Author and year; where the author is not known, the journal, else what was studied, and the year."""
    studied = cells["setting"].replace(";", ",").partition(",")[0]
    return f"{cells['first_author'] or cells['journal'] or studied} {cells['year']}".strip()
