"""What the patients look like, beside what was published: printed under the result table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from biasim.evidence.published import Published, published
from biasim.evidence.row import RECALLED
from biasim.report.evidence_text import legend
from biasim.store.tables import read_table

Facts = Mapping[tuple[str, str, str], float]  # (design, group, quantity) -> value


def description_text(folder: Path, published_ids: tuple[str, ...]) -> Iterator[Table | Text]:
    """Operated, survival and medians by arm of the first design, then the published studies with their sources."""
    rows = read_table(folder / "tables" / "description.csv")
    facts = {(row["design"], row["group"], row["quantity"]): float(row["value"]) for row in rows}
    designs = [design for design in dict.fromkeys(row["design"] for row in rows) if (design, "exposed", "share") in facts]
    if not designs:
        return
    table = Table(title="Who was operated, and how long they lived", title_justify="left", title_style="bold",
                  box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))  # fmt: skip
    table.add_column("", no_wrap=True)
    for heading in ("patients", "operated", "alive at 3 y", "operated", "not", "median (mo)", "operated", "not"):
        table.add_column(heading, justify="right", no_wrap=True)
    for design in designs:
        table.add_row(f"simulated: {design}", *simulated(facts, design))
    found = [published(one) for one in published_ids]
    for one in found:
        table.add_row(one.label + ("" if one.verified else f" {RECALLED}"), *reported(one))
    yield table
    if found:
        yield Text("Published hazard ratios (95% interval), operated against not", style="bold")
        for one in found:
            yield Text(f"  {one.label:<16} {hazard_ratio(one):<22} {one.citation}")
        yield from (Text(line, style="dim") for line in legend(found))


def simulated(facts: Facts, design: str) -> list[str]:
    """The cells of one simulated design; from a large cohort, so that its error is below the last digit."""
    cells = [f"{facts[design, 'all', 'patients']:,.0f}", percent(facts.get((design, "exposed", "share")))]
    cells += [percent(facts.get((design, group, "survival_36"))) for group in ("all", "exposed", "unexposed")]
    return cells + [months(facts.get((design, group, "median"))) for group in ("all", "exposed", "unexposed")]


def reported(one: Published) -> list[str]:
    """The same cells as far as the paper gave them."""
    three = one.survival.get(3)
    patients = f"{one.n:,}" if one.n else "-"
    arms = [percent(three.operated if three else None), percent(three.unoperated if three else None)]
    return [patients, percent(one.share_operated), "-", *arms, "-", months(one.median.operated), months(one.median.unoperated)]


def hazard_ratio(one: Published) -> str:
    """`0.61 (0.58-0.65)` with its marks."""
    if one.hr is None:
        return "-"
    interval = f" ({one.low:.2f}-{one.high:.2f})" if one.low is not None and one.high is not None else ""
    return " ".join((f"{one.hr:.2f}{interval}", *one.marks))


def percent(value: Any) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def months(value: Any) -> str:
    return "-" if value is None else f"{value:.1f}"
