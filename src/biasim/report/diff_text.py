"""Two analyses line by line as text, at most 100 columns wide: what differs, what each line is worth, what does not touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from math import exp, isnan
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from biasim.answers import on_log_scale
from biasim.store.tables import cell

WIDTH = 24  # of the lines in the table of what they are worth
LONGEST = 30  # characters of a value; what is longer is told by its name or cut
NOTES = (
    "alone: the line put into A, nothing else. out of B: what B loses without it. step: the lines laid\n"
    "over A one after the other, in this order; the steps add up to the whole difference. In brackets\n"
    "the Monte Carlo standard error of the paired difference. 0 within MCSE: alone, out of B and as a\n"
    "step within two of these errors of 0. with n: the line works only together with line n."
)


def diff_text(found: Any) -> Iterator[Table | Text]:
    """A comparison of the engine as tables."""
    yield Text(f"A  {said(found.first)}\nB  {said(found.second)}", style="bold")
    if not found.rows:
        whole = "no line differs" if not found.besides else "no line that touches these two analyses differs"
        yield Text(f"\nEqual: {whole}, once every default is written out.")
    else:
        yield from (differences(found), worth(found), Text(NOTES, style="dim"))
    if found.besides:
        yield aside(found.besides)


def said(analysis: Any) -> str:
    return f"{analysis.study.name}:{analysis.design}, {analysis.method}  ({analysis.study.source})"


def differences(found: Any) -> Table:
    """Every line that differs, each value over the place in which it was written."""
    table = plain("\nWhat differs, and where it was written")
    for heading, width in (("", 2), ("line", 30), ("A", 30), ("B", 30)):
        table.add_column(heading, overflow="fold", max_width=width, justify="left" if heading else "right")
    for row in found.rows:
        for place, (line, *spots) in enumerate(row.lines):
            values = (line.before, line.after)
            cells = (shown(value) + ("" if spot is None else f"\n{spot}") for value, spot in zip(values, spots, strict=True))
            table.add_row("" if place else str(row.number), folded(line.path, 30), *cells)
    return table


def worth(found: Any) -> Table:
    """What each line moves: alone, left out, and as a step of the road from A to B."""
    log = on_log_scale(found.estimands[0])
    claims = " and ".join(dict.fromkeys(claim.replace("_", " ") for claim in found.estimands))
    title = (
        f"\nWhat each line is worth\n{claims}: {found.replicates:,} replicates of {found.size:,} patients, "
        f"seed {found.first.study.seed}"
    )
    table = plain(title)
    table.add_column("", justify="right", max_width=2)
    table.add_column("line", overflow="fold", max_width=WIDTH)
    for heading in ("alone in A", "out of B", "step", "reached", *(["HR"] if log else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("", "A", "", "", "", *reached(found.start.value, log))
    steps = {step.rows[0]: step for step in found.steps}
    order = [number for step in found.steps for number in step.rows]
    for row in sorted(found.rows, key=lambda row: order.index(row.number)):
        step = steps.get(row.number)
        idle = not row.moves and (step is None or step.moved.is_nothing)
        named = "\n".join([folded(line.path, WIDTH) for line, *_ in row.lines] + ["0 within MCSE"] * idle)
        moved = number(step.moved) + beside(step.rows[1:]) if step else f"in step {holder(found.steps, row.number)}"
        ends = reached(step.reached, log) if step else ()
        table.add_row(str(row.number), named, *map(change, (row.alone, row.out)), moved, *ends)
    table.add_section()
    table.add_row("", "B: whole difference", "", "", number(found.total), *reached(found.end.value, log))
    return table


def aside(lines: Iterable[Any]) -> Table:
    """What differs and does not touch the analyses."""
    table = plain("\nDoes not touch these two analyses")
    for heading, width in (("line", 34), ("A", 30), ("B", 30)):
        table.add_column(heading, overflow="fold", max_width=width)
    for line in lines:
        table.add_row(folded(line.path, 34), shown(line.before), shown(line.after))
    return table


def plain(title: str) -> Table:
    """An empty table in the style of the other reports."""
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False,
                 padding=(0, 1, 0, 0))  # fmt: skip


def change(moved: Any) -> str:
    """A difference with its error, the rows that came with it, or how the analyses ended."""
    text = "no estimate" if isnan(moved.difference.value) else number(moved.difference)
    return text + beside(moved.beside) + (f"\n{moved.ending}" if moved.ending else "")


def number(difference: Any) -> str:
    """`-0.0554 (0.0009)`."""
    if difference.value == difference.mcse == 0.0:
        return "0 exactly"
    return f"{difference.value:+.4f} ({difference.mcse:.4f})"


def beside(rows: Iterable[int]) -> str:
    return f"\nwith {', '.join(map(str, rows))}" if rows else ""


def holder(steps: Iterable[Any], row: int) -> int:
    """The row under which a step that takes several rows is printed."""
    return next(step.rows[0] for step in steps if row in step.rows)


def reached(value: float, log: bool) -> tuple[str, ...]:
    return (f"{value:+.4f}", f"{exp(value):.3f}") if log else (f"{value:+.4f}",)


def folded(path: str, width: int) -> str:
    """A dotted path over several lines, broken at its dots."""
    lines = [""]
    for piece in path.replace(".", ".\n").split("\n"):
        if lines[-1] and len(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece
    return escape("\n".join(lines))


def shown(value: Any) -> str:
    """A value as YAML has it, cut where it is long."""
    if isinstance(value, Enum):
        return str(value.value)
    text = cell(value) or "null"
    if isinstance(value, Mapping) and all(isinstance(item, Mapping) for item in value.values()):
        text = ", ".join(f"{name}{cell(item) if item else ''}" for name, item in value.items()) or "none"
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")  # a list is no markup
