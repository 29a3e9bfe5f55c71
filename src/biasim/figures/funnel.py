"""Funnel plot: the studies of one simulated literature, estimate against standard error, about their pooled estimate.

Sterne and Egger 2001, doi 10.1016/S0895-4356(01)00377-8. Studies that share a bias make a tidy funnel about a wrong value.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from biasim.figures import style
from biasim.figures._tables import Tables, example, words
from biasim.figures.drawing import Drawing

Z = 1.959964
HIGH, LEFT = 44.0, 14.0  # mm


@style.journal
def funnel(tables: Tables, design: str, *, width: float = style.SINGLE) -> Drawing:
    """Draw the studies of the first meta-analysis of one design, replicate 0; `width` in mm."""
    table = tables.need("studies")
    table = table[table["design"] == design]
    table = table[table["method"] == table["method"].iloc[0]]
    figure = style.page(width, 10 + HIGH + 24)
    wide = width - LEFT - 5
    axes = style.place(figure, LEFT, 10, wide, HIGH)
    results = tables.need("performance")
    own = (results["design"] == design) & (results["method"] == table["method"].iloc[0])
    pooled, truth = float(table["pooled"].iloc[0]), float(results.loc[own, "truth"].iloc[0])
    _studies(axes, table, truth, wide)
    style.write_at(figure, 2, 4.5, f"Funnel: {words(design)}", fontsize=7.5, fontweight="bold")
    handles = [
        Line2D([], [], marker="o", color=style.ESTIMATE, markersize=3.5, linestyle=""),
        Line2D([], [], color=style.ESTIMATE, linewidth=1.1),
        Line2D([], [], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2))),
        Line2D([], [], color=style.TRUTH, linewidth=1.1),
    ]
    labels = ["Study", "Pooled", "95% limits about it", "Truth"]
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=place, borderaxespad=0, ncols=2, labelspacing=0.25)
    return Drawing(
        figure=figure,
        numbers=table.assign(truth=truth),
        title=f"Funnel of the studies in the design '{design}'",
        caption=(
            f"Hazard ratio and standard error of each of {len(table)} studies into which the patients of the design "
            f"'{design}'{example(tables)} were dealt; green line: pooled hazard ratio {np.exp(pooled):.2f}; dashed: where 95% of "
            f"studies would lie if that were true; black line: truth, {np.exp(truth):.2f}. Symmetry about the pooled value says "
            "nothing about a bias that all studies share."
        ),
        alt=(
            f"Funnel plot of {len(table)} studies. They lie about a pooled hazard ratio of {np.exp(pooled):.2f}, from "
            f"{np.exp(table['estimate'].min()):.2f} to {np.exp(table['estimate'].max()):.2f}; the truth is {np.exp(truth):.2f}."
        ),
    )


def _studies(axes: Axes, table: pd.DataFrame, truth: float, wide: float) -> None:
    """Points, pooled line and limits; the most precise studies on top."""
    pooled, deepest = float(table["pooled"].iloc[0]), 1.08 * float(table["standard_error"].max())
    reach = [*table["estimate"], truth, pooled - Z * deepest, pooled + Z * deepest]
    style.ratio_axis(axes, float(np.exp(min(reach))) / 1.04, float(np.exp(max(reach))) * 1.04, wide)
    axes.plot(np.exp([pooled - Z * deepest, pooled, pooled + Z * deepest]), [deepest, 0.0, deepest], color=style.QUIET,
              linewidth=0.8, linestyle=(0, (4, 2)))  # fmt: skip
    axes.axvline(np.exp(pooled), color=style.ESTIMATE, linewidth=1.1)
    axes.axvline(np.exp(truth), color=style.TRUTH, linewidth=1.1)
    axes.plot(np.exp(table["estimate"]), table["standard_error"], "o", color=style.ESTIMATE, markersize=3.5, clip_on=False)
    axes.set_ylim(deepest, 0.0)
    axes.set_xlabel("Hazard ratio, exposed v unexposed (log scale)")
    axes.set_ylabel("Standard error of log hazard ratio")
