"""Published figures on removal of the primary tumour in stage IV breast cancer, as typed records.

The tables keep what the papers print; this module reads them and brings every interval to 95%.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp, log
from statistics import NormalDist
from types import MappingProxyType
from typing import Literal

from biasim.errors import BiasimError, meant

Kind = Literal["retrospective", "prospective", "trial", "meta"]
KINDS: tuple[Kind, ...] = ("retrospective", "prospective", "trial", "meta")
LEVEL = 95.0  # percent: the level every interval is brought to
YEARS = (2, 3, 5, 10)
_FILES: Mapping[str, Kind] = {"retrospective.csv": "retrospective", "trials.csv": "trial", "meta_analyses.csv": "meta"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Shares alive, or medians in months, by arm; None where not known."""

    operated: float | None
    unoperated: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published estimate. The hazard ratio is operated against not operated; below 1 favours surgery."""

    id: str
    kind: Kind
    label: str  # "Khan 2002"
    measure: str  # what the figure is, in the words of the tables
    design: str
    database: str  # registry or centre; studies that share one share patients
    hr: float | None
    low: float | None  # 95% confidence interval, converted where the paper printed another level
    high: float | None
    printed_level: float | None  # percent, as printed in the paper
    n: int | None
    share_operated: float | None  # 0 to 1
    median: Survival  # months
    survival: Mapping[int, Survival]  # years -> shares alive, 0 to 1; only the years that were printed
    primary: bool  # one per study: take these to count no patient twice
    verified: bool  # seen in the source; otherwise recalled from memory
    source: str  # citation
    doi: str
    seen_in: str  # where the figures were seen

    @property
    def converted(self) -> bool:
        """Whether the interval is a conversion of one printed at another level."""
        return self.low is not None and self.printed_level != LEVEL

    @property
    def turned(self) -> bool:
        """Whether the paper printed the ratio the other way round, and the reciprocal stands here."""
        return "reciprocal" in self.measure

    @property
    def of_death(self) -> bool:
        """Whether the hazard is that of death from any cause, as in the simulations."""
        return not any(word in self.measure for word in ("breast-cancer death", "progression or death"))

    @property
    def citation(self) -> str:
        """Citation with DOI, and the word `recalled` where the figures were not seen."""
        doi = f". doi:{self.doi}" if self.doi else ""
        turned = "; the reciprocal of the printed ratio" if self.turned else ""
        return f"{self.source}{doi}{turned}" + ("" if self.verified else " (recalled, not seen)")


def at_95(hr: float, low: float, high: float, level: float) -> tuple[float, float]:
    """The 95% interval of a hazard ratio whose interval was printed at `level` percent.

    The standard error of log hr is (ln high - ln low) / (2 z(level)). An interval printed at 95% is
    returned as printed, rounding included.
    """
    if level == LEVEL:
        return low, high
    standard_error = (log(high) - log(low)) / (2 * _z(level))
    reach = _z(LEVEL) * standard_error
    return exp(log(hr) - reach), exp(log(hr) + reach)


def published(id: str) -> Published:
    """The published estimate with this id; BiasimError with the likely intention when there is none."""
    rows = _rows()
    if id not in rows:
        raise BiasimError(f"published: no figures under the id '{id}'. {meant(id, list(rows))}")
    return rows[id]


def published_ids() -> tuple[str, ...]:
    """All ids, in the order of the tables."""
    return tuple(_rows())


def known(kind: Kind | None = None) -> tuple[Published, ...]:
    """Every published estimate of a kind, or of all kinds, in the order of the tables."""
    return tuple(row for row in _rows().values() if kind in (None, row.kind))


@cache
def _rows() -> Mapping[str, Published]:
    rows: dict[str, Published] = {}
    for file, kind in _FILES.items():
        text = resources.files("biasim.evidence").joinpath(file).read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            if row["study_id"] in rows:
                raise BiasimError(f"evidence/{file}: the id '{row['study_id']}' stands twice")
            rows[row["study_id"]] = _record(row, kind)
    return MappingProxyType(rows)


def _record(row: Mapping[str, str], kind: Kind) -> Published:
    hr, low, high, level = (_number(row[name]) for name in ("hr", "ci_low", "ci_high", "ci_level"))
    if hr is not None and low is not None and high is not None and level is not None:
        low, high = at_95(hr, low, high, level)
    n, share = _number(row["n_total"]), _number(row["pct_treated"])
    by_year = {year: _arms(row, f"surv_{year}y_treated", f"surv_{year}y_untreated", 0.01) for year in YEARS}
    return Published(
        id=row["study_id"],
        kind="prospective" if row["design"].startswith("prospective") else kind,
        label=_label(row),
        measure=row["effect_measure"],
        design=row["design"],
        database=row["source_db"],
        hr=hr,
        low=low,
        high=high,
        printed_level=level if low is not None else None,
        n=None if n is None else int(n),
        share_operated=None if share is None else share / 100,
        median=_arms(row, "median_os_treated_months", "median_os_untreated_months", 1.0),
        survival={y: arms for y, arms in by_year.items() if (arms.operated, arms.unoperated) != (None, None)},
        primary=row["primary_estimate"] == "yes",
        verified=row["verified"] == "verified",
        source=", ".join(part for part in (row["first_author"], row["journal"], row["year"]) if part) or _label(row),
        doi=row["doi"],
        seen_in=row["verified_from"],
    )


def _label(row: Mapping[str, str]) -> str:
    """Author and year; where the author is not known, journal or registry and year."""
    return f"{row['first_author'] or row['journal'] or row['source_db']} {row['year']}".strip()


def _arms(row: Mapping[str, str], operated: str, unoperated: str, scale: float) -> Survival:
    values = (_number(row[operated]), _number(row[unoperated]))
    first, second = (None if value is None else value * scale for value in values)
    return Survival(operated=first, unoperated=second)


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _z(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 200)
