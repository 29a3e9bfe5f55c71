"""What every row of the evidence tells: what was found, in whom, who says so, and whether that was seen or is recalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Provenance = Literal["seen", "recalled", "assumed"]
RECALLED = "†"
MARKS: Mapping[str, str] = {
    RECALLED: "recalled (or assumed), figures not seen in the source",
    "‡": "interval converted to 95%",
    "§": "not a hazard ratio of death from any cause",
    "¶": "reciprocal of the printed ratio",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table. A figure that was not seen carries the mark † wherever it is printed."""

    id: str
    label: str  # "Khan 2002"
    where: str  # who was studied: registry, centre or setting
    what: str  # what the figure is, in the words of the table
    n: int | None = None  # patients
    verified: bool  # the figures were seen in the source; otherwise recalled from memory
    recalled_cells: tuple[str, ...] = ()  # what of the citation was not visible where the figures were seen
    source: str  # citation
    doi: str = ""
    seen_in: str = ""  # where the figures were seen

    @property
    def figure(self) -> str:
        """The figure with its 95% interval, without marks; a dash where the row has none."""
        return "-"

    @property
    def converted(self) -> bool:
        """Whether the interval is a conversion of one printed at another level."""
        return False

    @property
    def turned(self) -> bool:
        """Whether the paper printed the ratio the other way round, and the reciprocal stands here."""
        return False

    @property
    def of_death(self) -> bool:
        """Whether a hazard ratio is one of death from any cause, as in the simulations."""
        return True

    @property
    def provenance(self) -> Provenance:
        """Seen in the source, or recalled from memory."""
        return "seen" if self.verified else "recalled"

    @property
    def marks(self) -> tuple[str, ...]:
        """The keys of MARKS that stand beside the figure wherever it is printed."""
        holds = (not self.verified, self.converted, not self.of_death, self.turned)
        return tuple(mark for mark, it in zip(MARKS, holds, strict=True) if it)

    @property
    def citation(self) -> str:
        """Citation with DOI; says what of it is recalled, and where the figures themselves were not seen."""
        doi = f". doi:{self.doi}" if self.doi else ""
        turned = "; the reciprocal of the printed ratio" if self.turned else ""
        cells = f" ({', '.join(self.recalled_cells)} recalled)" if self.recalled_cells else ""
        return f"{self.source}{doi}{turned}{cells}" + ("" if self.verified else f" ({self.provenance}, not seen)")
