"""Small tables as CSV: a header, then one row per line, numbers with 12 significant digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from biasim.errors import StoreError
from biasim.store.whole import write_text


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table whole. A missing number (nan, None) is an empty cell."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([cell(value) for value in row] for row in rows)
    write_text(path, text.getvalue())


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table as text, keyed by column. Raises StoreError when it is not there."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise StoreError(f"cannot read '{path}': {error.strerror or error}. Run the study first.") from error


def cell(value: object) -> str:
    """One cell as text: floats with 12 significant digits, mappings and lists as they are written in YAML."""
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value + 0.0:.12g}"  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {cell(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(cell(part) for part in value) + "]"
    return str(value)
