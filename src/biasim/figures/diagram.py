"""The causal diagram: what acts on what in a study, in the order of time, and the path by which a benefit can appear.

One panel for the first design with an open path, one for the first without any, and one more flawed design if there is
another. An arrow is there where changing its cause alone changes its result; a box stands round what is given.
"""

from __future__ import annotations

from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle
from matplotlib.path import Path

from biasim.figures import style
from biasim.figures._diagram_layout import COLUMNS, MOMENTS, placements, routes
from biasim.figures._tables import Tables, truth_value, words
from biasim.figures.drawing import Drawing

ROW, TOP, BESIDE = 9.2, 12.5, 3.2  # mm: between rows, above a panel for its title, per line of text below it
CENTRES = (8.5, 27.0, 46.0, 60.5, 76.0)  # mm from the left of a single column, moment by moment
LETTER, LINE = 1.2, 2.45  # mm that a letter and a line take at this size
SIZE = 6.0  # points
MOST = 3  # panels
OPEN = {"color": style.EXPOSED, "linewidth": 1.7, "zorder": 4}
CLOSED = {"color": "#9A9A9A", "linewidth": 0.6, "zorder": 2}
EFFECT = {"color": style.UNEXPOSED, "linewidth": 1.1, "linestyle": (0, (4, 1.5)), "zorder": 3}
ON_RECORD = {"exposure as recorded": "Exposure\non record", "outcome as recorded": "Outcome\non record",
             "result as reported": "Result as\nreported"}
ELIGIBLE = "eligible:"  # begins the names of criteria
TRIVIAL = {"exposure as recorded", "surgery", "death", "outcome as recorded"}


@style.journal
def diagram(tables: Tables, *, width: float = style.SINGLE) -> Drawing:
    """Draw the diagrams of the stored designs; `width` in mm."""
    table = tables.need("diagram").fillna({"name": "", "says": ""})
    for name in ("given", "open", "effect"):
        table[name] = table[name].map(truth_value)
    panels = chosen(table)
    shown = pd.concat(panels)
    place = _settled(shown, width)
    spots = [_close(panel, _within(panel, place, width)) for panel in panels]
    below = [_below(panel, width) for panel in panels]
    tall = [TOP + max(y for _, y in spot.values()) + 7.0 + BESIDE * len(lines)
            for spot, lines in zip(spots, below, strict=True)]  # fmt: skip
    figure = style.page(width, 6.5 + sum(tall) + (8.5 if not shown["effect"].any() else 11.5))
    start = 6.5
    style.write_at(figure, 2, 4.0, "Causal diagram", fontsize=7.5, fontweight="bold")
    for panel, spot, lines, deep in zip(panels, spots, below, tall, strict=True):
        axes = style.place(figure, 0, start, width, deep)
        axes.set(xlim=(0, width), ylim=(deep, 0))
        axes.set_axis_off()
        _panel(axes, panel, lines, {name: (x, TOP + y) for name, (x, y) in spot.items()})
        start += deep
    _key(figure, shown, width)
    return _told(figure, shown, panels, [design for design in table["design"].unique() if design not in set(shown["design"])])


def _settled(shown: pd.DataFrame, width: float) -> dict[str, tuple[float, float]]:
    """Column and row of every node: of the placements the one whose arrows, once routed, touch least."""
    nodes, arrows = shown[shown["kind"] == "node"], drawn(shown).drop_duplicates(["name", "to"])
    columns = {column: list(dict.fromkeys(nodes.loc[nodes["when"].replace(MOMENTS) == column, "name"])) for column in COLUMNS}
    height = max(3, len(columns["follow-up"]) + 2, *map(len, columns.values()))
    pairs = list(zip(arrows["name"], arrows["to"], strict=True))
    half = {name: half_of(label(name)) for name in nodes["name"]}
    trials = placements(columns, pairs, height)
    return min(trials, key=lambda trial: routes(pairs, _within(nodes, trial, width), half)[1])


def _within(panel: pd.DataFrame, place: dict, width: float) -> dict[str, tuple[float, float]]:
    """Centres of a panel's nodes, mm from the left and below the first row that it uses."""
    names = list(dict.fromkeys(panel.loc[panel["kind"] == "node", "name"]))
    first = min(place[name][1] for name in names)
    return {name: (_across(width)[int(place[name][0])], ROW * (place[name][1] - first)) for name in names}


def _close(panel: pd.DataFrame, spots: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """The same places without the rows that this panel leaves empty, unless arrows need one of them to get by."""
    arrows, half = drawn(panel), {name: half_of(label(name)) for name in spots}
    pairs = list(zip(arrows["name"], arrows["to"], strict=True))
    least = routes(pairs, spots, half)[1]
    for empty in range(int(max(y for _, y in spots.values()) / ROW), 0, -1):
        if any(abs(y - ROW * empty) < 0.5 * ROW for _, y in spots.values()):
            continue
        closer = {name: (x, y - ROW * (y > ROW * empty)) for name, (x, y) in spots.items()}
        cost = routes(pairs, closer, half)[1]
        if cost < max(least, 1.0):
            spots, least = closer, cost
    return spots


def _across(width: float) -> list[float]:
    return [x * width / style.SINGLE for x in CENTRES]


def chosen(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The panels: the first flawed design, another flawed in other ways, the first without an open path.

    Of a design's analyses the one that is given most speaks for it, of the first design any that is flawed. An analysis
    without an open path is passed by where one that is given more has one: it is right by luck.
    """
    views = [view for _, view in table.groupby(["design", "analyses"], sort=False)]
    designs: dict[str, list[pd.DataFrame]] = {}
    for view in views:
        designs.setdefault(str(view["design"].iloc[0]), []).append(view)
    best = [max(own, key=_given) for own in designs.values()]
    flawed = [view for view in best if _paths(view)]
    first = [view for view in next(iter(designs.values())) if _paths(view)]
    if first and (not flawed or flawed[0]["design"].iloc[0] != first[0]["design"].iloc[0]):
        flawed = [*(first if not flawed else first[:1]), *flawed]
    sound = [view for own in designs.values() for view in own
             if not _paths(view) and not any(_paths(other) and _given(other) > _given(view) for other in own)]  # fmt: skip
    others = [view for view in flawed[1:] if _paths(view) != _paths(flawed[0])]
    return [*flawed[:1], *others[: MOST - 1 - bool(sound)], *sound[:1]][:MOST] or views[:1]


def _paths(view: pd.DataFrame) -> frozenset[str]:
    return frozenset(view.loc[view["kind"] == "path", "name"])


def _given(view: pd.DataFrame) -> int:
    return int(view["given"].map(truth_value).sum())


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """The arrows of the picture: those into early survival, which are those into death, would only repeat them."""
    arrows = table[table["kind"] == "arrow"]
    return arrows[(arrows["to"] != "early survival") | arrows["open"]]


def _below(panel: pd.DataFrame, width: float) -> list[str]:
    """What is said under a panel: the ways through which paths are open."""
    ways = [_way(name) for name in panel.loc[panel["kind"] == "path", "name"] if name]
    said = panel.loc[(panel["kind"] == "path") & ~panel["name"].astype(bool), "says"]
    text = "Open through " + "; ".join(ways) + "." if ways else "No open path."
    return wrap(" ".join([text, *(f"{one[:1].upper()}{one[1:]}." for one in said)]), int((width - 6) / 1.06))


ALONE = ("early survival", "result as reported")  # ways to the exposure, or the report, that are no error of the record


def _way(path: str) -> str:
    nodes = path.split(" - ")
    between = [node for node in nodes if node not in TRIVIAL]
    if len(between) == 1 and nodes[1] == between[0] and between[0] not in ALONE:
        return f"errors of the record by {between[0]}"
    return " and ".join(map(in_a_sentence, between)) if between else "the record itself"


def in_a_sentence(node: str) -> str:
    """A node that stands for being in the study, as a noun."""
    if node.startswith(ELIGIBLE):
        return f"entry into the study ({node.removeprefix(ELIGIBLE).strip()})"
    return {"stage IV known": "stage IV becoming known", "alive at time zero": "being alive at time zero"}.get(node, node)


def label(node: str) -> str:
    """A node as it stands in the picture, in at most three short lines."""
    text = ON_RECORD.get(node) or "\n".join(wrap(words(node), 11, break_long_words=False))
    return text.replace("Iv", "IV")


def _panel(axes: Axes, panel: pd.DataFrame, lines: list[str], centres: dict) -> None:
    width, deep = axes.get_xlim()[1], axes.get_ylim()[0]
    axes.text(2, 2.2, _title(panel, int((width - 6) / 1.6)), fontsize=7, fontweight="bold", va="center")
    for column, x in zip(COLUMNS, _across(width), strict=True):
        axes.text(x, 5.6, {"record": "the record"}.get(column, column), ha="center", va="center", fontsize=5.5, color="#5F5F5F")
    axes.plot([2, width - 2], [7.3, 7.3], color="#D0D0D0", linewidth=0.5)
    half = {name: half_of(label(name)) for name in centres}
    for node in panel[panel["kind"] == "node"].itertuples():
        (x, y), (wide, high) = centres[node.name], half[node.name]
        if node.given:
            axes.add_patch(Rectangle((x - wide, y - high), 2 * wide, 2 * high, fill=False, linewidth=0.8, zorder=5))
        axes.text(x, y, label(node.name), ha="center", va="center", fontsize=SIZE, linespacing=1.0, zorder=6,
                  fontweight="bold" if node.open else "normal")  # fmt: skip
    _arrows(axes, drawn(panel), centres, half)
    colour = style.EXPOSED if panel["kind"].eq("path").any() else "black"
    for number, line in enumerate(lines):
        axes.text(2, deep - 2.4 - BESIDE * (len(lines) - 1 - number), line, fontsize=SIZE, color=colour, va="center")


def _title(panel: pd.DataFrame, letters: int) -> str:
    """The design and as many of its analyses as fit."""
    design, labels = words(panel["design"].iloc[0]), [words(one) for one in str(panel["analyses"].iloc[0]).split("; ")]
    for shown in range(len(labels), 0, -1):
        rest = f" and {len(labels) - shown} more" if shown < len(labels) else ""
        title = f"{design}: {', '.join(labels[:shown])}{rest}"
        if len(title) <= letters:
            return title
    return design if len(design) <= letters else design[: letters - 3] + "..."


def half_of(text: str) -> tuple[float, float]:
    """Half the width and height of a node's box, mm."""
    lines = text.split("\n")
    return 0.5 * LETTER * max(map(len, lines)) + 0.9, 0.5 * LINE * len(lines) + 0.6


def _arrows(axes: Axes, arrows: pd.DataFrame, centres: dict, half: dict) -> None:
    """The open ones first: the others go round them."""
    arrows = arrows.sort_values(["open", "effect"], ascending=False, kind="stable")
    lines, _ = routes(zip(arrows["name"], arrows["to"], strict=True), centres, half)
    for arrow, line in zip(arrows.itertuples(), lines, strict=True):
        look = OPEN if arrow.open else EFFECT if arrow.effect else CLOSED
        axes.add_patch(FancyArrowPatch(path=Path(line), arrowstyle="-|>", mutation_scale=7.0 if arrow.open else 4.5, shrinkA=0,
                                       shrinkB=0, capstyle="butt", joinstyle="miter", **look))  # fmt: skip


def _key(figure: Figure, shown: pd.DataFrame, width: float) -> None:
    plain = {name: OPEN[name] for name in OPEN if name != "zorder"}
    entries = [
        (shown["open"].any(), Line2D([], [], **plain), "open path: bias"),
        (True, Line2D([], [], color=CLOSED["color"], linewidth=0.8), "other arrow"),
        (shown["effect"].any(), Line2D([], [], **{name: EFFECT[name] for name in EFFECT if name != "zorder"}), "true effect"),
        (shown["given"].any(), Patch(fill=False, linewidth=0.8), "given (adjusted for, selected)"),
    ]
    handles, labels = zip(*[(handle, text) for there, handle, text in entries if there], strict=True)
    figure.legend(
        handles, labels, loc="lower left", ncols=2 if len(labels) > 3 else 3, fontsize=SIZE, borderaxespad=0, columnspacing=1.0,
        handlelength=1.6, handletextpad=0.5, labelspacing=0.3,
        bbox_to_anchor=(2 / width, 1.5 / (figure.get_size_inches()[1] / style.MM)),
    )  # fmt: skip


def _told(figure: Figure, shown: pd.DataFrame, panels: list[pd.DataFrame], left_out: list[str]) -> Drawing:
    effect = "a dashed arrow is a true effect" if shown["effect"].any() else "surgery has no arrow to death: it does nothing"
    return Drawing(
        figure=figure,
        numbers=shown,
        title="Causal diagram, in the order of time",
        caption=(
            "Each arrow is there because changing its cause alone, in a cohort of the study's own world, changes its result; "
            f"{effect}. Boxes are given: adjusted for, or selected by being in the study and under observation. Thick arrows "
            "are the paths, other than a true effect, along which exposure and outcome as recorded go together (d-separation). "
            "Arrows into early survival, which are those into death, are left out."
            + (f" Designs not shown: {', '.join(map(words, left_out))}." if left_out else "")
        ),
        alt="Causal diagrams. " + " ".join(map(_in_words, panels)),
    )


def _in_words(panel: pd.DataFrame) -> str:
    ways = [_way(name) for name in panel.loc[panel["kind"] == "path", "name"] if name]
    said = f"open through {'; '.join(ways)}" if ways else "no open path"
    return f"{panel['design'].iloc[0]} ({panel['analyses'].iloc[0]}): {said}."
