"""The matrix as text: a row per method, a column per bias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, isfinite
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from biasim.answers import on_log_scale
from biasim.store.tables import read_table

SOUND = 3.0  # Monte Carlo standard errors: a bias within these is marked
DESIGNS = {
    "recorded": "as recorded: exposed or not",
    "dated": "with dates of surgery",
    "trial": "the same patients, randomised",
}


def matrix_text(file: Path) -> Iterator[Table | Text]:
    """A table per kind of data: the estimate where the truth is none, marked where its bias is within 3 MCSE."""
    rows = read_table(file)
    biases = list(dict.fromkeys(row["bias_of"] for row in rows))
    for design in dict.fromkeys(row["design"] for row in rows):
        table = Table(title=DESIGNS.get(design, design), title_justify="left", title_style="bold", box=SIMPLE_HEAD,
                      show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))  # fmt: skip
        table.add_column("", no_wrap=True)
        for bias in biases:
            table.add_column(bias.replace("_", "\n"), justify="right", vertical="bottom")
        of = {(row["method"], row["bias_of"]): row for row in rows if row["design"] == design}
        for method in dict.fromkeys(row["method"] for row in rows if row["design"] == design):
            table.add_row(method, *(said(of.get((method, bias))) for bias in biases))
        yield table
    yield Text(
        "Each cell: mean estimate (hazard ratio, or a difference in months or percentage points), and how often\n"
        "its 95% interval holds the truth. Surgery does nothing in any column.\n"
        f"= : the bias is within {SOUND:g} Monte Carlo standard errors of 0.",
        style="dim",
    )


def said(row: Mapping[str, str] | None) -> str:
    """`0.61   0%`, `=1.00  95%`; a dash where the method gave no estimate."""
    if row is None or not row["mean"]:
        return "-"
    value, bias, error = (float(row[name] or "nan") for name in ("mean", "bias", "bias_mcse"))
    mark = "=" if isfinite(error) and abs(bias) <= SOUND * error else ""
    covers = f"{100 * float(row['coverage']):.0f}%" if row["coverage"] else "-"
    return f"{mark}{spelled(value, row['estimand'])} {covers:>4}"


def spelled(value: float, estimand: str) -> str:
    """An estimate in the unit that readers know."""
    if on_log_scale(estimand):
        return f"{exp(value):.2f}"
    number, unit = (100 * value, "pt") if estimand.startswith("survival") else (value, "mo")
    return f"{round(number, 1) + 0.0:+.1f} {unit}".replace("+0.0", "0.0")
