"""Love plot: how far exposed and unexposed differ in each covariate, before and after a propensity method.

Source: Austin 2009, doi 10.1002/sim.3697; the line at 0.1 is the customary limit of imbalance.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from biasim.figures import style
from biasim.figures._tables import Tables, example, words
from biasim.figures.drawing import Drawing

LIMIT = 0.1


@style.journal
def love(tables: Tables, design: str, *, width: float = style.SINGLE) -> Drawing:
    """Draw the absolute standardised mean differences of one design, replicate 0; `width` in mm."""
    table = tables.need("balance")
    table = table[table["design"] == design].copy()
    table["before"], table["after"] = table["smd_before"].abs(), table["smd_after"].abs()
    order = table.groupby("covariate", sort=False)["before"].max().sort_values(kind="stable", ascending=False)
    methods = list(table["method"].drop_duplicates())
    left = min(12 + 1.25 * max(len(name) for name in order.index), 0.45 * width)
    high = max(4.0 * len(order), 10.0)
    figure = style.page(width, 20 + high + 3.6 * (len(methods) + 2))
    axes = style.place(figure, left, 8, width - left - 5, high)
    handles = _points(axes, table, list(order.index), methods)
    axes.set_xlabel("Absolute standardised mean difference")
    style.write_at(figure, 2, 4.5, f"Balance: {words(design)}", fontsize=7.5, fontweight="bold")
    labels = ["Before", *(f"After: {words(method)}" for method in methods), f"Limit of {LIMIT:g}"]
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=place, borderaxespad=0, labelspacing=0.25)
    left_over = {m: float(table.loc[table["method"] == m, "after"].max()) for m in methods}
    return Drawing(
        figure=figure,
        numbers=table[["design", "method", "covariate", "smd_before", "smd_after"]],
        title=f"Covariate balance in the design '{design}'",
        caption=(
            f"Absolute standardised mean differences between exposed and unexposed, design '{design}'"
            f"{example(tables)}, before (open circles) and after each propensity method. Only measured covariates "
            "can be shown; balance in these says nothing about the hidden ones."
        ),
        alt=(
            f"Love plot of {len(order)} covariates. The largest difference is {order.iloc[0]:.2f} before; "
            + "; ".join(f"{value:.2f} after {method}" for method, value in left_over.items())
            + "."
        ),
    )


def _points(axes: Axes, table: pd.DataFrame, covariates: list[str], methods: list[str]) -> list[Line2D]:
    """Draw before and after on one line a covariate; returns the handles of the key."""
    rows = table["covariate"].map({name: row for row, name in enumerate(covariates)})
    axes.hlines(range(len(covariates)), 0, 1, transform=axes.get_yaxis_transform(), color="#E6E6E6", linewidth=0.5)
    limit = {"color": style.QUIET, "linestyle": (0, (4, 2)), "linewidth": 0.8}
    axes.axvline(LIMIT, **limit)
    over = {"clip_on": False, "zorder": 3}  # differences near zero lie on the axis
    hollow = {"marker": "o", "linestyle": "", "markersize": 4, "markerfacecolor": "white", "color": style.TRUTH}
    axes.plot(table["before"], rows, **hollow, **over)
    handles = [Line2D([], [], **hollow)]
    for number, method in enumerate(methods):
        one = table["method"] == method
        look = {"marker": style.marker(number + 1), "color": style.colour(number), "linestyle": "", "markersize": 4}
        axes.plot(table.loc[one, "after"], rows[one], **look, **over)
        handles.append(Line2D([], [], **look))
    axes.set_yticks(range(len(covariates)), [words(name) for name in covariates])
    axes.set_ylim(len(covariates) - 0.5, -0.5)
    axes.set_xlim(0, max(1.08 * float(table[["before", "after"]].max().max()), 0.25))
    return [*handles, Line2D([], [], **limit)]
