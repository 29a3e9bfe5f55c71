"""Funnel plot: the studies of one simulated literature, estimate against standard error, about their pooled estimate.

Sterne and Egger 2001, doi 10.1016/S0895-4356(01)00377-8. Studies that share a bias make a tidy funnel about a wrong value.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from biasim.figures import style
from biasim.figures._tables import Tables, example, truth_value, words
from biasim.figures.drawing import Drawing

Z = 1.959964
HIGH, LEFT = 44.0, 14.0  # mm
UNSEEN = "Study not written up"


@style.journal
def funnel(tables: Tables, design: str, *, width: float = style.SINGLE) -> Drawing:
    """Draw the studies of the first meta-analysis of one design, replicate 0; `width` in mm."""
    table = tables.need("studies")
    table = table[table["design"] == design]
    table = table[table["method"] == table["method"].iloc[0]]
    if "written_up" not in table:  # stored before studies could go unpublished
        table = table.assign(written_up=True)
    hidden = ~table["written_up"].map(truth_value)
    figure = style.page(width, 10 + HIGH + 24)
    wide = width - LEFT - 5
    axes = style.place(figure, LEFT, 10, wide, HIGH)
    results = tables.need("performance")
    own = (results["design"] == design) & (results["method"] == table["method"].iloc[0])
    pooled, truth = float(table["pooled"].iloc[0]), float(results.loc[own, "truth"].iloc[0])
    pooled = pooled if np.isfinite(pooled) else truth  # nothing was written up
    _studies(axes, table.assign(pooled=pooled), hidden, truth, wide)
    style.write_at(figure, 2, 4.5, f"Funnel: {words(design)}", fontsize=7.5, fontweight="bold")
    _legend(figure, width, unseen=bool(hidden.any()))
    return Drawing(
        figure=figure,
        numbers=table.assign(truth=truth),
        title=f"Funnel of the studies in the design '{design}'",
        caption=(
            f"Hazard ratio and standard error of each of {len(table)} studies into which the patients of the design "
            f"'{design}'{example(tables)} were dealt; green line: pooled hazard ratio {np.exp(pooled):.2f}; dashed: limits "
            f"about the pooled value within which 95% of studies would lie if it were "
            f"true; black line: truth, {np.exp(truth):.2f}. {_says(int(hidden.sum()))}"
        ),
        alt=(
            f"Funnel plot of {len(table)} studies, {hidden.sum() or 'none'} of them not written up. They lie about a "
            f"pooled hazard ratio of {np.exp(pooled):.2f}, from {np.exp(table['estimate'].min()):.2f} to "
            f"{np.exp(table['estimate'].max()):.2f}; the truth is {np.exp(truth):.2f}."
        ),
    )


def _legend(figure: Figure, width: float, *, unseen: bool) -> None:
    """What the marks mean, at the foot of the page."""
    looks = {
        "Study": Line2D([], [], marker="o", color=style.ESTIMATE, markersize=3.5, linestyle=""),
        UNSEEN: Line2D([], [], marker="o", color=style.QUIET, markerfacecolor="none", markersize=3.5, linestyle=""),
        "Pooled": Line2D([], [], color=style.ESTIMATE, linewidth=1.1),
        "95% limits about pooled": Line2D([], [], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2))),
        "Truth": Line2D([], [], color=style.TRUTH, linewidth=1.1),
    }
    shown = {label: handle for label, handle in looks.items() if unseen or label != UNSEEN}
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    look = {"loc": "lower left", "bbox_to_anchor": place, "borderaxespad": 0, "ncols": 2, "labelspacing": 0.25}
    figure.legend(shown.values(), shown.keys(), **look)


def _says(hidden: int) -> str:
    """What the picture can tell, and what it cannot."""
    if hidden:
        return f"Open: the {hidden} studies that nobody wrote up; the pooled value is of the others."
    return "Symmetry about the pooled value says nothing about a bias that all studies share."


def _studies(axes: Axes, table: pd.DataFrame, hidden: pd.Series, truth: float, wide: float) -> None:
    """Points, pooled line and limits; the most precise studies on top."""
    pooled, deepest = float(table["pooled"].iloc[0]), 1.08 * float(table["standard_error"].max())
    reach = [*table["estimate"], truth, pooled - Z * deepest, pooled + Z * deepest]
    style.ratio_axis(axes, float(np.exp(min(reach))) / 1.04, float(np.exp(max(reach))) * 1.04, wide, room=4.4)
    axes.plot(np.exp([pooled - Z * deepest, pooled, pooled + Z * deepest]), [deepest, 0.0, deepest], color=style.QUIET,
              linewidth=0.8, linestyle=(0, (4, 2)))  # fmt: skip
    axes.axvline(np.exp(pooled), color=style.ESTIMATE, linewidth=1.1)
    axes.axvline(np.exp(truth), color=style.TRUTH, linewidth=1.1)
    seen, unseen = {"color": style.ESTIMATE}, {"color": style.QUIET, "markerfacecolor": "none"}
    for rows, look in ((table[~hidden], seen), (table[hidden], unseen)):
        axes.plot(np.exp(rows["estimate"]), rows["standard_error"], "o", markersize=3.5, clip_on=False, **look)
    axes.set_ylim(deepest, 0.0)
    axes.set_xlabel("Hazard ratio, exposed v unexposed (log scale)")
    axes.set_ylabel("Standard error of log hazard ratio")
