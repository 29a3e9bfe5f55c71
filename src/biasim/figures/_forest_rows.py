"""One panel of the forest: rows of estimates on one axis, their numbers printed at the right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from biasim.figures import style

ROW = 4.1  # mm a row
BOLD = 1.5  # mm that a letter of a heading takes
_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.3}  # a long heading covers the lines behind it
_WIDE = (("estimate", 27.0), ("coverage", 17.0), ("rejection", 16.0))  # columns at the right, mm
_CITED = (("estimate", 30.0), ("n", 16.0))
_NARROW = (("value", 11.0),)
_HEADS = {
    "estimate": "Mean\n(MCSE)",
    "coverage": "Coverage\nof 95% CI",
    "rejection": "Declares\nbenefit",
    "value": "Mean",
}
_CITED_HEADS = {"estimate": "HR\n(95% CI)", "n": "Patients", "value": "HR"}


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows in order; a row with a `heading` opens a group. Values are on the scale of the axis."""

    title: str
    ratio: bool
    rows: list[dict]
    cited: bool = False

    @property
    def lines(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> list[str]:
        return [row["label"] + row.get("marks", "") for row in self.rows if "label" in row]

    @property
    def widest(self) -> float:
        """Millimetres that its labels and headings take at the left."""
        headings = [row["heading"] for row in self.rows if "heading" in row]
        return max(*(8 + 1.32 * len(name) for name in self.labels), *(4 + BOLD * len(name) for name in headings))


def draw_panel(figure: Figure, panel: Panel, *, left: float, top: float, span: tuple[float, float] | None) -> None:
    """Draw a panel `left` and `top` mm from the page's corner; `span` the limits of a ratio axis."""
    width = figure.get_size_inches()[0] / style.MM
    widest = _WIDE if width >= 140 else _NARROW
    columns = _CITED if panel.cited and width >= 140 else widest
    taken = sum(size for _, size in widest)
    wide = width - left - taken - 4
    axes = style.place(figure, left, top, wide, ROW * panel.lines)
    low, high = span or _span(panel)
    if panel.ratio:
        style.ratio_axis(axes, low, high, wide)
    else:
        axes.set_xlim(low, high)
        axes.locator_params(axis="x", nbins=max(3, int(wide / 11)))
    axes.set_ylim(panel.lines, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(1 if panel.ratio else 0, color=style.QUIET, linewidth=0.8, linestyle=(0, (1.2, 1.6)), zorder=1)
    for number, row in enumerate(panel.rows):
        y = number + 0.5
        if "heading" in row:
            axes.text(-(left - 2) / wide, y, row["heading"], transform=axes.get_yaxis_transform(), va="center",
                      fontweight="bold", bbox=_PLATE, zorder=5)  # fmt: skip
            continue
        above = panel.rows[number - 1].get("heading")
        headed = above is not None and 4 + BOLD * len(above) <= left  # no line through a heading that reaches into the axes
        _truth(axes, row, number - headed, number + 1)
        _estimate(axes, row, y, low, high)
        axes.text(-(left - 4.5) / wide, y, _label(row, left), transform=axes.get_yaxis_transform(), va="center")
        _numbers(axes, row, y, columns, wide)
    _heads(axes, panel, columns, wide)


def _label(row: dict, left: float) -> str:
    """The name, cut where it does not fit into `left` mm; its marks are never cut."""
    name, marks = row["label"], row.get("marks", "")
    if len(name + marks) * 1.32 >= left - 4:
        name = name[: int((left - 6) / 1.32) - len(marks)] + "…"
    return name + marks


def _heads(axes: Axes, panel: Panel, columns: tuple, wide: float) -> None:
    axes.set_xlabel(panel.title, labelpad=10)
    across = axes.get_yaxis_transform()
    heads = _CITED_HEADS if panel.cited else _HEADS
    at = wide + 2
    for name, size in columns:
        at += size
        axes.text(at / wide, -0.2, heads[name], transform=across, ha="right", va="bottom", fontweight="bold")
    below = -6.3 / (ROW * panel.lines)
    low, high = axes.get_xlim()
    null = (np.log(1 / low) / np.log(high / low)) if panel.ratio else -low / (high - low)
    none = "no surgery" if wide >= 60 else "none"  # mm: the whole word where it fits
    sides = ("← favours surgery", f"favours {none} →") if panel.ratio else (f"← favours {none}", "favours surgery →")
    for text, x, align in ((sides[0], null - 0.015, "right"), (sides[1], null + 0.015, "left")):
        axes.text(x, below, text, transform=axes.transAxes, ha=align, va="center", color=style.QUIET, fontsize=6.5)


def _truth(axes: Axes, row: dict, top: int, bottom: int) -> None:
    """The truth over the height of the row and its heading: rows with the same truth join into one line."""
    if "truth" not in row or not np.isfinite(row["truth"]):
        return
    if np.isfinite(row["truth_band"]).all():
        axes.fill_betweenx([top, bottom], *row["truth_band"], color="#BDBDBD", linewidth=0, zorder=1.5)
    axes.plot([row["truth"]] * 2, [top, bottom], color=style.TRUTH, linewidth=1.1, zorder=2,
              solid_capstyle="butt")  # fmt: skip


def _estimate(axes: Axes, row: dict, y: float, low: float, high: float) -> None:
    colour = style.PUBLISHED if "mark" in row else style.ESTIMATE
    if not np.isfinite(row["value"]):
        return
    if "outer" in row and np.isfinite(row["outer"]).all():
        ends = np.clip(row["outer"], low, high)
        axes.plot(ends, [y, y], color=style.SPREAD, linewidth=4, solid_capstyle="butt", zorder=1.8)
    if np.isfinite(row["inner"]).all():
        axes.plot(np.clip(row["inner"], low, high), [y, y], color=colour, linewidth=1.1, zorder=3)
        for end, beyond, mark in ((low, row["inner"][0] < low, "<"), (high, row["inner"][1] > high, ">")):
            if beyond:  # the interval runs off the axis
                axes.plot(end, y, mark, color=colour, markersize=3.2, clip_on=False, zorder=3)
    face = "white" if row.get("hollow") else colour
    axes.plot(row["value"], y, row.get("mark", "o"), color=colour, markerfacecolor=face, markersize=3.5, zorder=4)


def _numbers(axes: Axes, row: dict, y: float, columns: tuple, wide: float) -> None:
    at = wide + 2
    for name, size in columns:
        at += size
        axes.text(at / wide, y, _printed(row, name), transform=axes.get_yaxis_transform(), ha="right", va="center")


def _printed(row: dict, column: str) -> str:
    if column == "n":
        return f"{row['n']:,}" if row.get("n") else ""
    if column in ("coverage", "rejection"):
        return f"{100 * row[column]:.1f}%" if np.isfinite(row[column]) else "–"
    if not np.isfinite(row["value"]):
        return "none" if column == "value" else "no estimate"
    if column == "value":
        return f"{row['value']:.{2 if 'mark' in row or abs(row['value']) < 10 else 1}f}".replace("-", "−")
    if "mark" in row:
        low, high = row["inner"]
        return f"{row['value']:.2f}" + (f" ({low:.2f}–{high:.2f})" if np.isfinite([low, high]).all() else "")
    places = 3 if row["ratio"] else 2
    return f"{row['value']:.{places}f} ({row['mcse']:.{places}f})".replace("-", "−")


def _span(panel: Panel) -> tuple[float, float]:
    """Limits of a difference axis: everything drawn, and zero."""
    ends = [v for row in panel.rows if "value" in row for v in (*row["outer"], *row["inner"], row["truth"])]
    ends = [0.0, *(v for v in ends if np.isfinite(v))]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - 4 * room, max(ends) + 4 * room
