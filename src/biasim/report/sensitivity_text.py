"""What a hidden confounder would have to be, as text: E-values of every analysis, then the tables of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import exp, isfinite
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


def e_value_table(title: str, analyses: Iterable[Any]) -> Table:
    """Every analysis with its hazard ratio, interval and E-values."""
    table = plain(title, ("hazard ratio", "95% interval", "E-value", "of the limit"), left=("design", "analysis"))
    for one in analyses:
        point, limit = one.e_values
        interval = f"{exp(one.low):.2f} to {exp(one.high):.2f}"
        table.add_row(one.design, one.method, f"{one.ratio:.2f}", interval, f"{point:.2f}", f"{limit:.2f}")
    return table


def e_value_lines(one: Any) -> Iterator[Text]:
    """The E-values of one analysis in words."""
    point, limit = one.e_values
    yield Text(f"\n{one.design}, {one.method}: hazard ratio {one.ratio:.2f}", style="bold")
    yield Text(
        f"E-value {point:.2f}: to explain the estimate away, a hidden confounder must go with exposure and with death by a\n"
        f"risk ratio of at least {point:.2f} each, beyond what is adjusted for; a weaker one cannot."
    )
    if limit > 1.0:
        yield Text(f"E-value of the limit {limit:.2f}: as much of both moves the interval to include 1.")
    else:
        yield Text("E-value of the limit 1: the interval includes 1 as it is, and nothing hidden is needed.")
    scale = "Many die: the hazard ratio was turned into a risk ratio first." if one.common else "Few die: it is a risk ratio too."
    yield Text(scale, style="dim")


def bounds_table(rows: Iterable[tuple[float, float, float]]) -> Iterator[Table | Text]:
    """The table of Ding and VanderWeele: pairs of strengths that are just enough."""
    table = plain("\nBounding factor (Ding and VanderWeele)", ("with exposure", "with death: estimate", "with death: limit"))
    for exposure, point, limit in rows:
        table.add_row(f"{exposure:.1f}", ratio(point), ratio(limit))
    yield table
    yield Text(
        "A line: a hidden value that is so many times as frequent in one arm as in the other must multiply the risk\n"
        "of death by the second number to explain the estimate, by the third to make the interval include 1.\n"
        "none: not at any strength.",
        style="dim",
    )


def tipping_tables(
    by_prevalence: Iterable[Sequence[float]], by_hazard_ratio: Iterable[Sequence[float]], unexposed: float
) -> Iterator[Table | Text]:
    """The tables of Lin, Psaty and Kronmal: a hidden yes or no, by its prevalences, then by its hazard ratio."""
    title = "\nA hidden binary cause (Lin, Psaty and Kronmal): the hazard ratio it must have"
    table = plain(title, ("of the exposed", "of the unexposed", "difference", "for the estimate", "for the limit"))
    for exposed, other, point, limit in by_prevalence:
        table.add_row(share(exposed), share(other), f"{100 * (exposed - other):+.0f} pt", ratio(point), ratio(limit))
    yield table
    said = "A line: with these prevalences, so many times the hazard of death moves the estimate, or the limit, to 1."
    yield Text(said, style="dim")
    title = f"\nThe same, with {share(unexposed)} of the unexposed: the prevalence it must have"
    table = plain(title, ("its hazard ratio", "for the estimate", "difference", "for the limit", "difference"))
    for hazard_ratio, point, limit in by_hazard_ratio:
        cells = [cell for value in (point, limit) for cell in (share(value), points(value - unexposed))]
        table.add_row(f"{hazard_ratio:.1f}", *cells)
    yield table
    yield Text(
        "A line: a cause that multiplies the hazard so much must be so frequent among the exposed. Exact while few\n"
        "have died; where many die the difference fades among those left, and more would be needed.",
        style="dim",
    )


def plain(title: str, headings: Sequence[str], *, left: Sequence[str] = ()) -> Table:
    """An empty table in the style of the other reports."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def ratio(value: float) -> str:
    return f"{value:.2f}" if isfinite(value) else "none"


def share(value: float) -> str:
    return f"{100 * value:.0f} %" if isfinite(value) else "none"


def points(value: float) -> str:
    return f"{100 * value:+.0f} pt" if isfinite(value) else "-"
