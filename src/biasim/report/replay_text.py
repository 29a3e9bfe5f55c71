"""One replicate as a table: every analysis with its interval, status and size."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, isnan
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from biasim.answers import on_log_scale


def replay_table(title: str, rows: Iterable[Any]) -> Table:
    """Rows of the engine (design, method, estimate) as a table: hazard ratios as such, errors on the log scale."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.show_edge = table.pad_edge = False
    table.add_column("design", overflow="fold", min_width=10)
    table.add_column("analysis", overflow="fold", min_width=14)
    for heading in ("estimate", "95% interval", "SE (log)", "status", "patients", "exposed", "events"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        found = row.estimate
        spell = exp if on_log_scale(found.estimand) else float
        counts = [found.diagnostics.get(name) for name in ("size", "exposed", "events")]
        table.add_row(
            row.design,
            row.method,
            number(found.estimate, spell),
            f"{number(found.low, spell)} to {number(found.high, spell)}",
            number(found.standard_error, float),
            str(found.status),
            *("-" if count is None else f"{count:,.0f}" for count in counts),
        )
    return table


def number(value: float, spell: Any) -> str:
    return "-" if isnan(value) else f"{spell(value):.4f}"
