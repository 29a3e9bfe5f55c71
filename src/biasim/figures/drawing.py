"""A drawn figure with its numbers and words, and how it is written: the same bytes on every run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from biasim.figures.style import journal

FORMATS = ("svg", "pdf", "png")
_DPI = 300
_WIDEST = 2600  # dots across a PNG: a page wider than two columns is drawn coarser
# No date, no program: nothing in the file may depend on when or by whom it was drawn.
_METADATA = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One figure, the numbers under it, and its words."""

    figure: Figure
    numbers: pd.DataFrame
    title: str
    caption: str
    alt: str  # for those who cannot see it: what is shown, and what it says


@journal
def write(drawing: Drawing, folder: Path, name: str) -> list[Path]:
    """Write <name>.svg, .pdf, .png and .csv into `folder`; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for kind in FORMATS]
    dots = min(_DPI, _WIDEST / drawing.figure.get_size_inches()[0])
    for path, kind in zip(paths, FORMATS, strict=True):
        drawing.figure.savefig(path, format=kind, dpi=dots, metadata=_METADATA[kind])
    table = folder / f"{name}.csv"
    drawing.numbers.to_csv(table, index=False, float_format="%.12g", lineterminator="\n")
    return [*paths, table]
