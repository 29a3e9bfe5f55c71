"""The waterfall of an attribution: bars end where the numbers say, on wide and narrow pages, on either scale."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from biasim.figures._tables import Tables
from biasim.figures.attribution import attribution
from biasim.figures.draw import drawings
from biasim.figures.style import DOUBLE, SINGLE

NAMES = ["immortal time", "hidden prognosis that no registry holds", "stage migration"]


def table(estimand: str = "marginal_log_hazard_ratio", orders: int = 0) -> pd.DataFrame:
    moved = [0.0, -0.1, -0.15, -0.2, 0.05]
    rows = pd.DataFrame({
        "kind": ["truth", "not switched", *["mechanism"] * 3, "apparent"], "mechanism": ["", "", *NAMES, ""],
        "moved": [*moved, sum(moved)], "mcse": [0.0, 0.005, 0.002, 0.003, 0.002, 0.006], "orders_mcse": 0.001 * bool(orders),
        "alone": [np.nan, np.nan, -0.1, -0.25, 0.05, np.nan], "alone_mcse": 0.002,
        "left_out": [np.nan, np.nan, -0.2, -0.15, 0.05, np.nan], "left_out_mcse": 0.002,
        "reached": [*np.cumsum(moved), sum(moved)],
    })  # fmt: skip
    return rows.assign(design="registry", method="crude", estimand=estimand, size=10000, replicates=20, used=20, seed=1, sets=8,
                       orders=orders)  # fmt: skip


def drawn(width: float = DOUBLE, **how):
    return attribution(Tables(frames={"attribution": table(**how)}), width=width)


def test_bars_begin_where_the_last_one_ended() -> None:
    axes = drawn().figure.axes[0]
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert np.log([end for _, end in bars]) == pytest.approx([-0.1, -0.25, -0.45, -0.4])
    assert np.log([start for start, _ in bars]) == pytest.approx([0.0, -0.1, -0.25, -0.45], abs=1e-12)
    ticks = [line for line in axes.lines if line.get_marker() in ("|", "x")]
    at = [(line.get_marker(), float(np.log(line.get_xdata()[0]))) for line in ticks]
    assert at[:2] == [("|", pytest.approx(-0.2)), ("x", pytest.approx(-0.3))]  # from where the first bar begins
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert colours[1] == colours[2] != colours[3]


def test_months_have_a_linear_axis() -> None:
    drawing = drawn(estimand="rmst_difference(horizon=60)")
    axes = drawing.figure.axes[0]
    assert axes.get_xscale() == "linear"
    assert axes.patches[-1].get_x() == pytest.approx(-0.45)
    assert "months" in axes.get_xlabel()


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
def test_text_is_on_the_page_and_apart(width: float) -> None:
    figure = drawn(width=width).figure
    figure.draw_without_rendering()
    high = figure.get_size_inches()[1] * 25.4
    axes = figure.axes[0]
    low, top = axes.get_xlim()
    ticks = [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= top]
    texts = [*figure.texts, *axes.texts, *axes.get_yticklabels(), *ticks, axes.xaxis.label, *figure.legends[0].get_texts()]
    boxes = [(text.get_text(), text.get_window_extent().extents / figure.dpi * 25.4) for text in texts if text.get_text()]
    assert len(boxes) > 15
    for text, (left, bottom, right, upper) in boxes:
        assert min(left, bottom) > -0.2, text
        assert right < width + 0.2, text
        assert upper < high + 0.2, text
    for (one, a), (two, b) in combinations(boxes, 2):
        over = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert min(over) < 0.35, f"{one!r} overlaps {two!r}"


def test_it_is_told_in_words_and_drawn_with_the_others(tmp_path: Path) -> None:
    drawing = drawn(orders=100)
    assert "100 sampled orders" in drawing.caption
    assert drawing.caption.endswith(".")
    assert "Waterfall from 1.00 to 0.67" in drawing.alt
    assert "nan" not in (drawing.caption + drawing.alt)
    assert [name for name, _ in drawings(Tables(frames={"attribution": table()}))] == ["attribution"]
