"""From the truth to what an analysis reports, mechanism by mechanism, as text of at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, hypot
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from biasim.answers import on_log_scale

NOTHING = 2.0  # errors within which a share is called 0
SMALL = 0.02  # share of the whole below which percentages say nothing


def attribution_text(found: Any) -> Iterator[Table | Text]:
    """An attribution of the engine as a table with its notes."""
    one = found.analysis
    claim = found.estimand.replace("_", " ")
    sets = f"{found.sets:,} sets of mechanisms" if not found.orders else f"{found.sets:,} sets on {found.orders} sampled orders"
    yield Text(f"{one.study.name}:{one.design}, {one.method}  ({one.study.source})", style="bold")
    yield Text(f"{claim}: {found.replicates:,} replicates of {found.size:,} patients, seed {one.study.seed}, {sets}")
    yield shares(found)
    yield Text(notes(found), style="dim")
    yield Text(verdict(found))


def shares(found: Any) -> Table:
    """One row a bar: its share, what it moves alone, what is lost without it, and what is reached."""
    log = on_log_scale(found.estimand)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold", max_width=30)
    for heading in ("share", "of all", "one at a time", "left out", "reached", *(["HR"] if log else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    start = found.truth.value
    table.add_row("truth", "", "", "", "", *reached(start, log))
    after = start + found.not_switched.value
    table.add_row("not switched", number(*found.not_switched[:2]), "", "", "", *reached(after, log))
    for share in found.shares:
        table.add_row(
            escape(share.mechanism), number(share.moved.value, share.error), part(share.moved.value, found.switched),
            number(*share.alone[:2]), number(*share.left_out[:2]), *reached(share.reached, log),
        )  # fmt: skip
    table.add_section()
    table.add_row("apparent", number(*found.apparent[:2]), "", "", "", *reached(found.apparent.value, log))
    return table


def notes(found: Any) -> str:
    """What the columns are."""
    told = [
        "share: what a mechanism adds to the bias, on average over all orders in which they can be switched on;",
        "truth, not switched and shares add up to what the analysis reports. one at a time: it alone, against",
        "none. left out: all of them, against all but it. Where these differ, mechanisms act on each other.",
        "In brackets the Monte Carlo standard error, of replicates" + (" and of the orders sampled." if found.orders else "."),
    ]
    idle = [share.mechanism for share in found.shares if abs(share.moved.value) <= NOTHING * share.error]
    if idle:
        told.append(f"0 within {NOTHING:g} MCSE: {', '.join(idle)}.")
    if found.truth.mcse > 0.0:
        told.append("Surgery has an effect: each set is judged against a truth of its own, whose error is in that of the share.")
    return "\n".join(told)


def verdict(found: Any) -> str:
    """The sum in one sentence."""
    most = max(found.shares, key=lambda share: abs(share.moved.value))
    whole, left = found.switched, found.not_switched
    total = f"{whole.value + left.value:+.4f} ({hypot(found.apparent.mcse, found.truth.mcse):.4f})"
    largest = f"the largest share of it, {number(most.moved.value, most.error)}, is that of '{most.mechanism}'"
    if not on_log_scale(found.estimand):
        return f"A bias of {total} can arise so;\n{largest}."
    ratios = f"A hazard ratio of {exp(found.apparent.value):.3f} can arise where the truth is {exp(found.truth.value):.3f}"
    return f"{ratios}: a bias of {total} on the log scale;\n{largest}."


def number(value: float, mcse: float) -> str:
    """`-0.0554 (0.0009)`."""
    return "0 exactly" if value == mcse == 0.0 else f"{value:+.4f} ({mcse:.4f})"


def part(value: float, whole: Any) -> str:
    """A share in percent of all shares; nothing where they nearly cancel."""
    if abs(whole.value) < max(SMALL, 4.0 * whole.mcse):
        return "-"
    return f"{100 * value / whole.value:.0f} %"


def reached(value: float, log: bool) -> tuple[str, ...]:
    return (f"{value:+.4f}", f"{exp(value):.3f}") if log else (f"{value:+.4f}",)
