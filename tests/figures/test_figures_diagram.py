"""The causal diagram as a figure: which designs are shown, that nothing touches, and that it says what the table says."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from biasim.config.load import load, resolve
from biasim.config.resolve import all_studies
from biasim.engine.diagram import diagrams
from biasim.engine.diagram_table import Row, rows
from biasim.engine.plan import plan
from biasim.figures._diagram_layout import at, curve, placements, routes
from biasim.figures._tables import Tables
from biasim.figures.diagram import ROW, chosen, diagram, drawn, half_of, label
from biasim.figures.drawing import Drawing

NAMES = sorted(Path(file).stem for file in all_studies())


@cache
def table(name: str) -> pd.DataFrame:
    study = load(resolve(name))
    return pd.DataFrame(list(rows(diagrams(plan(study.scenarios[0], study.seed)))), columns=Row._fields)


@cache
def figure(name: str) -> Drawing:
    return diagram(Tables(frames={"diagram": table(name)}))


def panels(name: str) -> list[tuple[str, str]]:
    return [(one["design"].iloc[0], one["analyses"].iloc[0]) for one in chosen(table(name))]


def test_a_flawed_design_another_and_the_remedy() -> None:
    assert panels("immortal_time") == [("registry", "cox(adjust=true); cox_matched"), ("landmark", "cox")]
    assert panels("informative_censoring")[0] == ("registry", "cox")  # crude: adjusted, it is the remedy
    assert panels("measurement_error")[-1][0] == "checked_in_part"  # not a crude analysis that happens to be right
    shown = [design for design, _ in panels("paradox")]
    assert shown == ["registry", "surgery_dates", "everything_measured"]
    assert [one for _, one in panels("immortal_time_remedies")][:2] == ["ever or never", "immortal time excluded"]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_touches_another_nor_leaves_the_page(name: str) -> None:
    page = figure(name).figure
    page.canvas.draw()
    whole = page.bbox
    legend = page.legends[0].get_window_extent()
    assert legend.x0 >= whole.x0
    assert legend.x1 <= whole.x1
    for axes in page.axes:
        boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts if text.get_text()]
        for number, (one, box) in enumerate(boxes):
            assert box.x0 >= whole.x0 - 1, one
            assert box.x1 <= whole.x1 + 1, one
            for other, second in boxes[:number]:
                assert not box.overlaps(second), (one, other)


@pytest.mark.parametrize("name", NAMES)
def test_no_arrow_runs_over_a_node(name: str) -> None:
    page = figure(name).figure
    page.canvas.draw()
    for axes, panel in zip(page.axes, chosen(table(name)), strict=True):
        arrows, inverse = drawn(panel), axes.transData.inverted()
        arrows = arrows.sort_values(["open", "effect"], ascending=False, kind="stable")
        lines = [patch.get_path() for patch in axes.patches if hasattr(patch, "get_arrowstyle")]
        texts = {text.get_text(): text.get_window_extent() for text in axes.texts}
        for arrow, line in zip(arrows.itertuples(), lines, strict=True):
            for node in panel.loc[panel["kind"] == "node", "name"]:
                if node not in (arrow.name, arrow.to):
                    (x0, y1), (x1, y0) = inverse.transform(texts[label(node)].get_points())
                    inside = [(x0 < x < x1) and (y0 < y < y1) for x, y in line.vertices]
                    assert not any(inside), (arrow.name, arrow.to, node)


def test_the_words_are_those_of_the_table() -> None:
    drawing = figure("stage_migration")
    assert "open through stage IV becoming known and occult metastases" in drawing.alt
    assert "known_at_diagnosis (cox): no open path" in drawing.alt
    assert set(drawing.numbers["kind"]) == {"node", "arrow", "path"}
    assert "does nothing" in drawing.caption


def test_designs_without_a_panel_are_named_and_empty_rows_are_left_out() -> None:
    drawing = figure("selection_into_study")
    assert "Designs not shown: The fit travel, Region, Prognosis measured." in drawing.caption
    assert "entry into the study (referred)" in drawing.alt
    assert "Designs not shown" not in figure("stage_migration").caption
    first = drawing.figure.axes[0]
    heights = sorted(text.get_position()[1] for text in first.texts[6:-1])
    assert max(two - one for one, two in pairwise(heights)) < 1.5 * ROW


def test_survival_runs_along_the_bottom_and_nothing_stands_between_surgery_and_exposure() -> None:
    columns = {"diagnosis": ["cause"], "treatment": ["surgery"], "follow-up": ["early survival", "alive at time zero"],
               "death": ["death"], "record": ["exposure as recorded", "outcome as recorded"]}  # fmt: skip
    for place in placements(columns, [("cause", "surgery"), ("surgery", "exposure as recorded"), ("cause", "death")], 4):
        assert place["death"][1] == place["outcome as recorded"][1] == 3.0
        row = place["surgery"][1]
        assert place["exposure as recorded"][1] == row
        assert row not in (place["early survival"][1], place["alive at time zero"][1])


def test_a_curve_goes_round_what_stands_in_its_way() -> None:
    centres, half = {"a": (0.0, 0.0), "b": (40.0, 0.0), "c": (20.0, 0.0)}, dict.fromkeys("abc", half_of("node"))
    straight, free = routes([("a", "b")], {"a": centres["a"], "b": centres["b"]}, half)
    assert free == 0.0
    assert abs(straight[0][:, 1]).max() < 1e-9
    bent, cost = routes([("a", "b")], centres, half)
    assert 0.0 < cost < 1.0
    assert abs(bent[0][:, 1]).max() > half["c"][1]
    assert at(curve((0, 0), (10, 0), 0.0), 0.5).tolist() == [[5.0, 0.0]]
