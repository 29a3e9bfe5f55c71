"""Attribution: from the true to the apparent estimate, one bar per mechanism, each beginning where the last one ended."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from biasim.figures import style
from biasim.figures._tables import Tables, difference, is_ratio, words
from biasim.figures.drawing import Drawing

ROW, TOP = 7.0, 11.0  # mm
MARGINS = {True: (44.0, 27.0), False: (30.0, 14.0)}  # mm left and right, on a wide and on a narrow page
LETTER = 1.35  # mm, of a label
HALF = 0.3  # of a row
ALONE, LEFT_OUT = "One at a time", "Left out of all"
NORMAL_975 = 1.959964


@style.journal
def attribution(tables: Tables, *, width: float = style.DOUBLE) -> Drawing:
    """The waterfall of attribution.csv; `width` in mm."""
    table = tables.need("attribution")
    log = is_ratio(table["estimand"].iloc[0])
    spacious = width > 1.5 * style.SINGLE
    left, right = MARGINS[spacious]
    figure = style.page(width, TOP + ROW * len(table) + (20 if spacious else 26))
    wide = width - left - right
    axes = style.place(figure, left, TOP, wide, ROW * len(table))
    bars = _bars(table)
    _scale(axes, bars, log, wide)
    for row, bar in enumerate(bars.itertuples()):
        _bar(axes, row, bar, log)
        _said(axes, row, bar, log, spacious)
    for row in range(len(bars) - 1):
        at = _shown(bars["reached"].iloc[row], log)
        axes.plot([at, at], [row + HALF, row + 1 - HALF], color=style.QUIET, linewidth=0.6)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), [fill(label, int(left / LETTER)) for label in bars["label"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Hazard ratio, exposed v unexposed (log scale)" if log else difference(table["estimand"].iloc[0])[0])
    title = f"{words(table['design'].iloc[0])}, {table['method'].iloc[0]}: by mechanism"
    style.write_at(figure, 2, 5, title, fontsize=7.5, fontweight="bold")
    _legend(figure, width, 5 if spacious else 2)
    return _told(figure, table, bars, log)


def _bars(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with where each bar begins, its error, and what it is called."""
    bars = table.copy()
    named = {"truth": "Truth", "not switched": "Not switched", "apparent": "As reported"}
    bars["label"] = [named.get(row.kind, words(row.mechanism)) for row in table.itertuples()]
    bars["start"] = bars["reached"].shift(fill_value=bars["reached"].iloc[0])
    bars["error"] = np.hypot(bars["mcse"], bars["orders_mcse"])
    return bars


def _scale(axes: Axes, bars: pd.DataFrame, log: bool, wide: float) -> None:
    """The axis over every bar, tick and error."""
    beside = [bars["start"] + bars[name] for name in ("alone", "left_out")]
    errors = [bars["reached"] + side * NORMAL_975 * bars["error"].fillna(0.0) for side in (-1, 1)]
    kept = np.concatenate([*(column.dropna() for column in (*beside, *errors)), [0.0]])
    room = 0.06 * max(np.ptp(kept), 0.1)
    low, high = kept.min() - room, kept.max() + room
    if log:
        style.ratio_axis(axes, float(np.exp(low)), float(np.exp(high)), wide)
    else:
        axes.set_xlim(low, high)
    axes.axvline(_shown(bars["reached"].iloc[0], log), color=style.TRUTH, linewidth=0.8)


def _bar(axes: Axes, row: int, bar: object, log: bool) -> None:
    """A bar from where the last one ended; ticks for what it moves alone and what is lost without it, from the same start."""
    if bar.kind in ("truth", "apparent"):
        colour = style.TRUTH if bar.kind == "truth" else style.PUBLISHED
        axes.plot(_shown(bar.reached, log), row, "D", color=colour, markersize=4.5)
    else:
        ends = [_shown(bar.start, log), _shown(bar.reached, log)]
        colour = style.EXPOSED if (bar.moved < 0.0) == log else style.UNEXPOSED
        axes.barh(row, ends[1] - ends[0], left=ends[0], height=2 * HALF, color=style.QUIET if bar.kind != "mechanism" else colour)
    reach = NORMAL_975 * bar.error
    if np.isfinite(reach) and reach > 0.0:
        axes.plot([_shown(bar.reached + side * reach, log) for side in (-1, 1)], [row, row], color=style.TRUTH, linewidth=0.8)
    if bar.kind == "mechanism":
        for moved, mark, size in ((bar.alone, "|", 9.0), (bar.left_out, "x", 4.0)):
            at = _shown(bar.start + moved, log)
            axes.plot(at, row, mark, color=style.TRUTH, markersize=size, markeredgewidth=1.0)


def _said(axes: Axes, row: int, bar: object, log: bool, spacious: bool) -> None:
    """The number of a bar, right of the axes: the ratio it multiplies by, or the difference."""
    if bar.kind in ("truth", "apparent"):
        text = f"{np.exp(bar.reached):.2f}" if log else f"{bar.reached:+.2f}"
    else:
        text = f"× {np.exp(bar.moved):.3f}" if log else f"{bar.moved:+.3f}"
    end = f"  → {np.exp(bar.reached):.2f}" if log and spacious and bar.kind == "mechanism" else ""
    weight = "bold" if bar.kind in ("truth", "apparent") else "normal"
    axes.text(1.02, row, (text + end).replace("-", "\N{MINUS SIGN}"), transform=axes.get_yaxis_transform(), va="center",
              fontweight=weight)  # fmt: skip


def _shown(value: float, log: bool) -> float:
    return float(np.exp(value)) if log else float(value)


def _legend(figure: object, width: float, columns: int) -> None:
    handles = [
        Patch(color=style.EXPOSED), Patch(color=style.UNEXPOSED),
        Line2D([], [], marker="|", color=style.TRUTH, markersize=9, linestyle="", markeredgewidth=1.0),
        Line2D([], [], marker="x", color=style.TRUTH, markersize=4, linestyle="", markeredgewidth=1.0),
        Line2D([], [], color=style.TRUTH, linewidth=0.8),
    ]  # fmt: skip
    labels = ["Favours surgery", "Against surgery", ALONE, LEFT_OUT, "95% Monte Carlo interval"]
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=place, borderaxespad=0, ncols=columns, columnspacing=1.2,
                  labelspacing=0.25)  # fmt: skip


def _told(figure: object, table: pd.DataFrame, bars: pd.DataFrame, log: bool) -> Drawing:
    first = table.iloc[0]
    mechanisms = bars[bars["kind"] == "mechanism"]
    spelt = (lambda value: f"{np.exp(value):.2f}") if log else (lambda value: f"{value:+.2f}")
    each = "; ".join(f"{row.label}: {np.exp(row.moved):.3f} times" if log else f"{row.label}: {row.moved:+.3f}"
                     for row in mechanisms.itertuples())  # fmt: skip
    start, end = spelt(bars["reached"].iloc[0]), spelt(bars["reached"].iloc[-1])
    averaged = f"{first['orders']:.0f} sampled orders" if first["orders"] else "all orders"
    return Drawing(
        figure=figure,
        numbers=table,
        title=f"Where the estimate of '{first['method']}' in the design '{first['design']}' comes from",
        caption=(
            f"From the truth to what the analysis '{first['method']}' of the design '{first['design']}' reports, mechanism by "
            f"mechanism: Shapley values, what each adds when it is switched on, on average over {averaged} in which they can be. "
            f"{first['sets']:.0f} sets of mechanisms, {first['replicates']:.0f} replicates of {first['size']:,.0f} patients, the "
            "same in every set. Upright tick: the mechanism alone against none; cross: all mechanisms against all but this one, "
            "both from where the bar begins. Thin lines: 95% Monte Carlo intervals of a bar, from its end."
        ),
        alt=f"Waterfall from {start} to {end}. {each}.",
    )
