"""What a parameter must be for an analysis to report a hazard ratio under no effect, as text of at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, isnan
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

LISTED = 8  # recorded factors in the ruler
TOUCHES = 2.0  # errors within which the nearest point of the scan is not told apart from the target


def heading(found: Any, axes: Sequence[Any]) -> Iterator[Text]:
    """What is unknown, in which analysis, and what is wanted of it."""
    one, target = found.analysis, found.target
    yield Text(f"{one.study.name}:{one.design}, {one.method}  ({one.study.source})", style="bold")
    for axis in axes:
        yield Text(f"unknown: {axis.path} between {axis.low:g} and {axis.high:g}")
    interval = "" if target.low is None else f" ({exp(target.low):.2f} to {exp(target.high):.2f})"
    marks = f" {target.marks}" if target.marks else ""
    yield Text(f"wanted: a hazard ratio of {exp(target.value):.3g}{interval}{marks}, where surgery does nothing")
    if target.source:
        yield Text(f"from: {target.source}")
    points = f"{found.replicates:,} replicates of {found.size:,} patients a point, seed {one.study.seed}"
    yield Text(f"{found.estimand.replace('_', ' ')}: {points}")


def solution_text(found: Any) -> Iterator[Table | Text]:
    """A solution with one unknown: the response, the answer, and what may be wrong with it."""
    yield from heading(found, [found.axis])
    table = plain("")
    for name in (found.axis.path.rsplit(".", 1)[-1].replace("_", " "), "hazard ratio", "log", "MCSE"):
        table.add_column(name, justify="right")
    for value, reported in found.scan:
        table.add_row(f"{value:.4g}", f"{exp(reported.value):.3f}", f"{reported.value:+.4f}", f"{reported.mcse:.4f}")
    yield table
    yield Text("\n".join(answer(found)), style="bold")
    if not found.monotone:
        yield Text(turns(found), style="yellow")


def answer(found: Any) -> Iterator[str]:
    """The answer in words."""
    path, wanted = found.axis.path, f"{exp(found.target.value):.3g}"
    if found.flat:
        yield f"{path} does not move what is reported, as far as Monte Carlo error lets it be told."
    if not found.roots:
        ratios = [exp(reported.value) for _, reported in found.scan]
        nearest, reported = found.nearest
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        yield f"No value in this range: the design reports hazard ratios from {spread}, never {wanted}."
        if abs(reported.value - found.target.value) <= TOUCHES * reported.mcse:
            yield f"At {nearest:.4g} it comes so near that Monte Carlo error does not tell them apart."
        else:
            yield f"It comes nearest at {nearest:.4g}, with {exp(reported.value):.3f}."
        return
    for root in found.roots:
        yield f"A hazard ratio of {wanted} can arise with {path} = {root.value:.4g}"
        yield f"  MCSE {root.mcse:.2g}; 95% Monte Carlo interval {root.low:.4g} to {root.high:.4g}"
    if found.limits:
        low, high = (f"{'beyond ' * limit.beyond}{limit.value:.4g}" for limit in found.limits)
        yield f"  {low} to {high} over the 95% interval of what is wanted, Monte Carlo error included"
    elif found.target.low is not None:
        yield "  no interval from that of what is wanted: it is met more than once"


def turns(found: Any) -> str:
    """Where the response goes up and where down."""
    told = []
    for (first, _), (second, _), way in zip(found.scan, found.scan[1:], found.steps, strict=False):
        if way and (not told or told[-1][0] != way):
            told.append([way, first, second])
        elif way:
            told[-1][2] = second
    words = ", ".join(f"{'rises' if way > 0 else 'falls'} from {first:.4g} to {second:.4g}" for way, first, second in told)
    rest = "Every value at which the scan meets what is wanted is given; others may hide between its points."
    return f"The response is not monotone: it {words}.\n{rest}"


def curve_text(found: Any) -> Iterator[Table | Text]:
    """A curve with two unknowns."""
    yield from heading(found, found.axes)
    table = plain("")
    first, second = (axis.path.rsplit(".", 1)[-1].replace("_", " ") for axis in found.axes)
    for name in (first, second, "MCSE", *(["over the interval of what is wanted"] if found.target.low is not None else [])):
        table.add_column(name, justify="right")
    for point in found.points:
        value = "none in this range" if isnan(point.second) else f"{point.second:.4g}"
        ends = " to ".join("beyond" if isnan(end) else f"{end:.4g}" for end in (point.low, point.high))
        mcse = "" if isnan(point.mcse) else f"{point.mcse:.2g}"
        table.add_row(f"{point.first:.4g}", value, mcse, *([ends] if found.target.low is not None else []))
    yield table
    met = sum(point.crossed > 0 for point in found.points)
    wanted = f"{exp(found.target.value):.3g}"
    yield Text(f"Along this curve a hazard ratio of {wanted} can arise; {met} of {len(found.points)} values of {first}\n"
               f"have a {second} in the range.", style="bold")  # fmt: skip
    twice = [f"{point.first:.4g}" for point in found.points if point.crossed > 1]
    if twice:
        yield Text(f"Met more than once, the first shown: at {first} = {', '.join(twice)}.", style="yellow")


def ruler_text(found: Any) -> Iterator[Table | Text]:
    """The hidden prognosis in units of recorded factors."""
    yield Text("\nPlausibility ruler: the hidden prognosis of the answer beside the recorded factors of its world", style="bold")
    table = plain("")
    for name in ("", "log HR", "SD", "log HR per SD", "operated minus others, SD"):
        table.add_column(name, justify="right" if name else "left")
    hidden = found.hidden
    for one in (hidden, *found.recorded[:LISTED]):
        ratio = "" if one is hidden else f"{one.log_ratio:+.3f}"
        numbers = (f"{one.deviation:.3f}", f"{one.strength:+.3f}", f"{one.difference:+.3f}")
        table.add_row(one.name.replace("_", " "), ratio, *numbers)
        if one is hidden:
            table.add_section()
    yield table
    yield Text("\n".join(measured(found)), style="bold")
    yield Text("log HR: per unit, with the other recorded factors held. Those that confound most come first.", style="dim")


def measured(found: Any) -> Iterator[str]:
    """The sentence of the ruler."""
    hidden, unit = found.hidden, found.unit
    if unit is None:
        yield "No recorded factor differs between the operated and the others: there is no unit to measure in."
        return
    strong, uneven = abs(hidden.strength / unit.strength), abs(hidden.difference / unit.difference)
    name = unit.name.replace("_", " ")
    yield f"A hidden factor {strong:.1f} times as strong as '{name}', the recorded one that confounds most, and {uneven:.1f}"
    yield (
        f"times as unevenly distributed (log HR per SD {abs(hidden.strength):.2f} against {abs(unit.strength):.2f}, standardised "
        f"differences {abs(hidden.difference):.2f}\nagainst {abs(unit.difference):.2f})."
    )


def plain(title: str) -> Table:
    """An empty table in the style of the other reports."""
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
