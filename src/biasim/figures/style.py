"""How every figure looks: millimetres, one font, Okabe-Ito colours that also differ in grey, markers and dashes.

The font is the one that matplotlib carries with it, so that a figure is the same on every machine.
Colours: Okabe and Ito 2008, Color Universal Design, https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

SINGLE, DOUBLE = 85.0, 180.0  # column widths of journals, mm
MM = 1 / 25.4  # inches

EXPOSED, UNEXPOSED, TRUTH = "#D55E00", "#0072B2", "#000000"
ESTIMATE, SPREAD, PUBLISHED, QUIET = "#009E73", "#A6DCCB", "#4D4D4D", "#8C8C8C"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[object, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)))

_RATIO_TICKS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10)
_RATIO_RANK = (1, 0.5, 2, 0.8, 1.25, 0.6, 1.5, 0.7, 0.3, 3, 0.4, 0.2, 5, 0.1, 10, 4, 2.5, 7, 0.15)

JOURNAL = {
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.hashsalt": "biasim",  # ids in the SVG no longer depend on the run
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_DEFAULTS = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "date"))}

F = TypeVar("F", bound=Callable)


def journal(function: F) -> F:
    """Run a drawing function in the journal style, whatever the user's own matplotlib settings are."""

    @wraps(function)
    def styled(*arguments: object, **keywords: object) -> object:
        with mpl.rc_context({**_DEFAULTS, **JOURNAL}):
            return function(*arguments, **keywords)

    return styled  # type: ignore[return-value]


def page(width: float, height: float) -> Figure:
    """An empty figure, mm."""
    figure = Figure(figsize=(width * MM, height * MM))
    FigureCanvasAgg(figure)
    return figure


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes on a page, mm from the left and from the top."""
    whole, high = (side / MM for side in figure.get_size_inches())
    return figure.add_axes((left / whole, 1 - (top + height) / high, width / whole, height / high))


def write_at(figure: Figure, left: float, top: float, text: str, **keywords: object) -> None:
    """Text on a page, mm from the left and from the top."""
    whole, high = (side / MM for side in figure.get_size_inches())
    figure.text(left / whole, 1 - top / high, text, **keywords)


def ratio_axis(axes: Axes, low: float, high: float, width: float, *, room: float = 5.2) -> None:
    """A log axis for ratios over [low, high] on `width` mm, with as many round ticks as have `room` mm each."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    span = np.log(high / low)
    kept: list[float] = []
    for tick in _RATIO_RANK:
        far = all(abs(np.log(tick / other)) / span * width >= room for other in kept)
        if low * 0.999 <= tick <= high * 1.001 and far:
            kept.append(tick)
    axes.xaxis.set_major_locator(FixedLocator(sorted(kept)))
    axes.xaxis.set_minor_locator(FixedLocator([t for t in _RATIO_TICKS if low <= t <= high and t not in kept]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))


def months_axis(axes: Axes, last: float, width: float, *, room: float = 8.0) -> list[int]:
    """A linear axis of months from 0 to `last` on `width` mm with ticks at years; returns the ticks."""
    steps = (6, 12, 24, 36, 60) if last <= 30 else (12, 24, 36, 60)
    step = next((step for step in steps if step / last * width >= room and last / step <= 10), 120)
    ticks = list(range(0, int(last + 1e-9) + 1, step))
    axes.set_xlim(0, last)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    return ticks


def dash(index: int) -> object:
    return DASHES[index % len(DASHES)]


def marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]


def colour(index: int) -> str:
    return PALETTE[index % len(PALETTE)]
