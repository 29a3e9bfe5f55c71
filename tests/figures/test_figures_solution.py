"""The figures of an inversion: the response with its roots, and the curve of two unknowns."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from biasim.figures._tables import Tables
from biasim.figures.draw import drawings
from biasim.figures.solution import solution
from biasim.figures.style import DOUBLE, SINGLE

RUN = {"design": "registry", "method": "cox", "estimand": "marginal_log_hazard_ratio", "size": 5000, "replicates": 20, "seed": 1,
       "target_source": "Khan, Surgery, 2002; † recalled", "target_marks": "†"}  # fmt: skip
TARGET = {"kind": "target", "log_hazard_ratio": np.log(0.61), "low": np.log(0.58), "high": np.log(0.65)}
COLUMNS = ["kind", "first", "second", "log_hazard_ratio", "mcse", "low", "high"]


def one(**target: float) -> pd.DataFrame:
    values = np.geomspace(0.1, 1.0, 9)
    rows = [TARGET | target, *({"kind": "scan", "first": x, "log_hazard_ratio": 0.25 * np.log(x), "mcse": 0.006} for x in values)]
    rows += [{"kind": "root", "first": 0.14, "log_hazard_ratio": np.log(0.61), "mcse": 0.004, "low": 0.13, "high": 0.15}]
    paths = {"first_path": "treatment.by_prognosis.hidden_odds_ratio", "second_path": np.nan}
    return pd.DataFrame(rows, columns=COLUMNS).assign(**paths, **RUN)


def two(**target: float) -> pd.DataFrame:
    rows: list[dict] = [TARGET | target]
    for x in np.geomspace(0.1, 1.0, 9):
        for y in np.linspace(0.1, 1.2, 7):
            rows.append({"kind": "scan", "first": x, "second": y, "log_hazard_ratio": y * np.log(x) / 2, "mcse": 0.01})
    for x in np.geomspace(0.1, 1.0, 9):
        y = 2 * np.log(0.61) / np.log(x) if x < 0.4 else np.nan
        rows.append({"kind": "curve", "first": x, "second": y, "mcse": 0.01, "low": 0.9 * y, "high": 1.1 * y})
    paths = {"first_path": "treatment.by_prognosis.hidden_odds_ratio", "second_path": "patients.two_scores.hidden_log_ratio"}
    return pd.DataFrame(rows, columns=COLUMNS).assign(**paths, **RUN)


def drawn(table: pd.DataFrame, width: float = SINGLE):
    return solution(Tables(frames={"solution": table}), width=width)


def test_the_response_and_its_root_stand_where_the_numbers_are() -> None:
    axes = drawn(one()).figure.axes[0]
    by_marker = {line.get_marker(): line for line in axes.lines}
    assert by_marker["o"].get_xdata() == pytest.approx(np.geomspace(0.1, 1.0, 9))
    assert by_marker["o"].get_ydata() == pytest.approx(np.geomspace(0.1, 1.0, 9) ** 0.25)
    assert (by_marker["D"].get_xdata()[0], by_marker["D"].get_ydata()[0]) == pytest.approx((0.14, 0.61))
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_curve_stands_where_the_numbers_are() -> None:
    axes = drawn(two()).figure.axes[0]
    [curve] = [line for line in axes.lines if line.get_marker() == "D"]
    x, y = curve.get_xdata(), curve.get_ydata()
    assert y * np.log(x) / 2 == pytest.approx(np.log(0.61))
    assert len(x) == 5


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
@pytest.mark.parametrize("table", [one(), two(), one(low=np.nan, high=np.nan), two(low=np.nan, high=np.nan)])
def test_text_is_on_the_page_and_apart(table: pd.DataFrame, width: float) -> None:
    figure = drawn(table, width).figure
    figure.draw_without_rendering()
    high, axes = figure.get_size_inches()[1] * 25.4, figure.axes[0]
    ticks = [tick.label1 for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()]
    texts = [*figure.texts, *ticks, axes.xaxis.label, axes.yaxis.label, *figure.legends[0].get_texts()]
    boxes = [(text.get_text(), text.get_window_extent().extents / figure.dpi * 25.4) for text in texts if text.get_text()]
    assert len(boxes) > 10
    for text, (left, bottom, right, top) in boxes:
        assert min(left, bottom) > -0.2, text
        assert right < width + 0.2, text
        assert top < high + 0.2, text
    for (first, a), (second, b) in combinations(boxes, 2):
        over = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert min(over) < 0.35, f"{first!r} overlaps {second!r}"


@pytest.mark.parametrize("table", [one(), two()])
def test_it_is_told_in_words_and_drawn_with_the_others(table: pd.DataFrame) -> None:
    drawing = drawn(table)
    assert "0.61 (0.58 to 0.65) †, Khan, Surgery, 2002; † recalled." in drawing.caption
    assert "†" in drawing.alt
    assert drawing.caption.endswith(".")
    assert drawing.alt.endswith(".")
    assert "nan" not in drawing.caption + drawing.alt
    assert [name for name, _ in drawings(Tables(frames={"solution": table}))] == ["solution"]
