"""Kaplan-Meier curves by exposure, as the investigator sees them, beside the truth for the same patients.

Lines are drawn from the stored curves; numbers at risk stand below, aligned with the ticks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from biasim.figures import style
from biasim.figures._tables import DEATH, Tables, counted, example, words
from biasim.figures.drawing import Drawing

LONGEST = 120.0  # months shown at most: beyond, few patients are left
GROUPS = {"exposed": "Exposed (surgery)", "unexposed": "Unexposed"}
_LOOK = {"exposed": (style.EXPOSED, "-"), "unexposed": (style.UNEXPOSED, (0, (5, 1.5)))}


@style.journal
def survival_curves(tables: Tables, design: str, *, width: float = style.DOUBLE) -> Drawing:
    """Draw the observed curves of one design and the curves of the same patients in truth; `width` in mm."""
    curves = tables.need("curves")
    curves = curves[curves["design"] == design]
    risk = tables.get("at_risk")
    risk = None if risk is None else risk[risk["design"] == design]
    last = _last_month(curves, risk)
    beside = width >= 140
    wide = (width - 47) / 2 if beside else width - 28
    high = 52.0 if beside else 44.0
    figure = style.page(width, 82.0 if beside else 144.0)
    seen = style.place(figure, 23, 9, wide, high)
    true = style.place(figure, 23 + wide + 19, 9, wide, high) if beside else style.place(figure, 23, 87, wide, high)
    ticks = style.months_axis(seen, last, wide)
    style.months_axis(true, last, wide)
    _observed(seen, curves, last)
    same = _truth(true, curves, last)
    seen.set_title(f"a  As observed: {words(design)}", x=-14 / wide)
    true.set_title("b  The same patients in truth", x=-14 / wide)
    for axes, event in zip((seen, true), counted(tables, design), strict=True):
        axes.set_ylim(0, 101)
        axes.set_yticks(range(0, 101, 20))
        axes.set_ylabel("Alive (%)" if event == DEATH else "Without the event (%)")
        axes.set_xlabel("Months from time zero", labelpad=2)
    if risk is not None:
        _at_risk(seen, risk, ticks, wide, high)
    return _told(figure, tables, design, risk, same)


def _last_month(curves: pd.DataFrame, risk: pd.DataFrame | None) -> float:
    if risk is not None and not risk.empty:
        return float(min(risk.loc[risk["at_risk"] > 0, "month"].max(), LONGEST)) or LONGEST
    return float(min(np.ceil(curves["month"].max() / 12) * 12, LONGEST))


def _until(curve: pd.DataFrame, last: float) -> pd.DataFrame:
    """The steps up to the end of the axis, the last one carried on to it."""
    inside = curve[curve["month"] <= last].sort_values("month", kind="stable")
    beyond = (curve["month"] > last).any()
    return pd.concat([inside, inside.tail(1).assign(month=last)]) if beyond else inside


def _observed(axes: Axes, curves: pd.DataFrame, last: float) -> None:
    for group, name in GROUPS.items():
        curve = _until(curves[(curves["group"] == group) & (curves["kind"] == "observed")], last)
        if curve.empty:
            continue
        colour, dashes = _LOOK[group]
        month = curve["month"].to_numpy()
        low, high = (100 * curve[side].to_numpy() for side in ("low", "high"))
        axes.fill_between(month, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
        axes.plot(month, 100 * curve["survival"], drawstyle="steps-post", color=colour, linestyle=dashes, label=name)
    axes.legend(loc=_corner(axes, last), handlelength=2.6, borderaxespad=0.2)


def _corner(axes: Axes, last: float) -> str:
    """Where the key stands clear of the curves: at the top right, or below them where they stay high."""
    later = [high for line in axes.lines for month, high in line.get_xydata() if month >= 0.4 * last]
    return "lower left" if max(later, default=0.0) > 78.0 else "upper right"


def _truth(axes: Axes, curves: pd.DataFrame, last: float) -> bool:
    """Nobody operated as a thick pale line, all operated thin and dashed on it; True where they coincide."""
    looks = {
        "nobody operated": {"color": "#9CC9E6", "linewidth": 4.2, "solid_capstyle": "butt"},
        "all operated": {"color": style.TRUTH, "linewidth": 1.0, "linestyle": (0, (4, 2))},
    }
    drawn = []
    for group, look in looks.items():
        curve = _until(curves[(curves["group"] == group) & (curves["kind"] == "truth")], last)
        if curve.empty:
            continue
        label = "If nobody were operated" if group == "nobody operated" else "If all were operated"
        axes.plot(curve["month"], 100 * curve["survival"], drawstyle="steps-post", label=label, **look)
        drawn.append(curve[["month", "survival"]].to_numpy())
    same = len(drawn) == 2 and drawn[0].shape == drawn[1].shape and bool(np.allclose(*drawn, rtol=0, atol=1e-9))
    axes.legend(
        loc=_corner(axes, last),
        handlelength=2.6,
        borderaxespad=0.2,
        title="Identical: no true effect" if same else None,
        title_fontsize=7,
        alignment="left",
    )
    return same


def _at_risk(axes: Axes, risk: pd.DataFrame, ticks: list[int], wide: float, high: float) -> None:
    """Numbers at risk below the axis, one line a group, in the group's colour."""
    line = 3.4
    first = 11.5  # mm below the axis
    across = axes.get_xaxis_transform()
    axes.text(-21 / wide, -first / high, "At risk", transform=axes.transAxes, fontweight="bold", va="center")
    for row, (group, _) in enumerate(GROUPS.items(), start=1):
        y = -(first + row * line) / high
        axes.text(-21 / wide, y, group.capitalize(), transform=axes.transAxes, color=_LOOK[group][0], va="center")
        numbers = risk[risk["group"] == group].set_index("month")["at_risk"]
        for tick in ticks:
            if tick in numbers.index:
                axes.text(tick, y, f"{numbers[tick]:.0f}", transform=across, ha="center", va="center")


def _told(figure: object, tables: Tables, design: str, risk: pd.DataFrame | None, same: bool) -> Drawing:
    curves = tables.need("curves")
    curves = curves[curves["design"] == design]
    numbers = [curves.assign(table="curve")]
    if risk is not None:
        numbers.append(risk.assign(table="at risk"))
    event, judged = counted(tables, design)
    gap = _gap(curves, "alive" if event == DEATH else "without the event")
    counts = "" if event == DEATH else f" The event is: {words(event).lower()}" + (", read as death." if judged == DEATH else ".")
    truth = "coincide" if same else "differ by the true effect"
    return Drawing(
        figure=figure,
        numbers=pd.concat(numbers, ignore_index=True),
        title=f"Survival by exposure in the design '{design}', and in truth",
        caption=(
            "(a) Kaplan-Meier curves by exposure as the investigator sees them, with 95% confidence bands and numbers "
            f"at risk; design '{design}'{example(tables)}. (b) The curves of the same patients had all, or none, been "
            f"operated: they {truth}. All operated: at the latest at diagnosis, at the landmark or at randomisation. Where "
            "exposure begins during follow-up, patients enter the curve of the exposed late (Simon-Makuch). Time in months "
            f"from time zero.{counts}"
        ),
        alt=(
            f"Two panels of survival curves. Observed in the design {design}: {gap} "
            f"In truth the two curves of the same patients {truth}."
        ),
    )


def _gap(curves: pd.DataFrame, state: str) -> str:
    """Survival at 36 months by exposure, in words."""
    parts = []
    for group in GROUPS:
        curve = curves[(curves["group"] == group) & (curves["kind"] == "observed") & (curves["month"] <= 36)]
        if not curve.empty:
            still = curve.sort_values("month", kind="stable")["survival"].iloc[-1]
            parts.append(f"{100 * still:.0f}% of the {group}")
    return f"{' and '.join(parts)} are {state} at 36 months." if parts else "no curve."
