"""Draw every figure that the tables of a study support."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from biasim.figures._tables import Tables, read, varied
from biasim.figures.attribution import attribution
from biasim.figures.bias_by_parameter import bias_by_parameter, families
from biasim.figures.diagram import diagram
from biasim.figures.drawing import FORMATS, Drawing, write
from biasim.figures.forest import forest
from biasim.figures.funnel import funnel
from biasim.figures.hazard_ratio_over_time import hazard_ratio_over_time
from biasim.figures.love import love
from biasim.figures.person_time import person_time
from biasim.figures.solution import solution
from biasim.figures.survival_curves import survival_curves
from biasim.figures.vibration import vibration

CAPTIONS = "captions.json"


def draw_all(folder: Path | str, *, names: Mapping[str, str] | None = None) -> list[Path]:
    """Draw the figures of results/<study> into its folder `figures`; returns the paths written.

    `names` gives varied paths an axis title with unit. captions.json holds title, caption, alternative text
    and files of each figure; figures of an earlier run that are no longer drawn are removed. StoreError when
    there are no tables.
    """
    folder = Path(folder)
    tables, place = read(folder), folder / "figures"
    place.mkdir(parents=True, exist_ok=True)
    told: dict[str, dict] = {}
    paths: list[Path] = []
    for name, drawing in drawings(tables, names=names):
        paths += _written(name, drawing, place, told)
    _forget(place, kept=set(told))
    return [*paths, _tell(place, told)]


def draw_some(folder: Path | str, *wanted: str) -> list[Path]:
    """Draw figures by name and leave the others as they are; returns the paths written."""
    folder = Path(folder)
    place = folder / "figures"
    told = json.loads((place / CAPTIONS).read_text(encoding="utf-8")) if (place / CAPTIONS).is_file() else {}
    paths: list[Path] = []
    for name, drawing in standing_alone(read(folder)):
        if name in wanted:
            paths += _written(name, drawing, place, told)
    return [*paths, _tell(place, told)]


def drawings(tables: Tables, *, names: Mapping[str, str] | None = None) -> Iterator[tuple[str, Drawing]]:
    """Name and drawing of each figure, the summary first, then the examples design by design."""
    if (performance := tables.get("performance")) is not None and performance["measure"].isin(["mean", "bias"]).any():
        yield "forest", forest(tables)
        if varied(tables):
            for family in families(tables):
                end = "" if family == "log_hazard_ratio" else f"_{_file(family)}"
                yield f"bias_by_parameter{end}", bias_by_parameter(tables, family=family, names=names)
    if tables.get("diagram") is not None:
        yield "diagram", diagram(tables)
    if tables.get("hazard_ratio") is not None:
        yield "hazard_ratio_over_time", hazard_ratio_over_time(tables)
    for names_of, figure in (
        (("curves", "at_risk"), survival_curves),
        (("person_time", "at_risk"), person_time),  # numbers at risk tell when exposure begins
        (("balance",), love),
        (("studies",), funnel),
        (("vibration",), vibration),
    ):
        for design in _different([tables.get(name) for name in names_of]):
            yield f"{figure.__name__}_{_file(design)}", figure(tables, design)
    yield from standing_alone(tables)


def standing_alone(tables: Tables) -> Iterator[tuple[str, Drawing]]:
    """The figures of tables that no run of the study writes, but a command of their own."""
    if tables.get("attribution") is not None:
        yield "attribution", attribution(tables)
    if tables.get("solution") is not None:
        yield "solution", solution(tables)


def _written(name: str, drawing: Drawing, place: Path, told: dict[str, dict]) -> list[Path]:
    """The files of a figure; its words are added to `told`."""
    files = write(drawing, place, name)
    words = {"title": drawing.title, "caption": drawing.caption, "alt": drawing.alt}
    told[name] = {**words, "files": [file.name for file in files]}
    return files


def _tell(place: Path, told: Mapping[str, dict]) -> Path:
    """Write captions.json."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (place / CAPTIONS).write_text(text + "\n", encoding="utf-8")
    return place / CAPTIONS


def _different(frames: list[pd.DataFrame | None]) -> list[str]:
    """The designs of the first table, but of those with the very same rows in all tables only the first."""
    if frames[0] is None:
        return []
    seen: dict[str, str] = {}
    for design in frames[0]["design"].unique():
        rows = [frame[frame["design"] == design] for frame in frames if frame is not None]
        seen.setdefault("\n".join(part.drop(columns="design").to_csv(index=False) for part in rows), str(design))
    return list(seen.values())


def _file(name: str) -> str:
    """A name that is safe as part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()


def _forget(place: Path, *, kept: set[str]) -> None:
    """Remove the figures that captions.json lists and that were not drawn again."""
    before = place / CAPTIONS
    if not before.is_file():
        return
    for name in set(json.loads(before.read_text(encoding="utf-8"))) - kept:
        for kind in (*FORMATS, "csv"):
            (place / f"{name}.{kind}").unlink(missing_ok=True)
