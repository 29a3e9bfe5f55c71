"""Forest: every method of every design against the truth, published figures beneath on the same axis.

A row is the mean estimate over replicates. Dark whisker: its 95% Monte Carlo interval (mean ± 1.96 MCSE). Pale bar:
where 95% of single studies fall (mean ± 1.96 empirical standard errors), both on the log scale for ratios.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from biasim.evidence.published import BREAST, Published, published
from biasim.evidence.row import MARKS, RECALLED
from biasim.figures import style
from biasim.figures._forest_rows import ROW, Panel, draw_panel
from biasim.figures._tables import Tables, difference, is_ratio, results, setting, untouched, words
from biasim.figures.drawing import Drawing

Z = 1.959964
GROUPS = {
    "retrospective": "Published: retrospective",
    "prospective": "Published: prospective, not randomised",
    "trial": "Published: randomised trials",
    "meta": "Published: pooled",
}
_MARKS = {"retrospective": "s", "prospective": "^", "trial": "o", "meta": "D"}
MOST = 30  # rows on one page
_TOP, _BETWEEN = 15.0, 18.5  # mm: above the first panel for the key; below a panel for its axis


@style.journal
def forest(tables: Tables, *, scenarios: Sequence[int] | None = None, width: float = style.DOUBLE) -> Drawing:
    """Draw some scenarios, or as many as fit; `width` in mm, below 140 mm only the estimates stand at the right."""
    rows = _fitting(tables) if scenarios is None else _rows(tables, scenarios)
    shown = [p for p in (published(id) for id in tables.published) if p.hr is not None]
    panels = _panels(rows, shown, _names(shown, short=width < 140))
    height = _TOP + sum(ROW * (panel.lines + 1) + _BETWEEN for panel in panels) - 4
    figure = style.page(width, height)
    label = min(max(panel.widest for panel in panels), 0.36 * width)
    top = _TOP
    span = _span([panel for panel in panels if panel.ratio])
    for panel in panels:
        draw_panel(figure, panel, left=label, top=top + ROW, span=span if panel.ratio else None)
        top += ROW * (panel.lines + 1) + _BETWEEN
    _key(figure, width, height)
    return _told(figure, rows, shown, sorted(tables.need("performance")["scenario"].unique()))


def _fitting(tables: Tables) -> pd.DataFrame:
    """The rows of all scenarios where they fit a page; else of the first and the last."""
    numbers = sorted(tables.need("performance")["scenario"].unique())
    rows = _rows(tables, numbers)
    return rows if len(rows) <= MOST else _rows(tables, [numbers[0], numbers[-1]])


def _rows(tables: Tables, numbers: Sequence[int]) -> pd.DataFrame:
    """The results of some scenarios with their headings; a design that does not change from one to the other stands once."""
    rows = pd.concat([results(tables, scenario=number) for number in numbers], ignore_index=True)
    same = rows["design"].isin(untouched(rows))
    rows["heading"] = [
        _heading(row.design, "" if alike else setting(tables, row.scenario))
        for row, alike in zip(rows.itertuples(), same, strict=True)
    ]
    return rows[~same | (rows["scenario"] == numbers[0])].reset_index(drop=True)


def _heading(design: str, fixed: str) -> str:
    return f"{words(design)}: {fixed}" if fixed else words(design)


def _panels(rows: pd.DataFrame, shown: list[Published], names: dict[str, str]) -> list[Panel]:
    ratio = rows["estimand"].map(is_ratio)
    panels = []
    if ratio.any():
        panels.append(Panel("Hazard ratio, exposed v unexposed (log scale)", True, _lines(rows[ratio], 1.0)))
    if shown:
        lines = _published_lines(shown, names)
        panels.append(Panel("Published hazard ratio (log scale)", True, lines, cited=True))
    for estimand in rows.loc[~ratio, "estimand"].drop_duplicates():
        title, factor = difference(estimand)
        panels.append(Panel(title, False, _lines(rows[rows["estimand"] == estimand], factor)))
    return panels


def _lines(rows: pd.DataFrame, factor: float) -> list[dict]:
    """One line a method, headed by its design; values on the axis' own scale."""
    lines: list[dict] = []
    for heading, group in rows.groupby("heading", sort=False):
        lines.append({"heading": heading})
        for row in group.itertuples():
            ratio = is_ratio(row.estimand)
            show = np.exp if ratio else lambda value: factor * value
            spread = Z * getattr(row, "empirical_se", np.nan)
            lines.append(
                {
                    "label": words(row.method) + ("" if row.used == row.attempts else " *"),
                    "value": show(row.mean),
                    "inner": (show(row.mean - Z * row.mean_mcse), show(row.mean + Z * row.mean_mcse)),
                    "outer": (show(row.mean - spread), show(row.mean + spread)),
                    "truth": show(row.truth),
                    "truth_band": (show(row.truth - Z * row.truth_mcse), show(row.truth + Z * row.truth_mcse)),
                    "ratio": ratio,
                    "mcse": show(row.mean) * row.mean_mcse if ratio else factor * row.mean_mcse,
                    "coverage": getattr(row, "coverage", np.nan),
                    "rejection": getattr(row, "rejection", np.nan),
                }
            )
    return lines


def _names(shown: list[Published], *, short: bool) -> dict[str, str]:
    """Author and year, another cancer, or the registry where there is room; the id's last word where that is not unique."""
    names = {}
    for row in shown:
        database = row.database.split(",")[0]
        beside = row.cancer if row.cancer != BREAST else database if len(database) <= 16 and not short else ""
        names[row.id] = row.label + (f" ({beside})" if beside not in row.label else "")
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {id: f"{name}, {id.rsplit('_')[-1]}" if name in twice else name for id, name in names.items()}


def _published_lines(shown: list[Published], names: dict[str, str]) -> list[dict]:
    lines: list[dict] = []
    for kind, heading in GROUPS.items():
        group = [row for row in shown if row.kind == kind]
        lines += [{"heading": heading}] if group else []
        for row in group:
            lines.append(
                {
                    "label": names[row.id],
                    "marks": "".join(f" {mark}" for mark in row.marks),
                    "value": row.hr,
                    "inner": (row.low or np.nan, row.high or np.nan),
                    "hollow": not row.verified,
                    "mark": _MARKS[kind],
                    "n": row.n,
                }
            )
    return lines


def _span(panels: list[Panel]) -> tuple[float, float]:
    """Limits of the ratio axis: all estimates and truths in full, intervals up to 0.3 and 2.2."""
    values, ends = [1.0], []
    for line in (line for panel in panels for line in panel.rows if "value" in line):
        values += [v for v in (line["value"], line.get("truth", 1.0)) if np.isfinite(v)]
        ends += [v for v in (*line["inner"], *line.get("outer", ())) if np.isfinite(v)]
    low = min(*values, max(min(ends, default=1.0), 0.3))
    high = max(*values, min(max(ends, default=1.0), 2.2))
    return min(low, 0.5) / 1.06, max(high, 1.25) * 1.06


def _key(figure: object, width: float, height: float) -> None:
    green = style.ESTIMATE
    handles = [
        Line2D([], [], marker="o", color=green, markersize=3.5, linewidth=1.1),
        Line2D([], [], color=style.SPREAD, linewidth=4, solid_capstyle="butt"),
        Line2D([], [], color=style.TRUTH, linewidth=1.1),
    ]
    labels = ["Mean estimate (95% Monte Carlo interval)", "95% of single studies", "Truth (band: ± 1.96 MCSE)"]
    narrow = width < 140
    figure.legend(
        handles,
        labels,
        loc="upper left",
        ncols=1 if narrow else 3,
        bbox_to_anchor=(2 / width, 1 - 1.5 / height),
        borderaxespad=0,
        columnspacing=1.6,
        labelspacing=0.2,
        handlelength=2.2,
    )


def _told(figure: object, rows: pd.DataFrame, shown: list[Published], every: Sequence[int]) -> Drawing:
    ratio = rows[rows["estimand"].map(is_ratio)]
    usable = ratio[np.isfinite(ratio["mean"])]
    found = [f"{words(r.method)} in {r.heading} {np.exp(r.mean):.2f}" for r in usable.itertuples()]
    truths = sorted({f"{np.exp(value):.2f}" for value in ratio["truth"]})
    lacking = "".join(
        f" * {words(r.method)} in {r.heading}: {r.used:.0f} of {r.attempts:.0f} replicates usable."
        for r in rows[rows["used"] < rows["attempts"]].itertuples()
    )
    left_out = f"{len(set(every) - set(rows['scenario']))} of {len(every)} scenarios are left out, for room. "
    left_out = left_out if len(every) > rows["scenario"].nunique() else ""
    once = rows["scenario"].nunique() > 1 and (rows["heading"] == rows["design"].map(words)).any()
    left_out += "Designs that do not change with the varied parameter stand once. " if once else ""
    simulated = rows.drop(columns="heading").assign(source="simulated").to_dict("records")
    numbers = pd.DataFrame([*simulated, *(_row(p) for p in shown)])
    return Drawing(
        figure=figure,
        numbers=numbers,
        title="All methods of all designs against the truth",
        caption=(
            f"{left_out}Mean estimate (hazard ratios: exp of the mean log hazard ratio) over {rows['attempts'].max():.0f} "
            "replicates with its 95% Monte Carlo interval; pale bars: where 95% of single studies fall (mean ± 1.96 empirical "
            "standard errors); black line: truth. Declares benefit: share of replicates that reject no effect in favour of "
            "surgery (two-sided 5% level)."
            + lacking
            + _cited(shown)
        ),
        alt=(
            f"Forest plot. True hazard ratio {', '.join(truths) or 'not estimated'}; mean estimated hazard ratios: "
            + "; ".join(found)
            + "."
            + (" Published: " + "; ".join(_said(p) for p in shown) + "." if shown else "")
        ),
    )


def _said(p: Published) -> str:
    """A published figure in words, for whom the marks say nothing."""
    return f"{p.label} {p.hr:g}" + ("" if p.verified else " (recalled)")


def _cited(shown: list[Published]) -> str:
    """Sources of the published figures and what their marks mean."""
    if not shown:
        return ""
    used = {mark for p in shown for mark in p.marks}
    cited = "; ".join(p.citation for p in shown)
    return f" Published figures, as printed in: {cited}." + "".join(f" {m} {MARKS[m]}." for m in MARKS if m in used)


def _row(p: Published) -> dict:
    name = p.label + ("" if p.verified else f" {RECALLED}")
    return {"source": f"published, {'verified' if p.verified else 'recalled'}", "method": name, "design": p.design,
            "estimand": p.measure, "hazard_ratio": p.hr, "low": p.low, "high": p.high,
            "printed_level": p.printed_level, "n": p.n, "citation": p.citation}  # fmt: skip
