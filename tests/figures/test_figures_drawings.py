"""What is drawn: the stored numbers, in the right place, readable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from biasim.figures._forest_rows import _label
from biasim.figures._tables import Tables, read, results
from biasim.figures.bias_by_parameter import bias_by_parameter, families
from biasim.figures.drawing import Drawing
from biasim.figures.forest import forest
from biasim.figures.funnel import funnel
from biasim.figures.hazard_ratio_over_time import hazard_ratio_over_time
from biasim.figures.love import love
from biasim.figures.person_time import person_time
from biasim.figures.style import DOUBLE, SINGLE, journal
from biasim.figures.survival_curves import survival_curves
from biasim.figures.vibration import vibration

FIGURES: dict[str, Callable[[Tables, Tables, float], Drawing]] = {
    "forest": lambda plain, _, width: forest(plain, width=width),
    "forest of scenarios": lambda _, many, width: forest(many, width=width),
    "survival_curves": lambda plain, _, width: survival_curves(plain, "registry", width=width),
    "person_time": lambda plain, _, width: person_time(plain, "registry", width=width),
    "person_time from a landmark": lambda plain, _, width: person_time(plain, "landmark", width=width),
    "hazard_ratio_over_time": lambda plain, _, width: hazard_ratio_over_time(plain, width=width),
    "funnel": lambda plain, _, width: funnel(plain, "registry", width=width),
    "vibration": lambda plain, _, width: vibration(plain, "registry", width=width),
    "love": lambda plain, _, width: love(plain, "registry", width=width),
    "bias_by_parameter": lambda _, many, width: bias_by_parameter(many, width=width),
}


@journal
def boxes(drawing: Drawing) -> Iterator[tuple[str, np.ndarray]]:
    """Text and its extent in mm (left, bottom, right, top), for every text that is drawn."""
    figure = drawing.figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    found, outside = [], set()  # outside: labels of ticks beyond the axis, which are not drawn
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        outside |= {label for t in ticks if not low <= t.get_loc() <= high for label in (t.label1, t.label2)}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in outside:
            found.append((text.get_text(), text.get_window_extent(renderer).extents / figure.dpi * 25.4))
    return iter(found)


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
@pytest.mark.parametrize("name", FIGURES)
def test_text_is_on_the_page_and_apart(name: str, width: float, plain_study: Path, varied_study: Path) -> None:
    drawing = FIGURES[name](read(plain_study), read(varied_study), width)
    high = drawing.figure.get_size_inches()[1] * 25.4
    drawn = list(boxes(drawing))
    assert drawn
    for text, (left, bottom, right, top) in drawn:
        assert left > -0.2, text
        assert bottom > -0.2, text
        assert right < width + 0.2, text
        assert top < high + 0.2, text
    for (one, a), (two, b) in combinations(drawn, 2):
        over = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert min(over) < 0.35, f"{one!r} overlaps {two!r}"


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_told_in_words(name: str, plain_study: Path, varied_study: Path) -> None:
    drawing = FIGURES[name](read(plain_study), read(varied_study), DOUBLE)
    assert drawing.title
    assert drawing.caption.endswith(".")
    assert drawing.alt.endswith(".")
    assert "nan" not in (drawing.caption + drawing.alt).split()
    assert len(drawing.numbers)


def test_forest_stands_where_the_numbers_are(plain_study: Path) -> None:
    drawing = forest(read(plain_study))
    axes = drawing.figure.axes[0]
    points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    ratio = results(read(plain_study))
    ratio = ratio[ratio["estimand"].str.contains("hazard")]
    assert points == pytest.approx(list(np.exp(ratio["mean"])))
    assert axes.get_xscale() == "log"
    assert {0.5, 1.0, 1.25} <= set(axes.get_xticks())
    assert axes.get_xlim() == drawing.figure.axes[1].get_xlim()  # published figures on the same axis
    printed = [text.get_text() for text in axes.texts]
    assert "0.570 (0.001)" in printed
    assert "Cox matched *" in printed  # some replicates gave no estimate


def test_forest_marks_recalled_and_converted_figures(plain_study: Path) -> None:
    printed = [text.get_text() for text in forest(read(plain_study)).figure.axes[1].texts]
    assert "Rashaan 2012 †" in printed
    assert "Khan 2022 (ECOG-ACRIN E2108) ‡" in printed
    assert "1.11 (0.77–1.60)" in printed  # 0.82 to 1.52 at 90%
    assert "Fitzal 2019 ¶" in printed
    assert not any(text.startswith("Cady 2008") for text in printed)  # printed no hazard ratio


@pytest.mark.parametrize("width", [DOUBLE, SINGLE, 60.0])
def test_a_recalled_figure_is_marked_in_the_picture_its_caption_its_text_and_its_table(plain_study: Path, width: float) -> None:
    drawing = forest(read(plain_study), width=width)
    printed = [text.get_text() for axes in drawing.figure.axes for text in axes.texts]
    assert next(text for text in printed if text.startswith("Rashaan")).endswith(" †")
    assert next(text for text in printed if text.startswith("Khan 2022")).endswith(" ‡")
    assert "Rashaan, Eur J Surg Oncol, 2012 (recalled, not seen)" in drawing.caption
    assert " † recalled" in drawing.caption
    assert "Rashaan 2012 0.9 (recalled)" in drawing.alt
    row = drawing.numbers[drawing.numbers["method"] == "Rashaan 2012 †"]
    assert list(row["source"]) == ["published, recalled"]


def test_a_mark_is_not_cut_with_a_long_name() -> None:
    cut = _label({"label": "Tosello 2018 of the Cochrane Collaboration", "marks": " † ‡"}, 25.0)
    assert cut.endswith("… † ‡")
    assert len(cut) * 1.32 < 25.0


def test_a_figure_from_another_cancer_names_it(plain_study: Path) -> None:
    tables = replace(read(plain_study), published=("you2020_npc", "khan2002_ncdb"))
    printed = [text.get_text() for text in forest(tables).figure.axes[1].texts]
    assert "You 2020 (nasopharynx)" in printed


def test_a_method_without_any_estimate_keeps_its_row(plain_study: Path) -> None:
    tables = read(plain_study)
    table = tables.frames["performance"].copy()
    lost = (table["design"] == "landmark") & (table["method"] == "cox")
    table.loc[lost, ["value", "mcse"]] = np.nan
    table.loc[lost, "used"] = 0
    drawing = forest(Tables(frames={**tables.frames, "performance": table}))
    assert "no estimate" in [text.get_text() for text in drawing.figure.axes[0].texts]
    assert "Cox in Landmark: 0 of 1000 replicates usable" in drawing.caption


def people(**columns: list) -> Tables:
    size = len(columns["wait"])
    frame = pd.DataFrame({"design": "registry", "patient": range(size), "time_zero": 0.0, "died": "true", **columns})
    return Tables(frames={"person_time": frame})


def test_immortal_months_by_hand() -> None:
    tables = people(group=["unexposed", "exposed", "exposed"], wait=[np.nan, 9.0, 4.0], decided=[np.nan, 9.0, 4.0],
                    end=[5.0, 20.0, 30.0])  # fmt: skip
    drawing = person_time(tables, "registry")
    assert list(drawing.numbers["patient"]) == [2, 1, 0]  # exposed first, by month of surgery
    assert list(drawing.numbers["immortal"]) == [4.0, 9.0, 0.0]
    assert "13 immortal months in 2 patients" in drawing.alt


def test_no_month_is_immortal_after_a_landmark_or_when_exposure_begins_at_surgery() -> None:
    columns = {"group": ["unexposed", "exposed"], "wait": [np.nan, 4.0], "decided": [np.nan, 4.0], "end": [9.0, 20.0]}
    assert "no immortal months" in person_time(people(**columns, time_zero=6.0), "registry").alt
    risk = pd.DataFrame({"design": "registry", "group": ["exposed", "exposed", "unexposed", "unexposed"],
                         "month": [0, 6, 0, 6], "at_risk": [0, 1, 2, 1], "events": 0})  # fmt: skip
    tables = people(**columns)
    over_time = Tables(frames={**tables.frames, "at_risk": risk})
    assert "counts as unexposed" in person_time(over_time, "registry").caption


def test_a_diagnosis_brought_forward_is_in_the_picture_and_immortal() -> None:
    tables = people(group=["unexposed", "exposed"], wait=[np.nan, 4.0], decided=[np.nan, 0.0], end=[9.0, 20.0],
                    time_zero=[0.0, -6.0])  # fmt: skip
    drawing = person_time(tables, "registry")
    axes = drawing.figure.axes[0]
    assert axes.get_xlim()[0] == -6.0
    assert "6 immortal months in 1 patients" in drawing.alt
    assert all(line.get_xdata().min() >= 0.0 for line in axes.lines)  # no month before time zero is thrown away
    assert min(bar.get_x() for bar in axes.patches) == -6.0


def test_curves_that_coincide_say_so_and_others_do_not(plain_study: Path) -> None:
    tables = read(plain_study)
    assert "coincide" in survival_curves(tables, "registry").alt
    curves = tables.frames["curves"].copy()
    better = curves["group"] == "all operated"
    curves.loc[better, "survival"] **= 0.7
    assert "differ by the true effect" in survival_curves(Tables(frames={"curves": curves}), "registry").alt


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        ({"death": {}}, ("Alive (%)", "Alive (%)")),
        ({"death_of_the_cancer": {"missed": 0.1}}, ("Without the event (%)", "Without the event (%)")),
        ({"local_progression": {"read_as": "death"}}, ("Without the event (%)", "Alive (%)")),
    ],
)
def test_nobody_is_called_dead_or_alive_by_another_outcome(plain_study: Path, outcome: dict, labels: tuple[str, str]) -> None:
    tables = read(plain_study)
    study = {"designs": {"registry": {"outcome": outcome}}}
    curves = survival_curves(Tables(frames=tables.frames, study=study), "registry")
    assert tuple(axes.get_ylabel() for axes in curves.figure.axes) == labels
    assert ("alive at 36 months" in curves.alt) == ("death" in outcome)
    lines = person_time(Tables(frames=tables.frames, study=study), "registry")
    key = {text.get_text() for text in lines.figure.legends[0].get_texts()}
    assert ("Death" in key) == ("death" in outcome) == ("deaths" in lines.alt)


def test_numbers_at_risk_stand_under_their_ticks(plain_study: Path) -> None:
    tables = read(plain_study)
    axes = survival_curves(tables, "registry").figure.axes[0]
    stand = {(round(text.get_position()[0]), text.get_text()) for text in axes.texts}
    risk = tables.need("at_risk").query("design == 'registry' and group == 'exposed'").set_index("month")["at_risk"]
    ticks = [tick for tick in axes.get_xticks() if tick in risk.index]
    assert len(ticks) >= 5
    assert {(round(tick), f"{risk[tick]:.0f}") for tick in ticks} <= stand


def test_bias_lines_are_the_stored_biases(varied_study: Path) -> None:
    tables = read(varied_study)
    assert families(tables) == ["log_hazard_ratio", "rmst_difference(horizon=60)", "survival_difference(at=36)"]
    axes = bias_by_parameter(tables).figure.axes[0]  # registry, odds ratio 1
    cox = next(box for box in axes.containers)
    stored = tables.need("performance").query("design == 'registry' and method == 'cox' and measure == 'bias'")
    assert list(cox.lines[0].get_xdata()) == [1.0, 4.0, 8.0]
    assert list(cox.lines[0].get_ydata()) == pytest.approx(list(stored.query("scenario < 3")["value"]))


def unmoved(tables: Tables, design: str) -> Tables:
    """The tables with one design as it is in the first scenario in all of them."""
    frames = dict(tables.frames)
    for name in ("performance", "truths"):
        table = frames[name]
        first = table[(table["scenario"] == 0) & (table["design"] == design)]
        others = table[table["design"] != design]
        copies = [first.assign(scenario=number) for number in sorted(table["scenario"].unique())]
        frames[name] = pd.concat([others, *copies], ignore_index=True)
    return replace(tables, frames=frames)


def test_a_design_that_the_parameter_does_not_touch_has_no_panel_and_stands_once(varied_study: Path) -> None:
    tables = read(varied_study)
    design = tables.need("performance")["design"].iloc[0]
    drawn = bias_by_parameter(unmoved(tables, design))
    assert design not in set(drawn.numbers["design"])
    assert "Not shown" in drawn.caption
    assert "Not shown" not in bias_by_parameter(tables).caption
    rows = forest(unmoved(tables, design)).numbers
    assert not rows[rows["design"] == design].duplicated(["method", "estimand"]).any()
    both = forest(tables).numbers
    assert both[both["design"] == design].duplicated(["method", "estimand"]).any()


def test_a_logarithmic_axis_says_so(varied_study: Path) -> None:
    for axes in bias_by_parameter(read(varied_study)).figure.axes:
        if axes.get_xlabel():
            assert ("log scale" in axes.get_xlabel()) == (axes.get_xscale() == "log")


def test_a_parameter_in_words_makes_categories(varied_study: Path) -> None:
    tables = read(varied_study)
    scenarios = tables.need("scenarios")[["scenario", "size"]].assign(**{"design.exposure": list("aaabbb")})
    drawing = bias_by_parameter(Tables(frames={**tables.frames, "scenarios": scenarios}))
    drawing.figure.draw_without_rendering()
    assert [label.get_text() for label in drawing.figure.axes[0].get_xticklabels()] == ["a", "b"]


def test_hazard_ratios_over_time_are_the_stored_ones(plain_study: Path) -> None:
    tables = read(plain_study)
    drawing = hazard_ratio_over_time(tables)
    table = tables.need("hazard_ratio")
    assert [axes.get_title(loc="left") for axes in drawing.figure.axes] == ["a  Registry", "b  Landmark", "c  Trial"]
    for axes, design in zip(drawing.figure.axes, table["design"].unique(), strict=True):
        rows = table[table["design"] == design]
        _, seen, true, constant = (np.asarray(line.get_ydata(), dtype=float) for line in axes.lines)
        assert seen == pytest.approx(np.exp(rows.loc[rows["kind"] == "observed", "log_ratio"]).to_numpy())
        assert true == pytest.approx(1.0)
        assert constant == pytest.approx(np.exp(-0.2))
        assert axes.get_yscale() == "log"
        assert 1.0 in axes.get_yticks()
    printed = [text.get_text() for axes in drawing.figure.axes for text in axes.texts]
    assert printed == ["Test for trend: p < 0.001", "Test for trend: p = 0.600", "Test for trend: p = 0.600"]
    assert "Design registry: observed 0.35 at month 1 and 1.00 at month 99; in truth 1.00 at month 1" in drawing.alt


def test_a_design_without_a_curve_says_so(plain_study: Path) -> None:
    table = read(plain_study).need("hazard_ratio")
    short = table[(table["design"] == "trial") & (table["kind"] == "constant")]
    drawing = hazard_ratio_over_time(Tables(frames={"hazard_ratio": short}), width=SINGLE)
    assert drawing.alt.endswith("No curve could be drawn.")


def test_a_funnel_shows_every_study_about_the_pooled_value_and_the_truth_apart(plain_study: Path) -> None:
    tables = read(plain_study)
    drawing = funnel(tables, "registry")
    (axes,) = drawing.figure.axes
    points = next(line for line in axes.lines if line.get_marker() == "o").get_xydata()
    stored = tables.need("studies")
    np.testing.assert_allclose(points[:, 0], np.exp(stored["estimate"]))
    np.testing.assert_allclose(points[:, 1], stored["standard_error"])
    assert "pooled hazard ratio of 0.60" in drawing.alt
    assert "the truth is 1.00" in drawing.alt
    assert axes.get_ylim()[1] == 0.0  # the most precise studies on top


def test_a_funnel_leaves_open_what_nobody_wrote_up(plain_study: Path) -> None:
    tables = read(plain_study)
    stored = tables.need("studies").assign(written_up=[True] * 8 + [False] * 4)
    drawing = funnel(Tables(frames={**tables.frames, "studies": stored}), "registry")
    (axes,) = drawing.figure.axes
    seen, unseen = (line for line in axes.lines if line.get_marker() == "o")
    assert len(seen.get_xdata()) == 8
    np.testing.assert_allclose(unseen.get_xdata(), np.exp(stored["estimate"].iloc[8:]))
    assert unseen.get_markerfacecolor() == "none"
    assert "4 of them not written up" in drawing.alt
    assert "the 4 studies that nobody wrote up" in drawing.caption


def test_vibration_shows_every_analysis_and_the_one_reported(plain_study: Path) -> None:
    tables = read(plain_study)
    rows = {"design": "registry", "method": ["few"] * 2 + ["cox"] * 3, "model": ["a", "b", "crude", "matched", "weighted"],
            "estimate": [0.1, 0.2, -0.3, 0.1, 0.0], "p": [0.5, 0.4, 0.01, 0.4, 1.0],
            "reported": [True, False, True, False, False]}  # fmt: skip
    with_table = Tables(frames={**tables.frames, "vibration": pd.DataFrame(rows)})
    drawing = vibration(with_table, "registry")
    (axes,) = drawing.figure.axes
    dots, diamond = (next(line for line in axes.lines if line.get_marker() == mark).get_xydata() for mark in "oD")
    np.testing.assert_allclose(dots[:, 0], np.exp([-0.3, 0.1, 0.0]))  # of the method that tried most
    np.testing.assert_allclose(diamond, [[np.exp(-0.3), 2.0]])
    assert "3 analyses" in drawing.alt
    assert "1 of them significant" in drawing.alt
    assert "the one reported (crude), hazard ratio 0.74, p = 0.01" in drawing.caption
    low, high = axes.get_xlim()
    assert low < 0.79
    assert high > 1.27
    none = pd.DataFrame(rows).assign(reported=False)
    again = vibration(Tables(frames={**tables.frames, "vibration": none}), "registry")
    assert "the median of all is reported" in again.caption
