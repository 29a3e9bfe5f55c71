"""The published facts that a replica of a study needs, each with its provenance; what nobody knows is None, not a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from biasim.evidence.published import YEARS, Kind, Published, published
from biasim.evidence.recalled import RecalledValue, recalled_of

T = TypeVar("T")
Handled = Literal["yes", "partly", "no"]
_ASIDE = re.compile(r"\s*\([^)]*\)")
_SCORE = re.compile(r"\bPS\b|IPTW|propensity")
_MORE = re.compile(r"(\s+and|\s+among)\s+others$")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and where it comes from; both None where it is not known."""

    value: T | None = None
    provenance: Literal["seen", "recalled"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """One quantity by arm."""

    operated: Fact[float]
    unoperated: Fact[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a published study. The reading of its design (`immortal_time`) is that of the tables' compiler."""

    id: str
    label: str
    kind: Kind
    design: str
    hazard_ratio: Fact[float]  # operated against not
    interval: Fact[tuple[float, float]]  # 95%, converted where another level was printed; recalled ones as remembered
    size: Fact[int]  # patients
    share_operated: Fact[float]  # 0 to 1
    years: Fact[tuple[int, int]]  # of diagnosis, or of accrual
    covariates: Fact[tuple[str, ...]]  # adjusted for; () where the estimate is unadjusted
    more_covariates: bool  # the source says that there were others, or that it did not name them all
    propensity: Fact[bool]  # whether the paper used a propensity score; which, says `propensity_method`
    propensity_method: str
    surgery_timing: Fact[bool]  # whether the date or order of surgery was known
    immortal_time: Fact[Handled]
    immortal_time_how: str  # such as "1-year landmark"
    median: Arms  # months
    survival: Mapping[int, Arms]  # years -> shares alive, 0 to 1; only the years that somebody reports
    notes: Mapping[str, str]  # what to mind: in whom, counted from when


def facts(id: str) -> Facts:
    """The facts of a published estimate: what was seen, then what is recalled, else None.

    Raises BiasimError for an id that is not that of a published estimate.
    """
    row = published(id)
    known = _Known(row, recalled_of(id))
    survival = {year: arms for year in YEARS if _any(arms := known.survival(year))}
    handled, how = _reading(row.conduct.immortal_time)
    covariates, more = _covariates(row)
    propensity, method = _propensity(row)
    return Facts(
        id=row.id,
        label=row.label,
        kind=row.kind,
        design=row.design,
        hazard_ratio=known.ratio(),
        interval=known.interval(),
        size=known.fact(row.n, "n_total", int),
        share_operated=known.share(),
        years=known.years(),
        covariates=known.of_row(covariates),
        more_covariates=more,
        propensity=known.of_row(propensity),
        propensity_method=method,
        surgery_timing=known.of_row({"yes": True, "no": False}.get(row.conduct.surgery_timing)),
        immortal_time=known.of_row(handled),
        immortal_time_how=how,
        median=Arms(operated=known.fact(row.median.operated, "median_os_treated_months"),
                    unoperated=known.fact(row.median.unoperated, "median_os_untreated_months")),
        survival=survival,
        notes=row.notes | known.notes(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """A row, and what is recalled for its empty cells."""

    row: Published
    recalled: Mapping[str, RecalledValue]

    def of_row(self, value: T | None) -> Fact[T]:
        """A value of the row itself: seen, unless the whole row is recalled."""
        return Fact() if value is None else Fact(value, "seen" if self.row.verified else "recalled")

    def fact(self, value: T | None, cell: str, convert: Callable[[float], T] = float) -> Fact[T]:
        """The value of the row; where the row has none, the number that is recalled for the cell."""
        remembered = self.recalled[cell].number if cell in self.recalled else None
        if value is not None or remembered is None:
            return self.of_row(value)
        return Fact(convert(remembered), "recalled")

    def ratio(self) -> Fact[float]:
        whole = self.recalled["hr"].ratio if "hr" in self.recalled else None
        return Fact(whole[0], "recalled") if self.row.hr is None and whole else self.fact(self.row.hr, "hr")

    def interval(self) -> Fact[tuple[float, float]]:
        if self.row.low is not None and self.row.high is not None:
            return self.of_row((self.row.low, self.row.high))
        whole = self.recalled["hr"].ratio if "hr" in self.recalled else None
        ends = self.recalled["ci"].ends if "ci" in self.recalled else whole[1:] if whole else None
        low, high = (self.fact(None, name).value for name in ("ci_low", "ci_high"))
        ends = (low, high) if low is not None and high is not None else ends
        return Fact(ends, "recalled") if ends else Fact()

    def share(self) -> Fact[float]:
        return self.fact(self.row.share_operated, "pct_treated", _share)

    def years(self) -> Fact[tuple[int, int]]:
        if self.row.conduct.years:
            return self.of_row(self.row.conduct.years)
        first, last = (self.fact(None, name, int).value for name in ("years_start", "years_end"))
        return Fact() if first is None or last is None else Fact((first, last), "recalled")

    def survival(self, year: int) -> Arms:
        seen = self.row.survival.get(year)
        values = (seen.operated, seen.unoperated) if seen else (None, None)
        cells = (f"surv_{year}y_treated", f"surv_{year}y_untreated")
        operated, unoperated = (
            self.fact(value, cell, _share) for value, cell in zip(values, cells, strict=True)
        )
        return Arms(operated=operated, unoperated=unoperated)

    def notes(self) -> Mapping[str, str]:
        cells = {name.removesuffix("_note"): value for name, value in self.recalled.items() if name.endswith("_note")}
        return {f"{name} (recalled)": value.figure for name, value in cells.items()}


def _share(percent: float) -> float:
    return round(percent / 100, 6)


def _any(arms: Arms) -> bool:
    return arms.operated.value is not None or arms.unoperated.value is not None


def _covariates(row: Published) -> tuple[tuple[str, ...] | None, bool]:
    """The covariates by name, and whether there were more; () for an unadjusted estimate, None where nothing is known."""
    words = row.conduct.covariates
    if not words:
        return (() if row.conduct.adjusted == "no" else None), row.conduct.adjusted not in ("no", "")
    plain = _ASIDE.sub("", words).removeprefix("matched on ")
    names = tuple(_MORE.sub("", name.strip()) for name in plain.split(";"))
    return names, "other" in words or "abstract" in words


def _propensity(row: Published) -> tuple[bool | None, str]:
    """Whether there was a propensity score, and the words for it; where the table is silent, those of the estimate count."""
    method = row.conduct.propensity_method
    if method:
        return bool(_SCORE.search(method)), method
    found = next((words for words in (row.what, row.design) if _SCORE.search(words)), "")
    return (True, found) if found else (None, "")


def _reading(words: str) -> tuple[Handled | None, str]:
    """`yes (1-year landmark)` in two: what, and how."""
    what, _, how = words.partition(" (")
    handled: Mapping[str, Handled] = {"yes": "yes", "partly": "partly", "no": "no"}
    return handled.get(what), how.removesuffix(")")
