"""The result table that `simulate` and `show` print, made from stored tables only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, isfinite
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from biasim.store.tables import read_table

Row = Mapping[str, Any]
Key = tuple[int, str, str, str]  # scenario, design, method, estimand


def results_text(folder: Path) -> Iterator[Table | Text]:
    """The tables of a study: one per scenario, hazard ratios first, then differences; then what the MCSE buys."""
    performance = read_table(folder / "tables" / "performance.csv")
    scenarios = read_table(folder / "tables" / "scenarios.csv")
    by_key = gather(performance)
    for scenario in scenarios:
        keys = [key for key in by_key if key[0] == int(scenario["scenario"])]
        ratios = [key for key in keys if key[3].endswith("log_hazard_ratio")]
        if ratios:
            yield hazard_ratio_table(scenario, ratios, by_key)
        rest = [key for key in keys if key not in ratios]
        if rest:
            yield difference_table(scenario, rest, by_key)
    yield Text(precision_sentence(performance), style="dim")


def gather(performance: list[dict[str, Any]]) -> dict[Key, dict[str, Row]]:
    """Rows of performance.csv by analysis, then by measure, in the order of the file."""
    found: dict[Key, dict[str, Row]] = {}
    for row in performance:
        key = (int(row["scenario"]), row["design"], row["method"], row["estimand"])
        found.setdefault(key, {})[row["measure"]] = row
    return found


def title(folder_scenario: Row) -> str:
    """`2000 patients a replicate, treatment.by_prognosis.median_wait = 4`."""
    varied = [f"{path} = {value}" for path, value in folder_scenario.items() if path not in ("scenario", "size")]
    return ", ".join([f"{int(float(folder_scenario['size'])):,} patients a replicate", *varied])


def hazard_ratio_table(scenario: Row, keys: list[Key], rows: dict[Key, dict[str, Row]]) -> Table:
    """Analyses whose estimand is a hazard ratio: HR is exp(mean log HR); bias stays on the log scale."""
    table = Table(title=title(scenario), title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    table.add_column("design", no_wrap=True)
    table.add_column("analysis", no_wrap=True)
    for heading in ("HR", "true HR", "bias of log HR (MCSE)", "coverage % (MCSE)", "'surgery helps' % (MCSE)", "failed"):
        table.add_column(heading, justify="right")
    last = ""
    for key in keys:
        measures = rows[key]
        mean, bias = measures["mean"], measures["bias"]
        table.add_row(
            key[1] if key[1] != last else "",
            key[2],
            shown(mean["value"], lambda value: f"{exp(value):.3f}"),
            shown(mean["truth"], lambda value: f"{exp(value):.2f}"),
            f"{signed(bias['value'], 4)} ({shown(bias['mcse'], lambda value: f'{value:.4f}')})",
            percent(measures.get("coverage")),
            percent(measures.get("rejection")),
            failures(mean),
        )
        last = key[1]
    return table


def difference_table(scenario: Row, keys: list[Key], rows: dict[Key, dict[str, Row]]) -> Table:
    """Analyses whose estimand is a difference: months for RMST, probability for survival."""
    table = Table(title=title(scenario), title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    table.add_column("design", no_wrap=True)
    table.add_column("analysis", no_wrap=True)
    for heading in ("estimand", "mean", "truth", "bias (MCSE)", "coverage % (MCSE)", "'surgery helps' % (MCSE)", "failed"):
        table.add_column(heading, justify="right")
    for key in keys:
        measures = rows[key]
        mean, bias = measures["mean"], measures["bias"]
        table.add_row(
            key[1], key[2], key[3], signed(mean["value"], 3), signed(mean["truth"], 3),
            f"{signed(bias['value'], 3)} ({shown(bias['mcse'], lambda value: f'{value:.3f}')})",
            percent(measures.get("coverage")), percent(measures.get("rejection")), failures(mean),
        )  # fmt: skip
    return table


def shown(value: Any, spell: Any) -> str:
    """A number as `spell` writes it, or a dash where there is none."""
    return spell(float(value)) if value not in ("", None) and isfinite(float(value)) else "-"


def signed(value: Any, digits: int) -> str:
    return shown(value, lambda number: f"{number:+.{digits}f}")


def percent(row: Row | None) -> str:
    """A share with its MCSE, in percent."""
    if row is None:
        return "-"
    return f"{shown(row['value'], lambda v: f'{100 * v:.1f}')} ({shown(row['mcse'], lambda v: f'{100 * v:.1f}')})"


def failures(row: Row) -> str:
    """How many replicates gave no usable estimate, of how many."""
    failed = int(float(row["attempts"])) - int(float(row["used"]))
    return f"{failed}/{int(float(row['attempts']))}" if failed else "0"


def precision_sentence(performance: list[dict[str, Any]]) -> str:
    """What the number of replicates buys: the largest MCSE, and the price of halving it."""
    ratios = [row for row in performance if row["estimand"].endswith("log_hazard_ratio")] or performance
    biases = [float(row["mcse"]) for row in ratios if row["measure"] == "bias" and isfinite(float(row["mcse"] or "nan"))]
    covers = [float(row["mcse"]) for row in ratios if row["measure"] == "coverage" and isfinite(float(row["mcse"] or "nan"))]
    attempts = max((int(float(row["attempts"])) for row in performance), default=0)
    if not biases or not covers:
        return f"{attempts:,} replicates a scenario: too few for a Monte Carlo standard error."
    return (
        f"{attempts:,} replicates a scenario: Monte Carlo standard error of a bias at most {max(biases):.4f}, of a coverage "
        f"at most {100 * max(covers):.1f} percentage points; half of that costs {4 * attempts:,}."
    )


def all_measures(folder: Path) -> Iterator[Table]:
    """performance.csv as it is: every measure of every analysis with its MCSE."""
    table = Table(title="performance", title_justify="left", show_edge=False)
    for heading in ("scenario", "design", "method", "estimand", "measure", "value", "mcse", "used", "attempts"):
        table.add_column(heading)
    for row in read_table(folder / "tables" / "performance.csv"):
        cells = [str(row[name]) for name in ("scenario", "design", "method", "estimand", "measure")]
        cells += [shown(row[name], lambda value: f"{value:.5g}") for name in ("value", "mcse")]
        table.add_row(*cells, str(row["used"]), str(row["attempts"]))
    yield table
