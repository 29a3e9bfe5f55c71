"""The numbers of every lesson are those of its study and of its exercises, and the exercises show what they expect."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from pathlib import Path

import pytest

from biasim.answers import on_log_scale
from biasim.config.load import load
from biasim.errors import BiasimError
from biasim.report.lesson_text import BLOCK, asked, filled
from biasim.store.tables import read_table

from .conftest import ROOT, Lesson, every_exercise, every_lesson

Ran = Callable[[Lesson, str], Path]
NUMBER = re.compile(r"[-+]?\d+\.\d+")
SURE = 4.0  # Monte Carlo standard errors
MOST = 800_000  # patients of an exercise over all replicates and scenarios, so that it runs in a second or two


def blocks(text: str) -> list[tuple[str, str]]:
    return [(f"{found['kind']}: {found['asked']}", found["old"]) for found in BLOCK.finditer(text)]


def of_exercise(words: str) -> bool:
    return words.startswith("table: ") and asked(words.removeprefix("table: ")).source.startswith("exercise_")


def test_two_numbers_are_the_same_within_a_unit_of_the_last_digit() -> None:
    assert same("| cox | 0.755 | -0.2793 (0.0045) |", "| cox | 0.756 | -0.2792 (0.0045) |")
    assert same("+0.0000", "-0.0000")
    assert not same("| cox | 0.755 |", "| cox | 0.757 |")
    assert not same("| month 2 | 0.755 |", "| month 3 | 0.755 |")
    assert not same("| cox | 0.755 |", "| cox | - |")


def same(stored: str, fresh: str) -> bool:
    """Equal texts, but for decimals that another platform may round the other way."""
    if NUMBER.sub("#", stored) != NUMBER.sub("#", fresh):
        return False
    for old, new in zip(NUMBER.findall(stored), NUMBER.findall(fresh), strict=True):
        unit = 10.0 ** -len(new.partition(".")[2])
        if abs(float(old) - float(new)) > unit + 1e-6:
            return False
    return True


@every_lesson
def test_generated_blocks_are_what_the_tables_say(lesson: Lesson, ran: Ran) -> None:
    def tables_of(source: str) -> Path:
        return (ran(lesson, source) if source.startswith("exercise_") else ROOT / "results" / source) / "tables"

    try:
        fresh = filled(lesson.text, tables_of)
    except BiasimError as error:
        pytest.fail(f"{lesson.place}: {error}")
    for (words, old), (_, new) in zip(blocks(lesson.text), blocks(fresh), strict=True):
        agree = same(old, new) if of_exercise(words) else old == new
        remedy = f"run `make lessons ARGS={lesson.name}`"
        assert agree, f"{lesson.place}: <!-- {words} --> is out of date; {remedy}. It should be\n{new}"


@every_exercise
def test_an_exercise_is_small_and_named_after_its_lesson(lesson: Lesson, exercise: str) -> None:
    study = load(lesson.folder / f"{exercise}.yaml")
    where = f"docs/lessons/{lesson.name}/{exercise}.yaml"
    assert study.name == f"{lesson.name}_{exercise}", f"{where}: write 'study: {lesson.name}_{exercise}'"
    patients = sum(scenario.size * study.replicates for scenario in study.scenarios)
    assert patients <= MOST, f"{where}: {patients:,} patients over all replicates, at most {MOST:,}: it is to run in two seconds"
    assert study.expect, f"{where}: write 'expect:' with a line for each design: favours surgery, none or against surgery"


@every_exercise
def test_an_exercise_shows_what_it_expects(lesson: Lesson, exercise: str, ran: Ran) -> None:
    """In the first scenario, for the first analysis of each design: beyond 4 MCSE on the side expected, or within 4."""
    study = load(lesson.folder / f"{exercise}.yaml")
    where = f"docs/lessons/{lesson.name}/{exercise}.yaml"
    rows = read_table(ran(lesson, exercise) / "tables" / "performance.csv")
    for design, wanted in study.expect.items():
        biases = [row for row in rows if row["scenario"] == "0" and row["design"] == design and row["measure"] == "bias"]
        assert biases, f"{where}: 'performance' names bias, or {design} cannot be judged"
        first = biases[0]
        distance = float(first["value"] or "nan") / float(first["mcse"] or "nan")
        assert isfinite(distance), f"{where}: {design}, {first['method']} gave no estimate"
        towards = distance if on_log_scale(first["estimand"]) else -distance
        found = "favours surgery" if towards < -SURE else "against surgery" if towards > SURE else "none"
        assert found == wanted, f"{where}: {design}, {first['method']}: {distance:+.1f} MCSE, that is '{found}', not '{wanted}'"
