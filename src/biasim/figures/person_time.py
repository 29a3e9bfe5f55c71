"""Person-time: thirty patients as bars, the months that could not have been spent otherwise marked.

A patient called exposed because of something that happens after time zero must live until then: those months are
immortal. Suissa 2008, doi 10.1093/aje/kwm324. Without them the picture shows a fair start.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from biasim.figures import style
from biasim.figures._tables import DEATH, Tables, counted, example, truth_value, words
from biasim.figures.drawing import Drawing

LONGEST = 60.0  # months shown: longer, and the wait for surgery would be too short to see
SHORTEST = 0.1  # months: a wait below this cannot be drawn
_ROW = 2.6  # mm a patient
_GAP = 1.6  # rows between the groups
_BAR = 0.72  # of a row
_FACES = {"exposed": style.EXPOSED, "unexposed": "#8FBFDF"}
_WAITING = {"facecolor": "white", "edgecolor": style.EXPOSED, "hatch": "//////", "linewidth": 0.6}


@style.journal
def person_time(tables: Tables, design: str, *, width: float = style.SINGLE) -> Drawing:
    """Draw the follow-up of the stored patients of one design; months from diagnosis; `width` in mm."""
    people = _sorted(tables.need("person_time"), design, over_time=_over_time(tables, design))
    last = float(min(max(np.ceil(people["end"].max() / 12) * 12, 12), LONGEST))
    rows = float(people["row"].max()) + 1
    figure = style.page(width, 14 + _ROW * rows + 10 + 3.5 * (4 if width < 140 else 2) + 3)
    left, high = 8.0, _ROW * rows
    axes = style.place(figure, left, 12, width - left - 7, high)
    style.months_axis(axes, last, width - left - 7)
    _before_diagnosis(axes, float(people["time_zero"].min()), last)
    axes.set_ylim(rows, -0.2)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for patient in people.itertuples():
        _bar(axes, patient, last)
    _zero(axes, people, rows)
    for group, rows_of in people.groupby("group", sort=False):
        middle = float(rows_of["row"].mean()) + 0.5
        text = f"{group.capitalize()} ({len(rows_of)})"
        axes.text(-2.2 / (width - left - 7), middle, text, rotation=90, ha="right", va="center", fontweight="bold",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_xlabel("Months from diagnosis")
    style.write_at(figure, 2, 4.5, f"Person-time: {words(design)}", fontsize=7.5, fontweight="bold")
    _key(figure, people, width, last, counted(tables, design)[0])
    return _told(figure, tables, people, design)


def _before_diagnosis(axes: Axes, earliest: float, last: float) -> None:
    """Room and a tick for a diagnosis brought forward, which lies before month 0."""
    axes.set_xlim(min(0.0, earliest), last)
    if earliest < -SHORTEST:
        ticks = [earliest, *(tick for tick in axes.get_xticks() if tick > 0 or earliest < -0.04 * last)]
        axes.set_xticks(ticks, [f"{tick:.3g}".replace("-", "\N{MINUS SIGN}") for tick in ticks])


def _lead(people: pd.DataFrame) -> pd.Series:
    """Whose hatched months lie before diagnosis: they were not spent waiting, the clock was moved."""
    return (people["immortal"] > 0) & (people["time_zero"] + people["immortal"] < 2 * SHORTEST)


def _over_time(tables: Tables, design: str) -> bool:
    """Whether exposure begins during follow-up: the exposed at risk grow in number while the unexposed do not."""
    risk = tables.get("at_risk")
    if risk is None:
        return False
    risk = risk[risk["design"] == design].sort_values("month", kind="stable")
    grow = {group: bool((rows["at_risk"].diff() > 0).any()) for group, rows in risk.groupby("group")}
    return grow.get("exposed", False) and not grow.get("unexposed", False)


def _sorted(table: pd.DataFrame, design: str, *, over_time: bool) -> pd.DataFrame:
    """The patients in drawing order, exposed first by month of surgery, then the unexposed by length of follow-up.

    Adds `row`, `waited` (months from time zero until exposure is decided), `immortal` (those of them counted as
    exposed, which is none where exposure begins when decided) and `at`, the month of surgery.
    """
    people = table[table["design"] == design].copy()
    people["died"] = people["died"].map(truth_value)
    people["wait"] = people["wait"].fillna(np.inf)
    people["at"] = people["wait"].where(people["wait"] < people["end"], np.inf)
    waited = (people["decided"] - people["time_zero"]).where(people["group"] == "exposed", 0.0)
    people["waited"] = waited.where(np.isfinite(waited) & (waited > SHORTEST), 0.0)
    people["immortal"] = 0.0 if over_time else people["waited"]
    people["rank"] = (people["group"] != "exposed").astype(int)
    people["first"] = people["at"].where(people["rank"] == 0, people["end"])
    people = people.sort_values(["rank", "first", "end", "patient"], kind="stable").reset_index(drop=True)
    both = people["rank"].nunique() == 2
    people["row"] = people.index + _GAP * people["rank"] * both
    return people.drop(columns=["rank", "first"])


def _bar(axes: Axes, patient: object, last: float) -> None:
    y, zero, end = patient.row + 0.5, patient.time_zero, min(patient.end, last)
    known = min(zero + patient.waited, end)
    axes.plot([0, min(max(zero, 0), last)], [y, y], color="#BFBFBF", linewidth=0.8, zorder=1)
    if patient.immortal > 0:
        axes.barh(y, known - zero, left=zero, height=_BAR, zorder=2, **_WAITING)
    elif patient.waited > 0:
        axes.barh(y, known - zero, left=zero, height=_BAR, color=_FACES["unexposed"], linewidth=0, zorder=2)
    axes.barh(y, max(end - known, 0), left=known, height=_BAR, color=_FACES[patient.group], linewidth=0, zorder=2)
    over = {"linestyle": "", "clip_on": False, "zorder": 4}
    if patient.at <= last:
        axes.plot(patient.at, y, "D", markersize=3, color="white", markeredgecolor="black", markeredgewidth=0.7, **over)
    elif np.isfinite(patient.wait) and patient.end < patient.wait <= last:  # planned, but she did not get there
        axes.plot([end, patient.wait], [y, y], color=style.QUIET, linewidth=0.7, linestyle=(0, (1.2, 1.6)), zorder=1)
        axes.plot(patient.wait, y, "D", markersize=2.6, markerfacecolor="none", color=style.QUIET,
                  markeredgewidth=0.6, **over)  # fmt: skip
    if patient.end > last:
        axes.plot(last, y, ">", markersize=3.0, color=_FACES[patient.group], **over)
    elif patient.died:
        axes.plot(patient.end, y, "x", markersize=3.4, color="black", markeredgewidth=0.9, **over)
    else:
        axes.plot(patient.end, y, "|", markersize=4.6, color="black", markeredgewidth=0.9, **over)


def _zero(axes: Axes, people: pd.DataFrame, rows: float) -> None:
    """Time zero: one line where it is the same for all, else a tick a patient."""
    moments = people["time_zero"]
    if moments.nunique() == 1:
        axes.axvline(moments.iloc[0], color="black", linewidth=1.4, zorder=3, clip_on=False)
        axes.text(moments.iloc[0], -0.5, "Time zero", ha="left" if moments.iloc[0] < 3 else "center", va="bottom")
        return
    axes.vlines(moments, people["row"] + 0.1, people["row"] + 0.9, color="black", linewidth=1.4, zorder=3)
    axes.text(float(moments.min()), -0.5, "Time zero of each patient", ha="left", va="bottom")


def _key(figure: object, people: pd.DataFrame, width: float, last: float, event: str) -> None:
    """Only what is in the picture; the waiting months first."""

    def dot(marker: str, size: float, **look: object) -> Line2D:
        return Line2D([], [], **{"marker": marker, "markersize": size, "color": "black", "linestyle": "", **look})

    hollow = {"markerfacecolor": "white", "markeredgewidth": 0.7}
    dotted = {**hollow, "color": style.QUIET, "linestyle": (0, (1.2, 1.6)), "linewidth": 0.7}
    happened, planned = np.isfinite(people["at"]), np.isfinite(people["wait"])
    stopped = "End of follow-up" if event == DEATH else "End of observation"
    entries = [
        (people["immortal"] > 0, Patch(**_WAITING), _hatched(people)),
        (people["group"] == "exposed", Patch(color=style.EXPOSED, linewidth=0), "Exposed"),
        (people["group"] == "unexposed", Patch(color=_FACES["unexposed"], linewidth=0), "Unexposed"),
        (happened, dot("D", 3.0, **hollow), "Surgery"),
        (planned & ~happened, dot("D", 2.6, **dotted), "Surgery not reached"),
        (people["died"], dot("x", 3.4, markeredgewidth=0.9), words(event)),
        (~people["died"] & (people["end"] <= last), dot("|", 4.6, markeredgewidth=0.9), stopped),
        (people["end"] > last, dot(">", 3.0, color=style.QUIET), f"Goes on beyond {last:.0f} months"),
    ]
    shown = [(handle, label) for present, handle, label in entries if present.any()]
    figure.legend(
        *zip(*shown, strict=True),
        loc="lower left",
        ncols=2 if width < 140 else 4,
        bbox_to_anchor=(2 / width, 1.5 / (figure.get_size_inches()[1] / style.MM)),
        borderaxespad=0,
        columnspacing=1.0,
        labelspacing=0.25,
        handlelength=1.8,
        handleheight=0.6,
    )


def _hatched(people: pd.DataFrame) -> str:
    """What the hatched months are."""
    lead = _lead(people)
    if not lead.any():
        return "Immortal months"
    return "Lead time" if lead.sum() == (people["immortal"] > 0).sum() else "Lead time, immortal months"


def _told_of_lead(people: pd.DataFrame) -> str:
    return ", lead time where they lie before diagnosis" if _lead(people).any() else ""


def _told(figure: object, tables: Tables, people: pd.DataFrame, design: str) -> Drawing:
    events = "deaths" if counted(tables, design)[0] == DEATH else "events"
    ahead = people.loc[people["immortal"] > 0, "immortal"]
    months = f"{ahead.sum():.0f} immortal months in {len(ahead)} patients" if len(ahead) else "no immortal months"
    if not len(ahead) and people["waited"].gt(0).any():
        months += ", since the wait for surgery counts as unexposed"
    return Drawing(
        figure=figure,
        numbers=people.drop(columns=["row", "at", "waited"]),
        title=f"Person-time of {len(people)} patients in the design '{design}'",
        caption=(
            f"Follow-up of {len(people)} patients, design '{design}'{example(tables)}: exposed by month of surgery, "
            "unexposed by length of follow-up; thin lines are months before time zero, which do not count. Hatched: "
            f"months that a patient had to survive to be called exposed ({months}){_told_of_lead(people)}. Bars "
            f"that end in an arrow go on beyond {LONGEST:.0f} months."
        ),
        alt=(
            f"One bar per patient in the design {design}: {people['group'].eq('exposed').sum()} exposed and "
            f"{people['group'].eq('unexposed').sum()} unexposed patients, {people['died'].sum()} {events}, {months}."
        ),
    )
