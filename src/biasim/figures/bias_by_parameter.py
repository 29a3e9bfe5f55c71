"""Bias against the varied parameter: one panel a design, one line a method; further parameters make rows of panels.

Designs that the parameter does not touch have no panel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from biasim.figures import style
from biasim.figures._tables import Tables, axis_title, difference, is_ratio, plain, untouched, varied, words
from biasim.figures.drawing import Drawing

Z = 1.959964
_HIGH, _BELOW, _LEFT, _RIGHT, _ROOM = 34.0, 22.0, 16.0, 13.0, 6.0  # mm
_LETTER = 1.3  # mm that a letter of an axis title takes
_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5)


@style.journal
def bias_by_parameter(
    tables: Tables,
    *,
    family: str = "log_hazard_ratio",
    names: Mapping[str, str] | None = None,
    width: float = style.DOUBLE,
) -> Drawing:
    """Draw the bias of the estimands whose name contains `family`; `names` gives paths an axis title with unit."""
    table, paths = _biases(tables, family)
    flat = untouched(table)
    table = table[~table["design"].isin(flat)]
    names = {path: (names or {}).get(path, axis_title(path)) for path in paths}
    across, *others = sorted(paths, key=lambda path: -table[path].nunique())
    designs = list(table["design"].drop_duplicates())
    methods = list(table["method"].drop_duplicates())
    facets = list(table[others].drop_duplicates().itertuples(index=False, name=None)) if others else [()]
    most = 4 if width >= 140 else 1
    per_line = len(designs) if len(designs) <= most else min(most, 3)
    deep = -(-len(designs) // per_line)  # lines of panels a facet
    key = 3.6 * -(-len(methods) // _abreast(methods, width)) + 4
    figure = style.page(width, 4 + len(facets) * deep * (_HIGH + _BELOW) + key)
    wide = (width - _LEFT - _RIGHT - _ROOM * (per_line - 1)) / per_line
    for number, (facet, design) in enumerate((facet, design) for facet in facets for design in designs):
        line, place = divmod(number % len(designs), per_line)
        top = 10 + (number // len(designs) * deep + line) * (_HIGH + _BELOW)
        axes = style.place(figure, _LEFT + place * (wide + _ROOM), top, wide, _HIGH)
        _panel(axes, table[(table["design"] == design) & (table[others] == list(facet)).all(axis=1)], across, methods)
        axes.set_ylim(*_limits(table))
        axes.set_xlabel(_along(names[across], axes, wide))
        fixed = [f"{names[path]} = {plain(value)}" for path, value in zip(others, facet, strict=True)]
        axes.set_title("\n".join([words(design), *fixed]))
        last = place == per_line - 1 or number % len(designs) == len(designs) - 1
        _sides(axes, family, first=place == 0, last=last)
    _key(figure, methods, width)
    return _told(figure, table, family, paths, across, flat)


def families(tables: Tables) -> list[str]:
    """What to draw a figure of: the log hazard ratios together, and every difference estimand by itself."""
    names = tables.need("performance")["estimand"].drop_duplicates()
    together = ["log_hazard_ratio"] if names.map(is_ratio).any() else []
    return together + [name for name in names if not is_ratio(name)]


def _biases(tables: Tables, family: str) -> tuple[pd.DataFrame, list[str]]:
    paths = varied(tables)
    long = tables.need("performance")
    long = long[(long["measure"] == "bias") & long["estimand"].str.contains(family, regex=False)]
    scenarios = tables.need("scenarios")[["scenario", *paths]]
    words_only = scenarios.select_dtypes(exclude="number").columns
    scenarios = scenarios.assign(**{name: scenarios[name].fillna("none").astype(str) for name in words_only})
    table = long.merge(scenarios, on="scenario", how="left")
    if not is_ratio(family):
        factor = difference(family)[1]
        table[["value", "mcse"]] *= factor
    return table, paths


def _panel(axes: Axes, rows: pd.DataFrame, across: str, methods: list[str]) -> None:
    axes.axhline(0, color=style.TRUTH, linewidth=0.8, zorder=1)
    values = rows[across].drop_duplicates()
    numeric = pd.api.types.is_numeric_dtype(values)
    ticks = sorted(values) if numeric else list(values)
    at = {value: (value if numeric else number) for number, value in enumerate(ticks)}
    for method, one in rows.groupby("method", sort=False):
        one = one.assign(x=one[across].map(at)).sort_values("x", kind="stable")
        number = methods.index(method)
        axes.errorbar(one["x"], one["value"], yerr=Z * one["mcse"], linewidth=1.1, elinewidth=0.8, capsize=1.5,
                      capthick=0.8, **_look(number))  # fmt: skip
    if numeric and min(ticks) > 0 and ("ratio" in across or max(ticks) / min(ticks) > 20):
        axes.set_xscale("log")
    spots = [at[value] for value in ticks]
    axes.xaxis.set_major_locator(FixedLocator(spots))
    axes.xaxis.set_minor_locator(NullLocator())
    labels = {spot: f"{value:g}" if numeric else str(value) for spot, value in zip(spots, ticks, strict=True)}
    axes.xaxis.set_major_formatter(FuncFormatter(lambda spot, _: labels.get(spot, "")))
    axes.margins(x=0.08)


def _along(name: str, axes: Axes, wide: float) -> str:
    """The title of the axis of the parameter, on two lines where it would run into the next panel's; `wide` in mm."""
    if axes.get_xscale() != "log":
        return name
    return f"{name} (log scale)" if _LETTER * len(f"{name} (log scale)") <= wide else f"{name}\n(log scale)"


def _look(number: int) -> dict:
    return {"color": style.colour(number), "marker": style.marker(number), "linestyle": style.dash(number),
            "markersize": 3.4, "zorder": 3}  # fmt: skip


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    low = min(0.0, float((table["value"] - Z * table["mcse"]).min()))
    high = max(0.0, float((table["value"] + Z * table["mcse"]).max()))
    room = 0.07 * (high - low) or 0.1
    return low - room, high + room


def _sides(axes: Axes, family: str, *, first: bool, last: bool) -> None:
    """The scale of the bias at the left; for ratios, what it does to the hazard ratio at the right."""
    if first:
        axes.set_ylabel("Bias of log hazard ratio" if is_ratio(family) else f"Bias: {_short(family)}")
    else:
        axes.tick_params(axis="y", labelleft=False)
    if last and is_ratio(family):
        right = axes.twinx()
        low, high = axes.get_ylim()
        right.set_ylim(low, high)
        right.spines["right"].set_visible(True)
        nice = [ratio for ratio in _RATIOS if low <= np.log(ratio) <= high]
        apart = 0.08 * (high - low)
        kept: list[float] = [1.0] if 1 in nice else []
        for ratio in reversed(nice):
            kept += [ratio] if all(abs(np.log(ratio / other)) >= apart for other in kept) else []
        right.set_yticks(np.log(kept), [f"{ratio:g}" for ratio in kept])
        right.set_ylabel("Estimated / true hazard ratio")


def _short(family: str) -> str:
    return "mean survival (months)" if family.startswith("rmst") else "survival (% points)"


def _abreast(methods: list[str], width: float) -> int:
    """How many entries of the key stand side by side without being cut."""
    entry = 14.0 + 1.35 * max(len(words(method)) for method in methods)  # mm
    return int(min(max((width - _LEFT) // entry, 1), 3))


def _key(figure: object, methods: list[str], width: float) -> None:
    handles = [Line2D([], [], linewidth=1.1, **_look(number)) for number in range(len(methods))]
    high = figure.get_size_inches()[1] / style.MM
    figure.legend(handles, [words(method) for method in methods], loc="lower left", borderaxespad=0, handlelength=3.6,
                  ncols=_abreast(methods, width), bbox_to_anchor=(_LEFT / width, 1.5 / high))  # fmt: skip


def _told(figure: object, table: pd.DataFrame, family: str, paths: list[str], across: str, flat: list[str]) -> Drawing:
    worst = table.loc[table["value"].abs().idxmax()]
    scale = "log hazard ratio" if is_ratio(family) else _short(family)
    parameters = " and ".join(paths)
    columns = ["scenario", *paths, "design", "method", "estimand", "truth", "value", "mcse", "used", "attempts"]
    return Drawing(
        figure=figure,
        numbers=table[columns].rename(columns={"value": "bias"}),
        title=f"Bias against {parameters}",
        caption=(
            f"Bias ({scale}) of each method by design against {parameters}; whiskers: ± 1.96 Monte Carlo standard "
            "errors; line at zero: no bias."
            + (f" Not shown, since the parameter does not touch them: {', '.join(map(words, flat))}." if flat else "")
        ),
        alt=(
            f"Lines of bias against {across}, one panel per design. The largest bias is {worst['value']:.2f} "
            f"({scale}): {words(worst['method'])} in {worst['design']} at {across} = {plain(worst[across])}."
        ),
    )
