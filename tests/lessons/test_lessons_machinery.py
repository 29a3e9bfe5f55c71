"""The writing of the blocks: by hand on a small table, and what is refused."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from biasim.cli.lessons import lesson_folders, lessons
from biasim.errors import BiasimError
from biasim.report.lesson_text import filled
from biasim.store.tables import write_table

PERFORMANCE = ("scenario", "design", "method", "estimand", "truth", "measure", "value", "mcse", "used", "attempts")
RATIO, DIFFERENCE = "marginal_log_hazard_ratio", "rmst_difference(horizon=60)"


def of(scenario: int, design: str, method: str, estimand: str, value: float, used: int = 10) -> list[list[object]]:
    measures = {"mean": (value, 0.02), "bias": (value, 0.02), "coverage": (0.25, 0.125), "rejection": (0.75, 0.125),
                "model_se": (0.0625, 0.001)}  # fmt: skip
    return [[scenario, design, method, estimand, 0, name, *pair, used, 10] for name, pair in measures.items()]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two scenarios, two designs, one analysis that failed twice and one whose estimand is a difference."""
    tables = tmp_path / "results" / "small" / "tables"
    rows = [row for scenario in (0, 1) for row in (
        *of(scenario, "registry", "cox", RATIO, log(0.5)), *of(scenario, "registry", "a | b", RATIO, log(0.8)),
        *of(scenario, "trial", "cox", RATIO, 0.0, used=8), *of(scenario, "trial", "rmst", DIFFERENCE, 1.5))]  # fmt: skip
    write_table(tables / "performance.csv", PERFORMANCE, rows)
    write_table(tables / "scenarios.csv", ("scenario", "size", "treatment.by_prognosis.share"), [[0, 500, 0.4], [1, 500, 0.2]])
    return tmp_path / "results"


def block(asked: str, old: str = "") -> str:
    return f"before\n\n<!-- {asked} -->\n{old}<!-- end -->\n\nafter\n"


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.fixture
def write(results: Path):
    """An opening comment -> the page with the block written."""
    return lambda asked, old="": filled(block(asked, old), lambda source: results / source / "tables")


def test_a_table_by_hand(write) -> None:
    assert lines_of(write("table: small [registry]; scenarios: 1; analyses: cox; columns: ratio, truth, bias, coverage")) == [
        "| `share` | design | analysis | hazard ratio | truth | bias of log HR (MCSE) | 95% covers (MCSE) |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
        "| 0.2 | registry | cox | 0.500 | 1.00 | -0.6931 (0.0200) | 25.0 (12.5) |",
    ]


def test_all_rows_by_default_differences_apart_and_failures_counted(write) -> None:
    text = write("table: small")
    rows = lines_of(text)
    assert len(rows) == 2 + 6 + 2 + 2
    assert rows[0].endswith("| failed |")
    assert rows[4] == "| 0.4 | trial | cox | 1.000 | 1.00 | +0.0000 (0.0200) | 25.0 (12.5) | 2/10 |"
    assert rows[8].startswith("| `share` | design | analysis | of what | difference | truth | bias (MCSE) |")
    assert rows[10] == f"| 0.4 | trial | rmst | {DIFFERENCE} | +1.500 | +0.000 | +1.500 (0.020) | 25.0 (12.5) |"
    assert text.startswith("before\n")
    assert text.endswith("<!-- end -->\n\nafter\n")


def test_a_bar_in_a_name_does_not_break_the_table(write) -> None:
    assert any("| a \\| b |" in line for line in lines_of(write("table: small [registry]")))


def test_columns_of_how_often_it_helps_and_of_the_error_reported(write) -> None:
    rows = lines_of(write("table: small [trial]; scenarios: 0; analyses: cox; columns: rejection, model_se"))
    assert rows[-1].endswith("| cox | 75.0 (12.5) | 0.0625 (0.0010) | 2/10 |")


def test_writing_twice_changes_nothing(write, results: Path) -> None:
    once = write("table: small", "stale\n")
    assert "stale" not in once
    assert filled(once, lambda source: results / source / "tables") == once


def test_published_figures_say_whether_they_were_seen_and_converted(write) -> None:
    text = write("published: cebp2022_dichotomous, e2108_khan2022, rashaan2012_nl")
    rows = lines_of(text)[2:]
    assert "HR 0.54 (0.51 to 0.57)" in rows[0]
    assert "doi:10.1158/1055-9965.EPI-22-0495" in rows[0]
    assert [row.split("|")[-2].strip() for row in rows] == ["seen", "seen", "recalled"]
    assert "| HR 1.11 (0.77 to 1.60) ‡ |" in rows[1]
    assert "| HR 0.90 (0.60 to 1.40) † |" in rows[2]
    assert "\n\n† recalled" in text
    assert "\n\n‡ interval converted to 95%" in text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("table: small [registri]", "Did you mean 'registry'"),
        ("table: small; analyses: coxx", "Did you mean 'cox'"),
        ("table: small; scenarios: 7", "no scenario '7'"),
        ("table: small; columns: baias", "Did you mean 'bias'"),
        ("table: small; colums: bias", "Did you mean 'columns'"),
        ("table: small [registry]; analyses: rmst", "all of what was asked for"),
        ("table: small registry", "is not 'study' or 'study \\[design, design\\]'"),
        ("table: smal", "cannot read"),
        ("published: cebp2022_dichotomus", "Did you mean 'cebp2022_dichotomous'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_likely_intention(write, asked: str, told: str) -> None:
    with pytest.raises(BiasimError, match=told):
        write(asked)


@pytest.mark.parametrize("page", ["<!-- table: small -->\n", block("table: small") + "<!-- table: small -->\n",
                                  "<!-- table: small -->\n" + block("table: small")])  # fmt: skip
def test_a_block_without_an_end_is_refused(page: str, results: Path) -> None:
    with pytest.raises(BiasimError, match="end -->"):
        filled(page, lambda source: results / source / "tables")


EXERCISE = """\
study: small_exercise_1
aim: a study for tests
world: two_scores
designs:
  registry: {time_zero: diagnosis, exposure: ever_operated, measurement: nothing, follow_up: complete, methods: [cox]}
estimands: [marginal_log_hazard_ratio]
performance: [mean, bias, coverage]
run: {size: 200, replicates: 4, seed: 1}
"""


def test_the_command_runs_exercises_writes_once_and_leaves_no_results(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lessons" / "small"
    folder.mkdir(parents=True)
    page = folder / "README.md"
    page.write_text(block("table: exercise_1") + block("table: small [registry]"))
    (folder / "exercise_1.yaml").write_text(EXERCISE)
    there = sorted(results.iterdir())
    lessons(["small"], tmp_path / "lessons", results)
    assert ": written" in capsys.readouterr().out
    assert len(lines_of(page.read_text())) == 3 + 6
    lessons(None, tmp_path / "lessons", results)
    assert ": as it was" in capsys.readouterr().out
    assert sorted(results.iterdir()) == there


def test_the_command_says_where_it_stopped(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lessons" / "small"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(block("table: exercise_2"))
    with pytest.raises(BiasimError, match=r"small.README\.md: no file .*exercise_2\.yaml"):
        lessons(None, tmp_path / "lessons", results)
    with pytest.raises(BiasimError, match="Did you mean 'small'"):
        lessons(["smal"], tmp_path / "lessons", results)
    with pytest.raises(BiasimError, match="a lesson is"):
        lesson_folders(tmp_path / "nowhere")
