"""The stored tables of one study as frames, and the few lines of the study file that figures print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from biasim.errors import StoreError

DEATH = "death"
NAMES = (
    "scenarios", "truths", "performance", "curves", "at_risk", "person_time", "hazard_ratio", "studies", "vibration", "balance",
    "diagram", "attribution", "solution",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables that a study has; a table it lacks is None."""

    frames: Mapping[str, pd.DataFrame]
    published: tuple[str, ...] = ()  # ids of evidence rows printed beside the result
    study: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> pd.DataFrame | None:
        frame = self.frames.get(name)
        return None if frame is None or frame.empty else frame

    def need(self, name: str) -> pd.DataFrame:
        """The table, or StoreError."""
        frame = self.get(name)
        if frame is None:
            raise StoreError(f"the figure needs the table {name}.csv, which this study does not have")
        return frame


def read(folder: Path | str) -> Tables:
    """All tables of results/<study>; StoreError when there are none."""
    folder = Path(folder)
    if not (folder / "tables").is_dir():
        raise StoreError(f"{folder}: no folder 'tables'; run the study first")
    files = {name: folder / "tables" / f"{name}.csv" for name in NAMES}
    frames = {name: pd.read_csv(file, keep_default_na=True) for name, file in files.items() if file.is_file()}
    study = _study(folder / "study.yaml")
    return Tables(frames=frames, published=tuple(study.get("published") or ()), study=study)


def _study(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(file) or {}


def counted(tables: Tables, design: str) -> tuple[str, str]:
    """What a design counts as event, and what its truth is of: parts of the room `outcome`, `death` where none is stored."""
    chosen = ((tables.study.get("designs") or {}).get(design) or {}).get("outcome") or {DEATH: {}}
    name, given = next(iter(chosen.items()))
    return name, DEATH if (given or {}).get("read_as") == DEATH else name


def results(tables: Tables, *, scenario: int = 0) -> pd.DataFrame:
    """One row per design, method and estimand, in the order of the study: each measure and its mcse as columns.

    Columns: scenario, design, method, estimand, truth, truth_mcse, used, attempts, then `<measure>` and
    `<measure>_mcse`; mean is made from truth and bias where it is not stored.
    """
    long = tables.need("performance")
    long = long[long["scenario"] == scenario]
    keys = ["design", "method", "estimand"]
    rows = long.drop_duplicates(keys)[["scenario", *keys, "truth", "used", "attempts"]].reset_index(drop=True)
    for measure in long["measure"].unique():
        one = long.loc[long["measure"] == measure, [*keys, "value", "mcse"]]
        rows = rows.merge(one.rename(columns={"value": measure, "mcse": f"{measure}_mcse"}), on=keys, how="left")
    if "mean" not in rows and "bias" in rows:
        rows["mean"], rows["mean_mcse"] = rows["truth"] + rows["bias"], rows["bias_mcse"]
    truths = tables.get("truths")
    if truths is None:
        return rows.assign(truth_mcse=float("nan"))
    truths = truths.loc[truths["scenario"] == scenario, ["design", "estimand", "mcse"]]
    return rows.merge(truths.rename(columns={"mcse": "truth_mcse"}), on=["design", "estimand"], how="left")


def varied(tables: Tables) -> list[str]:
    """The paths that take more than one value over the scenarios."""
    scenarios = tables.get("scenarios")
    if scenarios is None:
        return []
    return [name for name in scenarios.columns if name not in ("scenario", "size") and scenarios[name].nunique() > 1]


def setting(tables: Tables, scenario: int) -> str:
    """The varied values of a scenario in words, empty when nothing is varied: `odds ratio = 2, share = 0.1`."""
    paths = varied(tables)
    if not paths:
        return ""
    row = tables.need("scenarios").set_index("scenario").loc[scenario, paths]
    titles = [axis_title(path) for path in paths]
    return ", ".join(f"{t[:1].lower()}{t[1:]} = {plain(row[p])}" for t, p in zip(titles, paths, strict=True))


def untouched(rows: pd.DataFrame) -> list[str]:
    """The designs in which nothing differs between scenarios, in the order of the rows; none where nothing differs at all."""
    if rows["scenario"].nunique() < 2:
        return []
    numbers = [name for name in ("value", "mean", "mcse", "mean_mcse", "truth") if name in rows]
    each = rows.groupby(["design", "method", "estimand", *(["measure"] if "measure" in rows else [])], sort=False)[numbers]
    moved = (each.nunique(dropna=False) > 1).any(axis=1)
    every = moved.groupby(level="design", sort=False).any()
    return [str(design) for design, differs in every.items() if not differs] if every.any() else []


def example(tables: Tables) -> str:
    """Which patients the example tables show, to follow a comma-less phrase of a caption."""
    fixed = setting(tables, 0)
    return f" with {fixed}, replicate 0" if fixed else ", replicate 0"


def plain(value: object) -> str:
    """A cell as it would be written in a study file."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def axis_title(path: str) -> str:
    """The last word of a dotted path, with the unit that its name tells."""
    name = path.rsplit(".", 1)[-1]
    if name == "size":
        return "Patients"
    is_months = any(word in name for word in ("wait", "delay")) or name in ("at", "horizon", "grace")
    return words(name) + (" (months)" if is_months else "")


_SPELT = {"kaplan meier": "Kaplan-Meier", "fine gray": "Fine-Gray", "g computation": "G-computation", "log rank": "log-rank",
          "rmst": "RMST", "iptw": "IPTW", "att": "ATT", "ate": "ATE", "her2": "HER2",
          "hr": "HR", "tnbc": "TNBC", "cci": "CCI"}  # fmt: skip


def words(label: str) -> str:
    """A name of the study file as words: `cox_matched(ratio=2)` becomes `Cox matched (ratio=2)`."""
    text = re.sub(r"\s*\(", " (", str(label).replace("_", " ")).strip()
    text = re.sub(r"\b(cci|grade)(\d)", r"\1 \2", text)
    for name, spelt in _SPELT.items():
        text = re.sub(rf"\b{name}\b", spelt, text)
    return text[:1].upper() + text[1:]


def is_ratio(estimand: str) -> bool:
    """Whether an estimand is a hazard ratio on the log scale; the others are differences."""
    return "log_hazard_ratio" in estimand


def difference(estimand: str) -> tuple[str, float]:
    """Axis title of a difference estimand and the factor that brings it to the unit of the title."""
    number = re.search(r"=([\d.]+)", estimand)
    months = f" {number.group(1)} months" if number else ""
    if estimand.startswith("rmst"):
        return f"Difference in mean survival to{months} (months)", 1.0
    if estimand.startswith("survival"):
        return f"Difference in survival at{months} (% points)", 100.0
    return words(estimand), 1.0


def truth_value(cell: object) -> bool:
    """Whether a stored yes/no cell says yes, however it was written."""
    return str(cell).strip().lower() in {"true", "1", "1.0", "yes"}
