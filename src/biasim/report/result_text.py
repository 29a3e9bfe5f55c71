"""The result table that `simulate` and `show` print, made from stored tables only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, exp, isfinite
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from biasim.answers import on_log_scale
from biasim.store.folder import Folder
from biasim.store.manifest import read_manifest
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
        ratios = [key for key in keys if on_log_scale(key[3])]
        if ratios:
            yield hazard_ratio_table(scenario, ratios, by_key)
        rest = [key for key in keys if key not in ratios]
        if rest:
            yield difference_table(scenario, rest, by_key)
    yield from notes(folder)
    truths = read_table(folder / "tables" / "truths.csv")
    yield Text(precision_sentence(performance, max((float(row["mcse"] or 0.0) for row in truths), default=0.0)), style="dim")


def notes(folder: Path) -> Iterator[Text]:
    """What went wrong, from the manifest: analyses without an estimate and why, then the warnings."""
    told = Folder(folder).manifest
    manifest = read_manifest(told) if told.exists() else {}
    for row in manifest.get("failures", []):
        where = f"{row['design']}, {row['method']}" + (f", scenario {row['scenario']}" if row["scenario"] else "")
        first = f"first: replicate {row['first']}, {row['message']}"
        yield Text(f"{where}: {row['count']:,} without an estimate, {row['status']} ({first})")
    for warning in manifest.get("warnings", []):
        yield Text(f"note: {warning}", style="yellow")


def gather(performance: list[dict[str, Any]]) -> dict[Key, dict[str, Row]]:
    """Rows of performance.csv by analysis, then by measure, in the order of the file."""
    found: dict[Key, dict[str, Row]] = {}
    for row in performance:
        key = (int(row["scenario"]), row["design"], row["method"], row["estimand"])
        found.setdefault(key, {})[row["measure"]] = row
    return found


def title(scenario: Row) -> str:
    """`2,000 patients a replicate, treatment.by_prognosis.median_wait = 4`."""
    varied = [f"{path} = {value}" for path, value in scenario.items() if path not in ("scenario", "size")]
    return ", ".join([f"{int(float(scenario['size'])):,} patients a replicate", *varied])


def result_table(heading: str, *columns: str) -> Table:
    """An empty table in the look of all result tables: the analysis first, numbers to the right."""
    table = Table(
        title=heading, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.show_edge = table.pad_edge = False
    table.add_column("design, analysis", overflow="fold", min_width=20)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def hazard_ratio_table(scenario: Row, keys: list[Key], rows: dict[Key, dict[str, Row]]) -> Table:
    """Analyses whose estimand is a hazard ratio: HR is exp(mean log HR); bias stays on the log scale."""
    table = result_table(title(scenario), "HR", "truth", "bias of log HR", "95% covers", "'it helps'", "failed")
    last = ""
    for key in keys:
        measures = rows[key]
        mean, bias = measures["mean"], measures["bias"]
        if key[1] != last:
            table.add_row(Text(key[1], style="bold"))
        table.add_row(
            "  " + key[2],
            shown(mean["value"], lambda value: f"{exp(value):.3f}"),
            shown(mean["truth"], lambda value: f"{exp(value):.2f}"),
            with_mcse(bias, 4),
            percent(measures.get("coverage")),
            percent(measures.get("rejection")),
            failures(mean),
        )
        last = key[1]
    return table


def difference_table(scenario: Row, keys: list[Key], rows: dict[Key, dict[str, Row]]) -> Table:
    """Analyses whose estimand is a difference: months for RMST, probability for survival."""
    table = result_table(title(scenario), "difference", "truth", "bias", "95% covers", "'it helps'", "failed")
    for key in keys:
        measures = rows[key]
        mean = measures["mean"]
        table.add_row(Text(f"{key[1]}: {key[3]}", style="bold"))
        table.add_row(
            "  " + key[2], signed(mean["value"], 3), signed(mean["truth"], 3), with_mcse(measures["bias"], 3),
            percent(measures.get("coverage")), percent(measures.get("rejection")), failures(mean),
        )  # fmt: skip
    return table


def with_mcse(row: Row, digits: int) -> str:
    """`-0.3612 (0.0011)`: a signed value with its Monte Carlo standard error."""
    return f"{signed(row['value'], digits)} ({shown(row['mcse'], lambda value: f'{value:.{digits}f}')})"


def shown(value: Any, spell: Any) -> str:
    """A number as `spell` writes it, or a dash where there is none."""
    return spell(float(value)) if value not in ("", None) and isfinite(float(value)) else "-"


def signed(value: Any, digits: int) -> str:
    return shown(value, lambda number: f"{number:+.{digits}f}")


def percent(row: Row | None) -> str:
    """A share with its MCSE, in percent."""
    if row is None:
        return "-"
    error = row["mcse"] if int(float(row["attempts"])) > 1 else None
    return f"{shown(row['value'], lambda v: f'{100 * v:.1f}')} ({shown(error, lambda v: f'{100 * v:.1f}')})"


def failures(row: Row) -> str:
    """How many replicates gave no usable estimate, of how many."""
    failed = int(float(row["attempts"])) - int(float(row["used"]))
    return f"{failed}/{int(float(row['attempts']))}" if failed else "0"


def precision_sentence(performance: list[dict[str, Any]], of_truth: float = 0.0) -> str:
    """What the number of replicates buys: the largest MCSE, and the price of halving it; `of_truth` is not theirs to halve."""
    ratios = [row for row in performance if on_log_scale(row["estimand"])] or performance
    biases, covers = finite_mcse(ratios, "bias"), finite_mcse(ratios, "coverage")
    attempts = max((int(float(row["attempts"])) for row in performance), default=0)
    if not biases or max(biases) == 0.0:
        return f"{attempts:,} replicates a scenario: too few for the MCSE of a bias, or not asked for."
    bought = f"an MCSE of at most {max(biases):.4f} for a bias of log HR"
    if covers and max(covers) > 0.0:
        bought += f" and {100 * max(covers):.1f} points for a coverage"
    return (
        "In brackets: Monte Carlo standard errors (MCSE). "
        "'it helps': how often the 95% interval lies wholly on the side of benefit.\n"
        f"{attempts:,} replicates a scenario buy {bought}; {halved(attempts, max(biases), of_truth)}."
    )


def halved(attempts: int, mcse: float, of_truth: float) -> str:
    """What it takes to halve an MCSE of which the truth's own error is a part."""
    left = mcse**2 / 4 - of_truth**2
    if left <= 0.0:
        return "no number of replicates halves it, as the truth's own error is a part of it: raise run.truth"
    return f"halving it takes {ceil(attempts * (mcse**2 - of_truth**2) / left):,}"


def finite_mcse(rows: list[dict[str, Any]], measure: str) -> list[float]:
    """The Monte Carlo standard errors of one measure, where there are any."""
    found = [float(row["mcse"] or "nan") for row in rows if row["measure"] == measure]
    return [value for value in found if isfinite(value)]


def all_measures(folder: Path) -> Iterator[Table]:
    """performance.csv as it is: every measure of every analysis with its MCSE."""
    table = Table(title="performance", title_justify="left", show_edge=False)
    for heading in ("scenario", "design", "method", "estimand", "measure", "value", "mcse", "used", "attempts"):
        table.add_column(heading, overflow="fold")
    for row in read_table(folder / "tables" / "performance.csv"):
        cells = [str(row[name]) for name in ("scenario", "design", "method", "estimand", "measure")]
        cells += [shown(row[name], lambda value: f"{value:.5g}") for name in ("value", "mcse")]
        table.add_row(*cells, str(row["used"]), str(row["attempts"]))
    yield table
