"""How strong a hidden confounder must be to explain a study's hazard ratio: the numbers behind `biasim sensitivity`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import exp, isfinite
from pathlib import Path

from biasim.answers import Status, on_log_scale
from biasim.engine.replicate import Row
from biasim.errors import BiasimError, meant
from biasim.kernels import sensitivity as kernel
from biasim.methods._checks import NORMAL_975
from biasim.store.tables import read_table

EXPOSURE_RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0)
PREVALENCES = (0.1, 0.3, 0.5, 0.7)
HAZARD_RATIOS = (1.5, 2.0, 3.0, 5.0)
UNEXPOSED = 0.5  # prevalence among the unexposed where the one among the exposed is asked for
SURVIVAL = "survival_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A hazard ratio to be explained, on the log scale, and whether death is common in the study."""

    design: str
    method: str
    estimate: float
    low: float
    high: float
    common: bool

    @property
    def ratio(self) -> float:
        return exp(self.estimate)

    @property
    def limit(self) -> float:
        """The limit nearest 1, as a hazard ratio; 1 when it is inside the interval."""
        return 1.0 if self.low <= 0.0 <= self.high else exp(self.low if self.low > 0.0 else self.high)

    @property
    def e_values(self) -> tuple[float, float]:
        return kernel.e_values(self.estimate, self.low, self.high, common=self.common)

    def risk_ratios(self) -> tuple[float, float]:
        """Estimate and limit as risk ratios, by the approximation for common deaths where death is common."""
        log_limit = 0.0 if self.limit == 1.0 else (self.low if self.low > 0.0 else self.high)
        return tuple(kernel.risk_ratio(value, common=self.common) for value in (self.estimate, log_limit))


def of_rows(rows: Iterable[Row]) -> Iterator[Analysis]:
    """The hazard ratios of one replicate, failed ones left out."""
    for row in rows:
        found = row.estimate
        if on_log_scale(found.estimand) and found.status is Status.OK:
            share = found.diagnostics.get("events", 1.0) / found.diagnostics.get("size", 1.0)
            yield Analysis(
                design=row.design, method=row.method, estimate=found.estimate, low=found.low, high=found.high,
                common=share >= kernel.COMMON,
            )  # fmt: skip


def of_tables(folder: Path, scenario: int) -> Iterator[Analysis]:
    """The typical study of a scenario: the mean log hazard ratio, its interval as wide as that of a typical replicate.

    The error is `model_se`, else `empirical_se`. Raises BiasimError when neither was among the measures of the study.
    """
    tables = folder / "tables"
    common = deaths_are_common(read_table(tables / "description.csv"), scenario)
    gathered: dict[tuple[str, str], dict[str, float]] = {}
    for row in read_table(tables / "performance.csv"):
        if int(row["scenario"]) == scenario and on_log_scale(row["estimand"]):
            gathered.setdefault((row["design"], row["method"]), {})[row["measure"]] = float(row["value"] or "nan")
    for (design, method), by in gathered.items():
        error = by.get("model_se", by.get("empirical_se"))
        if error is None or "mean" not in by:
            raise BiasimError(
                "the stored results hold no mean with a standard error: add mean and model_se to the study's performance, "
                "or ask for one replicate with --replicate 0"
            )
        if isfinite(error) and isfinite(by["mean"]):
            half = NORMAL_975 * error
            yield Analysis(
                design=design, method=method, estimate=by["mean"], low=by["mean"] - half, high=by["mean"] + half,
                common=common.get(design, True),
            )  # fmt: skip


def deaths_are_common(description: Iterable[Mapping[str, str]], scenario: int) -> dict[str, bool]:
    """By design: whether more than a few of all patients have died by the last month that was described."""
    last: dict[str, tuple[float, float]] = {}
    for row in description:
        if int(row["scenario"]) == scenario and row["group"] == "all" and row["quantity"].startswith(SURVIVAL) and row["value"]:
            month = float(row["quantity"].removeprefix(SURVIVAL))
            last[row["design"]] = max(last.get(row["design"], (0.0, 1.0)), (month, float(row["value"])))
    return {design: 1.0 - survival >= kernel.COMMON for design, (_, survival) in last.items()}


def selected(analyses: Iterable[Analysis], design: str, method: str) -> list[Analysis]:
    """The analyses of one design or method, all where none is named. Raises BiasimError with the likely intention."""
    found = list(analyses)
    for what, wanted in (("design", design), ("method", method)):
        known = list(dict.fromkeys(getattr(one, what) for one in found))
        if wanted and wanted not in known:
            raise BiasimError(f"no hazard ratio of {what} '{wanted}'. {meant(wanted, known)}")
        found = [one for one in found if wanted in ("", getattr(one, what))]
    if not found:
        raise BiasimError("no analysis with a usable hazard ratio")
    return found


def bounds(analysis: Analysis) -> list[tuple[float, float, float]]:
    """Exposure ratio, and the outcome ratio that explains estimate and limit with it; inf where none does."""
    point, limit = analysis.risk_ratios()
    return [(e, kernel.outcome_ratio_needed(point, e), kernel.outcome_ratio_needed(limit, e)) for e in EXPOSURE_RATIOS]


def tipping_hazard_ratios(analysis: Analysis) -> list[tuple[float, float, float, float]]:
    """Prevalence among the exposed and the unexposed, and the hazard ratio that explains estimate and limit; nan where none."""
    pairs = [(p, q) for q in PREVALENCES for p in PREVALENCES if (p < q) == (analysis.estimate < 0.0) and p != q]
    return [(p, q, *(kernel.tipping_hazard_ratio(r, p, q) for r in (analysis.ratio, analysis.limit))) for p, q in pairs]


def tipping_prevalences(analysis: Analysis) -> list[tuple[float, float, float]]:
    """Hidden hazard ratio, and the prevalence among the exposed that explains estimate and limit, at half of the unexposed."""
    return [
        (g, *(kernel.tipping_prevalence(r, UNEXPOSED, g) for r in (analysis.ratio, analysis.limit))) for g in HAZARD_RATIOS
    ]
