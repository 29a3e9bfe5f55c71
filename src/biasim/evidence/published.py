"""Published figures on removal of the primary tumour in stage IV cancer, as typed records: breast, and other cancers.

The tables keep what the papers print; this module reads them and brings every interval to 95%.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from biasim.errors import BiasimError
from biasim.evidence import _reading as read
from biasim.evidence.ratio import Ratio, ratio_text

Kind = Literal["retrospective", "prospective", "trial", "meta"]
KINDS: tuple[Kind, ...] = ("retrospective", "prospective", "trial", "meta")
BREAST = "breast"
YEARS = (2, 3, 5, 10)
FILES: Mapping[str, Kind] = {
    "retrospective.csv": "retrospective",
    "trials.csv": "trial",
    "meta_analyses.csv": "meta",
    "other_cancers.csv": "retrospective",
}
_NOTES = ("treatment", "survival_note", "hr_note", "p_note", "systemic_first", "local_control_note", "subgroup_note",
          "crossover_note", "criticism_note", "notes")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Shares alive, or medians in months, by arm; None where not known."""

    operated: float | None
    unoperated: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How the study was done, as far as the source seen says; an empty text or None where it does not."""

    years: tuple[int, int] | None  # of diagnosis, or of accrual
    operated: int | None  # patients
    events: int | None
    follow_up: float | None  # median, months
    adjusted: str
    covariates: str  # adjusted for; separated by ";"
    propensity_method: str
    surgery_timing: str  # whether the date or order of surgery was available: yes, no, unknown
    immortal_time: str  # the compiler's reading: yes, partly or no, and how; or unknown
    overlap: str  # studies with the same word share patients


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Ratio):
    """One published estimate. The hazard ratio is operated against not operated; below 1 favours surgery."""

    kind: Kind
    cancer: str  # "breast", or another primary tumour
    design: str
    share_operated: float | None  # 0 to 1
    median: Survival  # months
    survival: Mapping[int, Survival]  # years -> shares alive, 0 to 1; only the years that were printed
    odds_ratio: tuple[float, float, float] | None  # with its 95% interval, as printed; above 1 favours surgery
    p: float | None  # as printed
    as_printed: str  # the ratio as the paper printed it, where it was turned round
    primary: bool  # one per study: take these to count no patient twice
    conduct: Conduct
    notes: Mapping[str, str]

    @property
    def database(self) -> str:
        """Registry or centre; studies that share one share patients."""
        return self.where

    @property
    def measure(self) -> str:
        """What the figure is, in the words of the tables."""
        return self.what

    @property
    def turned(self) -> bool:
        """Whether the paper printed the ratio the other way round, and the reciprocal stands here."""
        return bool(self.as_printed)

    @property
    def of_death(self) -> bool:
        """Whether the figure is a hazard ratio of death from any cause, as in the simulations."""
        return not any(word in self.what for word in ("breast-cancer death", "progression or death", "not a hazard ratio"))

    @property
    def figure(self) -> str:
        """The ratio; else the odds ratio, the medians or the survival of the two arms; else a dash."""
        operated, unoperated = self.median.operated, self.median.unoperated
        if self.hr is None and self.odds_ratio:
            return "OR {:.2f} ({:.2f} to {:.2f})".format(*self.odds_ratio)
        if self.hr is None and operated is not None and unoperated is not None:
            return f"medians {operated:g} v {unoperated:g} months"
        for year, arms in self.survival.items() if self.hr is None else ():
            if arms.operated is not None and arms.unoperated is not None:
                return f"alive at {year} y {100 * arms.operated:g} v {100 * arms.unoperated:g} %"
        return ratio_text(self)


def published(id: str) -> Published:
    """The published estimate with this id; BiasimError with the likely intention when there is none."""
    return read.one(estimates(), id, "published")


def published_ids() -> tuple[str, ...]:
    """All ids, in the order of the tables."""
    return tuple(estimates())


def known(kind: Kind | None = None, *, cancer: str = BREAST) -> tuple[Published, ...]:
    """Every published estimate of a kind, or of all kinds, in one cancer and in the order of the tables."""
    return tuple(row for row in estimates().values() if kind in (None, row.kind) and row.cancer == cancer)


@cache
def estimates() -> Mapping[str, Published]:
    """Every published estimate by id, in the order of the tables."""
    found: dict[str, Published] = {}
    for file in FILES:
        table = estimates_of(file)
        if twice := found.keys() & table.keys():
            raise BiasimError(f"evidence/{file}: the id '{min(twice)}' stands in another table")
        found |= table
    return MappingProxyType(found)


@cache
def estimates_of(file: str) -> Mapping[str, Published]:
    """The estimates of one table by id."""
    return read.rows(file, lambda cells: _record(cells, FILES[file]))


def _record(cells: read.Cells, kind: Kind) -> Published:
    by_year = {year: _arms(cells, f"surv_{year}y_treated", f"surv_{year}y_untreated") for year in YEARS}
    label, n, operated = _label(cells), read.whole(cells["n_total"]), read.whole(cells["n_treated"])
    share = read.percent(cells["pct_treated"])
    odds = [read.number(cells.get(name, "")) for name in ("odds_ratio", "or_ci_low", "or_ci_high")]
    return Published(
        id=cells["study_id"],
        kind=_kind(cells["design"], kind),
        cancer=cells.get("cancer", BREAST),
        label=label,
        where=cells["source_db"],
        what=cells["effect_measure"],
        design=cells["design"],
        **read.interval(cells),
        n=n,
        share_operated=operated / n if share is None and operated and n else share,
        median=Survival(operated=read.number(cells["median_os_treated_months"]),
                        unoperated=read.number(cells["median_os_untreated_months"])),
        survival={y: arms for y, arms in by_year.items() if (arms.operated, arms.unoperated) != (None, None)},
        odds_ratio=None if None in odds else (odds[0], odds[1], odds[2]),
        p=read.number(cells["p_value"]),
        as_printed=_printed(cells),
        primary=cells["primary_estimate"] == "yes",
        verified=read.verified(cells),
        recalled_cells=read.recalled_cells(cells),
        source=read.cited(cells, label),
        doi=cells["doi"],
        seen_in=cells["verified_from"],
        conduct=_conduct(cells, operated),
        notes={name.removesuffix("_note"): cells[name] for name in _NOTES if cells.get(name)},
    )  # fmt: skip


def _conduct(cells: read.Cells, operated: int | None) -> Conduct:
    first, last = read.whole(cells["years_start"]), read.whole(cells["years_end"])
    return Conduct(
        years=None if first is None or last is None else (first, last),
        operated=operated,
        events=read.whole(cells["n_events"]),
        follow_up=read.number(cells["median_followup_months"]),
        adjusted=cells["adjusted"],
        covariates=cells["adjustment_covariates"],
        propensity_method=cells["propensity_method"],
        surgery_timing=cells["surgery_timing_known"],
        immortal_time=cells["immortal_time_handled"],
        overlap=cells.get("overlap_group", ""),
    )


def _kind(design: str, kind: Kind) -> Kind:
    """The kind of the table, but for designs that say another: a registry among trials, a trial among registries."""
    return "prospective" if design.startswith("prospective") else "trial" if design.startswith("RCT") else kind


def _printed(cells: read.Cells) -> str:
    """`0.691 (0.358 to 1.333)` where the table holds the reciprocal of what was printed."""
    hr, low, high = (cells.get(name, "") for name in ("hr_as_published", "ci_low_as_published", "ci_high_as_published"))
    return f"{hr} ({low} to {high})" if hr else ""


def _label(cells: read.Cells) -> str:
    """Author and year; where the author is not known, journal, registry or design, and year."""
    return f"{cells['first_author'] or cells['journal'] or cells['source_db'] or cells['design']} {cells['year']}".strip()


def _arms(cells: read.Cells, operated: str, unoperated: str) -> Survival:
    return Survival(operated=read.percent(cells[operated]), unoperated=read.percent(cells[unoperated]))
