"""The hazard ratio of exposure over time, as each design sees it and in truth: every bias leaves its own mark in time.

Lines are drawn from the stored curves: natural cubic splines through scaled Schoenfeld residuals (Grambsch and Therneau 1994,
doi 10.1093/biomet/81.3.515).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from biasim.figures import style
from biasim.figures._tables import Tables, example, words
from biasim.figures.drawing import Drawing

LOWEST, HIGHEST = 0.2, 5.0  # hazard ratios shown at most: beyond, few deaths are left
TICKS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
HIGH, APART, LEFT = 40.0, 16.0, 14.0  # mm: of a panel, from one to the next, left of each
SEEN = {"color": style.EXPOSED, "linewidth": 1.2}
TRUE = {"color": style.TRUTH, "linewidth": 1.2, "linestyle": (0, (4, 2))}
FLAT = {"color": style.UNEXPOSED, "linewidth": 1.0, "linestyle": (0, (1.2, 1.2))}


@style.journal
def hazard_ratio_over_time(tables: Tables, *, width: float = style.DOUBLE) -> Drawing:
    """Draw one panel per design with an exposure fixed at time zero, replicate 0; `width` in mm."""
    table = tables.need("hazard_ratio")
    designs = list(table["design"].drop_duplicates())
    across = 2 if width >= 140 and len(designs) > 1 else 1
    down = -(-len(designs) // across)
    wide = width / across - LEFT - 5
    columns = 4 if width >= 140 else 2
    top = 11.0 if columns == 4 else 15.0
    figure = style.page(width, top + down * (HIGH + APART) - 5.0)
    low, high = _limits(table)
    for number, design in enumerate(designs):
        row, column = divmod(number, across)
        axes = style.place(figure, LEFT + column * (wide + LEFT + 5), top + row * (HIGH + APART), wide, HIGH)
        _panel(axes, table[table["design"] == design], wide)
        axes.set_ylim(low, high)
        axes.set_title(f"{chr(97 + number)}  {words(design)}", x=-10 / wide)
    band = Patch(color=style.EXPOSED, alpha=0.18, linewidth=0)
    handles = [Line2D([], [], **SEEN), band, Line2D([], [], **FLAT), Line2D([], [], **TRUE)]
    labels = ["As observed", "95% pointwise", "Cox, constant", "In truth"]
    figure.legend(handles, labels, loc="upper left", ncols=columns, bbox_to_anchor=(0.01, 1.0), borderaxespad=0.2)
    return _told(figure, tables, table, designs)


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """The range of the curves with room for 1, within what is shown at most; bands may leave it."""
    ratio = np.exp(table["log_ratio"].dropna())
    low, high = 0.8 * min(float(ratio.min()), 0.7), 1.25 * max(float(ratio.max()), 1.4)
    return max(low, LOWEST), min(high, HIGHEST)


def _panel(axes: Axes, table: pd.DataFrame, wide: float) -> None:
    by_kind = {kind: rows.sort_values("month", kind="stable") for kind, rows in table.groupby("kind", sort=False)}
    axes.axhline(1.0, color=style.QUIET, linewidth=0.6)
    last = 12.0
    if (seen := by_kind.get("observed")) is not None:
        last = float(np.ceil(seen["month"].max() / 6) * 6)
        axes.fill_between(seen["month"], np.exp(seen["low"]), np.exp(seen["high"]), color=style.EXPOSED, alpha=0.18, linewidth=0)
        axes.plot(seen["month"], np.exp(seen["log_ratio"]), **SEEN)
    if (true := by_kind.get("truth")) is not None:
        axes.plot(true["month"], np.exp(true["log_ratio"]), **TRUE)
    if (constant := by_kind.get("constant")) is not None:
        axes.axhline(float(np.exp(constant["log_ratio"].iloc[0])), **FLAT)
        if np.isfinite(p := float(constant["p"].iloc[0])):
            axes.text(0.98, 0.04, _p(p), transform=axes.transAxes, ha="right", va="bottom")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    style.months_axis(axes, last, wide)
    axes.set_xlabel("Months from time zero", labelpad=2)
    axes.set_ylabel("Hazard ratio")


def _p(p: float) -> str:
    """The p-value of proportional hazards as printed."""
    return f"Test for trend: p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"


def _told(figure: object, tables: Tables, table: pd.DataFrame, designs: list[str]) -> Drawing:
    said = [text for design in designs if (text := _in_words(design, table[table["design"] == design]))]
    return Drawing(
        figure=figure,
        numbers=table,
        title="The hazard ratio over time, as observed and in truth",
        caption=(
            f"Hazard ratio of exposed against unexposed over months from time zero{example(tables)}, one panel per design "
            "with an exposure fixed at time zero: a natural cubic spline of four degrees of freedom through the scaled "
            "Schoenfeld residuals, with its pointwise 95% band (line and shade), the constant ratio of Cox regression (dotted, "
            "with the p-value of the test that it is constant), and the same spline for the same patients, once all operated "
            "(at the latest at diagnosis, at the landmark or at randomisation) and once none (dashed). Immortal time is a "
            "benefit at the beginning that fades. Curves are least certain at their ends."
        ),
        alt=f"Curves of the hazard ratio over time. {' '.join(said) or 'No curve could be drawn.'}",
    )


def _in_words(design: str, table: pd.DataFrame) -> str:
    """Where the observed and the true curve begin and end."""
    parts = []
    for kind, name in (("observed", "observed"), ("truth", "in truth")):
        curve = table[table["kind"] == kind].sort_values("month", kind="stable")
        if not curve.empty:
            first, last = (float(np.exp(curve["log_ratio"].iloc[end])) for end in (0, -1))
            begin, end = curve["month"].iloc[[0, -1]]
            parts.append(f"{name} {first:.2f} at month {begin:.0f} and {last:.2f} at month {end:.0f}")
    return f"Design {design}: {'; '.join(parts)}." if parts else ""
