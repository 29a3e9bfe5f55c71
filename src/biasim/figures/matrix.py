"""Matrix: which analysis survives which bias. A row per method, a column per bias, colour for intervals that miss the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from biasim.figures import style
from biasim.figures._tables import is_ratio, words
from biasim.figures.drawing import Drawing, write

SOUND = 3.0  # Monte Carlo standard errors
NOMINAL = 0.95  # coverage that is promised
CELL, WIDE, HEAD, LEFT = 4.6, 12.0, 30.0, 52.0  # mm: height and width of a cell, room for the names of columns and rows
HEADINGS = {
    "recorded": "As recorded: operated or not",
    "dated": "With dates of surgery",
    "trial": "The same patients, randomised",
}


def draw_matrix(file: Path) -> list[Path]:
    """Draw matrix.csv beside it as SVG, PDF and PNG, with the CSV of the numbers shown; returns the paths."""
    return write(matrix(pd.read_csv(file)), file.parent, "figure")


@style.journal
def matrix(table: pd.DataFrame) -> Drawing:
    """The heat map of matrix.csv, as wide as its columns need."""
    biases = list(table["bias_of"].drop_duplicates())
    width = max(style.DOUBLE, LEFT + WIDE * len(biases) + 16.0)
    groups = [(design, _ranked(part)) for design, part in table.groupby("design", sort=False)]
    high = sum(CELL * len(methods) + 6.0 for _, methods in groups)
    figure = style.page(width, HEAD + high + 12.0)
    top = HEAD
    for number, (design, methods) in enumerate(groups):
        axes = style.place(figure, LEFT, top, WIDE * len(biases), CELL * len(methods))
        _block(axes, table[table["design"] == design], methods, biases, first=number == 0)
        style.write_at(figure, 2, top - 1.6, HEADINGS.get(design, words(design)), fontsize=7, fontweight="bold")
        top += CELL * len(methods) + 6.0
    _key(figure, width, top)
    return _told(figure, table, biases)


def _ranked(part: pd.DataFrame) -> list[str]:
    """The methods of one kind of data, those first whose bias is within `SOUND` in most columns, then by coverage."""
    sound = (part["bias"].abs() <= SOUND * part["bias_mcse"]).groupby(part["method"]).sum()
    covered = part.groupby("method")["coverage"].mean().fillna(0.0)
    return sorted(part["method"].drop_duplicates(), key=lambda name: (-sound[name], -covered[name], name))


def _block(axes: Axes, rows: pd.DataFrame, methods: list[str], biases: list[str], *, first: bool) -> None:
    import seaborn as sns  # slow to import, and needed by no other figure

    covered = rows.pivot(index="method", columns="bias_of", values="coverage").reindex(methods)[biases]
    said = np.full(covered.shape, "", dtype=object)
    for row in rows.itertuples():
        said[methods.index(row.method), biases.index(row.bias_of)] = _said(row)
    sns.heatmap(
        1.0 - covered, ax=axes, vmin=1.0 - NOMINAL, vmax=1.0, cmap=_colours(), cbar=False, linewidths=0.6, linecolor="white",
        annot=said, fmt="", annot_kws={"size": 6.2}, mask=covered.isna(),
    )  # fmt: skip
    for row, column in zip(*np.nonzero(covered.isna().to_numpy()), strict=True):
        axes.text(column + 0.5, row + 0.5, "\N{EN DASH}", ha="center", va="center", fontsize=6.2, color=style.QUIET)
    axes.set(xlabel="", ylabel="")
    axes.set_yticks(np.arange(len(methods)) + 0.5, [words(name) for name in methods], rotation=0)
    axes.tick_params(length=0, bottom=False, labelbottom=False)
    if first:
        axes.tick_params(top=False, labeltop=True)
        names = [words(name) for name in biases]
        axes.set_xticks(np.arange(len(biases)) + 0.5, names, rotation=45, ha="left", rotation_mode="anchor")


def _colours() -> object:
    """White where the interval covers as promised, vermilion where it always misses: an order that grey keeps."""
    import seaborn as sns

    return sns.light_palette(style.EXPOSED, as_cmap=True)


def _said(row: object) -> str:
    """`0.61`, `+3.4 mo`; with a tick where the bias is within 3 MCSE."""
    if not np.isfinite(row.mean):
        return ""
    value = row.mean
    if is_ratio(row.estimand):
        text = f"{np.exp(value):.2f}"
    else:
        number, unit = (100 * value, "pt") if row.estimand.startswith("survival") else (value, "mo")
        text = f"{round(number, 1) + 0.0:+.1f} {unit}".replace("+0.0", "0.0")
    text = text.replace("-", "\N{MINUS SIGN}")
    return f"✓ {text}" if abs(row.bias) <= SOUND * row.bias_mcse else text


def _key(figure: object, width: float, top: float) -> None:
    from matplotlib.colorbar import ColorbarBase
    from matplotlib.colors import Normalize

    axes = style.place(figure, LEFT, top, 40, 2.4)
    bar = ColorbarBase(axes, cmap=_colours(), norm=Normalize(1.0 - NOMINAL, 1.0), orientation="horizontal",
                       ticks=[1.0 - NOMINAL, 0.5, 1.0])  # fmt: skip
    bar.ax.set_xticklabels(["95%", "50%", "0%"])
    bar.outline.set_visible(False)
    style.write_at(figure, LEFT, top + 9.4, "Studies whose 95% interval holds the truth")
    style.write_at(figure, LEFT + 46, top + 2.2, f"✓ bias within {SOUND:g} Monte Carlo standard errors of 0")


def _told(figure: object, table: pd.DataFrame, biases: list[str]) -> Drawing:
    off = table["bias"].abs() > SOUND * table["bias_mcse"]
    counted = [(words(bias), off[table["bias_of"] == bias]) for bias in biases]
    worst = "; ".join(f"{name}: {wrong.sum()} of {len(wrong)} analyses" for name, wrong in counted)
    return Drawing(
        figure=figure,
        numbers=table,
        title="Which analysis survives which bias",
        caption=(
            f"Every method in the world of every bias, {table['attempts'].max():.0f} replicates each; surgery has no effect in "
            "any of them. Cells: mean estimate (hazard ratio, months of life, or percentage points alive). Colour: share of "
            f"studies whose 95% interval holds the truth. Tick: bias within {SOUND:g} Monte Carlo standard errors of 0. A "
            "dash: not possible, as something that the method needs is not recorded. In the trials some die before surgery, "
            "some cross over and some are never operated, by chance."
        ),
        alt=f"Heat map of methods against biases. Biased beyond {SOUND:g} Monte Carlo standard errors: {worst}.",
    )
