"""Vibration of effects: every analysis that was tried on one data set, hazard ratio against the strength of its evidence.

Patel, Burford and Ioannidis 2015, doi 10.1016/j.jclinepi.2015.05.029.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from biasim.figures import style
from biasim.figures._tables import Tables, example, truth_value, words
from biasim.figures.drawing import Drawing

HIGH, LEFT = 44.0, 14.0  # mm
NOMINAL = 0.05
NARROWEST = 0.78  # hazard ratio to which the axis reaches at least, so that small vibrations look small
LEAST = 1e-300  # a p of 0 has no logarithm


@style.journal
def vibration(tables: Tables, design: str, *, width: float = style.SINGLE) -> Drawing:
    """Draw the analyses behind the method of one design that tried most of them, replicate 0; `width` in mm."""
    table = tables.need("vibration")
    table = table[table["design"] == design]
    table = table[table["method"] == table.groupby("method", sort=False)["model"].count().idxmax()]
    table = table.assign(strength=-np.log10(np.maximum(table["p"], LEAST)), chosen=table["reported"].map(truth_value))
    results = tables.need("performance")
    own = (results["design"] == design) & (results["method"] == table["method"].iloc[0])
    truth = float(results.loc[own, "truth"].iloc[0])
    figure = style.page(width, 10 + HIGH + 24)
    wide = width - LEFT - 5
    axes = style.place(figure, LEFT, 10, wide, HIGH)
    _analyses(axes, table, truth, wide)
    style.write_at(figure, 2, 4.5, f"Vibration of effects: {words(design)}", fontsize=7.5, fontweight="bold")
    handles = [
        Line2D([], [], marker="o", color=style.ESTIMATE, markersize=3.5, linestyle=""),
        Line2D([], [], marker="D", color=style.EXPOSED, markersize=5, linestyle=""),
        Line2D([], [], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2))),
        Line2D([], [], color=style.TRUTH, linewidth=1.1),
    ]
    labels = ["Analysis", "The one reported", "p = 0.05", "Truth"]
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=place, borderaxespad=0, ncols=2, labelspacing=0.25)
    return Drawing(
        figure=figure,
        numbers=table.drop(columns="chosen").assign(truth=truth),
        title=f"Vibration of effects in the design '{design}'",
        caption=(
            f"Hazard ratio and p of {len(table)} analyses of the same patients, design '{design}'{example(tables)}; orange: "
            f"{_reported(table)}; dashed: p = 0.05; black line: truth, {np.exp(truth):.2f}. Above the dashed line an analysis is "
            "significant; which of them a paper shows is for its authors to choose."
        ),
        alt=(
            f"Scatter of {len(table)} analyses: hazard ratios from {np.exp(table['estimate'].min()):.2f} to "
            f"{np.exp(table['estimate'].max()):.2f}, {(table['p'] < NOMINAL).sum()} of them significant; "
            f"the truth is {np.exp(truth):.2f}."
        ),
    )


def _reported(table: pd.DataFrame) -> str:
    """The analysis that was chosen, in words."""
    chosen = table[table["chosen"]]
    if chosen.empty:
        return "none, the median of all is reported"
    row = chosen.iloc[0]
    return f"the one reported ({row['model']}), hazard ratio {np.exp(row['estimate']):.2f}, p = {row['p']:.2g}"


def _analyses(axes: Axes, table: pd.DataFrame, truth: float, wide: float) -> None:
    """One point an analysis, the chosen one on top."""
    reach = np.exp([*table["estimate"], truth])
    style.ratio_axis(axes, min(float(reach.min()) / 1.08, NARROWEST), max(float(reach.max()) * 1.08, 1.0 / NARROWEST), wide)
    level = -np.log10(NOMINAL)
    axes.axhline(level, color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.axvline(np.exp(truth), color=style.TRUTH, linewidth=1.1)
    axes.plot(np.exp(table["estimate"]), table["strength"], "o", color=style.ESTIMATE, markersize=3.5, alpha=0.8, clip_on=False)
    chosen = table[table["chosen"]]
    axes.plot(np.exp(chosen["estimate"]), chosen["strength"], "D", color=style.EXPOSED, markersize=5, clip_on=False)
    axes.set_ylim(0.0, 1.1 * max(level, float(table["strength"].max())))
    axes.set_xlabel("Hazard ratio, exposed v unexposed (log scale)")
    axes.set_ylabel("Strength of evidence, \N{MINUS SIGN}log10 p")
