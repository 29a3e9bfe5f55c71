"""The evidence as it is printed: its tables, one table, or everything about one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from biasim.evidence.catalogue import TABLES
from biasim.evidence.published import Survival
from biasim.evidence.recalled import recalled_of
from biasim.evidence.row import MARKS, Row
from biasim.evidence.subgroups import subgroups

_TOLD = ("id", "label", "source", "doi", "verified", "recalled_cells", "seen_in", "hr", "low", "high", "odds_ratio", "value")
SHORT = 34  # characters of a figure that is not broken into lines


def overview() -> Iterator[Table | Text]:
    """The tables: what a row is, how many there are, how many were seen."""
    table = _table("The evidence: published figures, as data")
    table.add_column("table", no_wrap=True)
    table.add_column("a row is")
    for heading in ("rows", "seen", "recalled", "assumed"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, held in TABLES.items():
        counts = (held.counted("seen"), held.counted("recalled"), held.counted("assumed"))
        table.add_row(name, held.holds, *(str(count) if count else "-" for count in (len(held.rows), *counts)))
    yield table
    yield Text("biasim evidence TABLE lists its rows; biasim evidence ID tells everything about one.", style="dim")


def listing(title: str, rows: Sequence[Row]) -> Iterator[Table | Text]:
    """The rows of a table, one a line, then what the marks mean."""
    counted = any(row.n for row in rows)
    short = max((len(marked(row)) for row in rows), default=0) <= SHORT
    table = _table(f"{title}: {len(rows)} row{'s' if len(rows) != 1 else ''}")
    table.add_column("id", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=4)
    table.add_column("figure (95% interval)", no_wrap=short, ratio=None if short else 4)
    if counted:
        table.add_column("n", justify="right", no_wrap=True)
    table.add_column("source", overflow="fold", ratio=3)
    for row in rows:
        count = [f"{row.n:,}" if row.n else "-"] if counted else []
        table.add_row(*(Text(cell) for cell in (row.id, row.what, marked(row), *count, row.source)))
    yield table
    yield from (Text(line, style="dim") for line in legend(rows))


def everything(row: Row) -> Iterator[Table | Text]:
    """Every cell of one row, where it was seen, what else is recalled of it, and its subgroups."""
    table = Table(box=None, show_header=False, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True, style="dim")
    table.add_column("", overflow="fold")
    for name, told in _cells(row):
        table.add_row(name, Text(told))
    remembered = recalled_of(row.id).values()
    for value in remembered:
        table.add_row("recalled", Text(f"{value.cell.replace('_', ' ')}: {marked(value)}"))
    within = [one for one in subgroups().values() if one.study == row.id]
    for one in within:
        table.add_row("subgroup", Text(f"{one.subgroup}: {marked(one)} ({one.id})"))
    yield Text(f"{row.label}: {marked(row)}", style="bold")
    yield table
    yield from (Text(line, style="dim") for line in legend((row, *remembered, *within)))


def marked(row: Row) -> str:
    """The figure with its marks: no figure that is recalled, converted or turned is printed without."""
    return " ".join((row.figure, *row.marks))


def legend(rows: Iterable[Row]) -> list[str]:
    """What the marks of these rows mean, in the order of the marks."""
    used = {mark for row in rows for mark in row.marks}
    return [f"{mark} {meaning}" for mark, meaning in MARKS.items() if mark in used]


def _cells(row: Row) -> Iterator[tuple[str, str]]:
    yield "id", row.id
    yield "citation", row.citation
    if row.seen_in != row.source:
        yield row.provenance, row.seen_in or "-"
    yield from _named(row, _TOLD)


def _named(record: Any, told: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Name and text of every cell that is not empty and not told yet; records within a record are spread out."""
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name in told or value in (None, "", (), False):
            continue
        name = field.name.replace("_", " ")
        if isinstance(value, Survival):
            yield from [(f"{name}, operated v not", _arms(value, 1, "months"))] if _arms(value, 1, "") else []
        elif is_dataclass(value):
            yield from _named(value)
        elif isinstance(value, Mapping):
            yield from _mapped(name, value)
        else:
            yield name, _spelled(value, field.name)


def _mapped(name: str, values: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Survival):
            yield f"alive at {key} years, operated v not", _arms(value, 100, "%")
        else:
            yield f"note, {key.replace('_', ' ')}" if key != "notes" else "note", str(value)


def _arms(arms: Survival, factor: float, unit: str) -> str:
    if arms.operated is None and arms.unoperated is None:
        return ""
    operated, unoperated = ("?" if one is None else f"{factor * one:.4g}" for one in (arms.operated, arms.unoperated))
    return f"{operated} v {unoperated} {unit}".strip()


def _spelled(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "yes"
    if name == "share_operated":
        return f"{100 * value:.1f} %"
    if name == "printed_level":
        return f"{value:g} %"
    if isinstance(value, tuple):
        return " to ".join(str(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False,
                 padding=(0, 1, 0, 0))  # fmt: skip
