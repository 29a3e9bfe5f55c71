"""Inversion: what an analysis reports against the unknown parameter, and where that meets what is wanted; for two, the curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from biasim.figures import style
from biasim.figures._tables import Tables, axis_title
from biasim.figures.drawing import Drawing

HIGH, LEFT, TOP = 58.0, 15.0, 10.0  # mm
EQUAL_RATIOS = 3.0  # ends of a range above 0 that differ by this factor get a log axis, as they were scanned
LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
TICKS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50)


@style.journal
def solution(tables: Tables, *, width: float = style.SINGLE) -> Drawing:
    """The response or the curve of solution.csv; `width` in mm."""
    table = tables.need("solution")
    two = bool(table["second_path"].notna().any())
    figure = style.page(width, TOP + HIGH + 26)
    axes = style.place(figure, LEFT, TOP, width - LEFT - 5, HIGH)
    return (_curve if two else _response)(figure, axes, table, width)


def _response(figure: object, axes: Axes, table: pd.DataFrame, width: float) -> Drawing:
    """Hazard ratio against one unknown, the wanted one across it, its roots down to the axis."""
    scan, target, roots = (table[table["kind"] == kind] for kind in ("scan", "target", "root"))
    title, value, wanted = axis_title(scan["first_path"].iloc[0]), scan["first"].to_numpy(), target.iloc[0]
    _scale(axes.xaxis, value)
    ratio, reach = np.exp(scan["log_hazard_ratio"]), _reach(scan["mcse"])
    axes.fill_between(value, ratio / reach, ratio * reach, color=style.SPREAD, linewidth=0)
    axes.plot(value, ratio, "o-", color=style.ESTIMATE, markersize=3)
    if np.isfinite(wanted["low"]):
        axes.axhspan(np.exp(wanted["low"]), np.exp(wanted["high"]), color=style.PUBLISHED, alpha=0.15, linewidth=0)
    axes.axhline(np.exp(wanted["log_hazard_ratio"]), color=style.PUBLISHED, linewidth=0.9, linestyle=style.dash(1))
    axes.axhline(1.0, color=style.TRUTH, linewidth=0.8)
    for root in roots.itertuples():
        axes.plot(root.first, np.exp(root.log_hazard_ratio), "D", color=style.EXPOSED, markersize=5)
        axes.plot([root.first] * 2, [0.0, np.exp(root.log_hazard_ratio)], color=style.EXPOSED, linewidth=0.8,
                  linestyle=style.dash(2))  # fmt: skip
    shown = [*ratio, np.exp(wanted["log_hazard_ratio"]), 1.0]
    _ratio_scale(axes, min(shown), max(shown))
    axes.set_xlabel(f"{title} (log scale)" if axes.get_xscale() == "log" else title)
    axes.set_ylabel("Hazard ratio that is reported (log scale)")
    handles = {
        "Reported, 95% Monte Carlo band": Line2D([], [], color=style.ESTIMATE, marker="o", markersize=3),
        "Wanted": Line2D([], [], color=style.PUBLISHED, linestyle=style.dash(1)),
        "Where it is met": Line2D([], [], color=style.EXPOSED, marker="D", linestyle="", markersize=5),
        "Truth: no effect": Line2D([], [], color=style.TRUTH),
    }
    _legend(figure, handles, width)
    style.write_at(figure, 2, 4.5, f"What is reported by {title[:1].lower()}{title[1:]}", fontsize=7.5, fontweight="bold")
    met = ", ".join(f"{root:.3g}" for root in roots["first"]) or "nowhere in the range"
    return _told(figure, table, f"It is met at {met}", [title])


def _curve(figure: object, axes: Axes, table: pd.DataFrame, width: float) -> Drawing:
    """Contours of the hazard ratio over two unknowns, and the curve on which it is the wanted one."""
    scan, curve = (table[table["kind"] == kind] for kind in ("scan", "curve"))
    titles = [axis_title(scan[f"{which}_path"].iloc[0]) for which in ("first", "second")]
    grid = scan.pivot(index="second", columns="first", values="log_hazard_ratio")
    _scale(axes.xaxis, grid.columns.to_numpy())
    _scale(axes.yaxis, grid.index.to_numpy())
    levels = [level for level in LEVELS if grid.min().min() < np.log(level) < grid.max().max()]
    if levels:
        lines = axes.contour(grid.columns, grid.index, np.exp(grid), levels=levels, colors=style.QUIET, linewidths=0.7)
        axes.clabel(lines, fmt="%g", fontsize=6)
    there = curve.dropna(subset=["second"])
    both = curve.dropna(subset=["low", "high"])
    if len(both):
        axes.fill_between(both["first"], both["low"], both["high"], color=style.EXPOSED, alpha=0.2, linewidth=0)
    axes.plot(there["first"], there["second"], "D-", color=style.EXPOSED, markersize=3.5)
    axes.set_xlabel(titles[0])
    axes.set_ylabel(titles[1])
    wanted = table[table["kind"] == "target"].iloc[0]
    ratio = f"{np.exp(wanted['log_hazard_ratio']):.2f}"
    handles = {f"Reports {ratio}": Line2D([], [], color=style.EXPOSED, marker="D", markersize=3.5)}
    handles |= {"Over its 95% interval": Patch(color=style.EXPOSED, alpha=0.2)} if len(both) else {}
    _legend(figure, handles | {"Other hazard ratios": Line2D([], [], color=style.QUIET, linewidth=0.7)}, width)
    style.write_at(figure, 2, 4.5, f"Where {ratio} is reported without any effect", fontsize=7.5, fontweight="bold")
    return _told(figure, table, f"The curve has {len(there)} of {len(curve)} points in the range", titles)


def _reach(mcse: pd.Series) -> pd.Series:
    """The factor of a 95% Monte Carlo interval."""
    return np.exp(1.959964 * mcse)


def _scale(axis: object, values: np.ndarray) -> None:
    """A log axis with plain numbers where the range was walked in equal ratios."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    low, high = float(np.min(values)), float(np.max(values))
    if low > 0.0 and high >= EQUAL_RATIOS * low:
        axis._set_axes_scale("log")
        kept = [tick for tick in TICKS if low * 0.999 <= tick <= high * 1.001]
        while len(kept) > 7:
            kept = kept[::2] if (len(kept) - 1) % 2 == 0 else [*kept[:-1:2], kept[-1]]
        axis.set_major_locator(FixedLocator(kept or [low, high]))
        axis.set_minor_locator(FixedLocator([]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _ratio_scale(axes: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(low / 1.06, high * 1.06)
    kept = [level for level in LEVELS if low / 1.06 <= level <= high * 1.06]
    axes.yaxis.set_major_locator(FixedLocator(kept))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(figure: object, handles: dict[str, object], width: float) -> None:
    place = (2 / width, 1.5 * style.MM / figure.get_size_inches()[1])
    figure.legend(handles.values(), handles.keys(), loc="lower left", bbox_to_anchor=place, borderaxespad=0, ncols=2,
                  labelspacing=0.25)  # fmt: skip


def _told(figure: object, table: pd.DataFrame, found: str, titles: list[str]) -> Drawing:
    """The words of the figure."""
    first, wanted = table.iloc[0], table[table["kind"] == "target"].iloc[0]
    ratio = f"{np.exp(wanted['log_hazard_ratio']):.2f}"
    interval = f" ({np.exp(wanted['low']):.2f} to {np.exp(wanted['high']):.2f})" if np.isfinite(wanted["low"]) else ""
    source = f", {first['target_source']}" if isinstance(first["target_source"], str) else ""
    interval += f" {first['target_marks']}" if isinstance(first["target_marks"], str) else ""
    by = " and ".join(f"{title[:1].lower()}{title[1:]}" for title in titles)
    return Drawing(
        figure=figure,
        numbers=table,
        title=f"How strong it must be: {by}",
        caption=(
            f"What the analysis '{first['method']}' of the design '{first['design']}' reports by {by}, where surgery does "
            f"nothing, and where that is a hazard ratio of {ratio}{interval}{source}. {found}. The same {first['size']:,.0f} "
            f"patients in each of {first['replicates']:.0f} replicates at every point. It can arise so; that it did, no "
            "simulation can show."
        ),
        alt=f"Reported hazard ratio by {by}; wanted is {ratio}{interval}. {found}.",
    )
