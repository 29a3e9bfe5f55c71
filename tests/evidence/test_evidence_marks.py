"""No figure that is recalled, converted or turned is printed without its mark, wherever evidence is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console

from biasim.evidence.catalogue import every_row
from biasim.evidence.published import published
from biasim.report.description_text import description_text
from biasim.report.evidence_text import everything, legend, listing
from biasim.report.lesson_text import published_table

ROOT = Path(__file__).parents[2]
MARKED = [row for row in every_row().values() if row.marks]
PRINTS = {
    # the places that print rows of the evidence; every one of them is asked for its marks, here or where it says
    "figures/forest.py",  # tests/figures/test_figures_drawings.py
    "report/description_text.py", "report/evidence_text.py", "report/lesson_text.py",
    "cli/evidence.py",  # prints what report/evidence_text.py gives it
    "engine/solve.py",  # tests/engine/test_engine_solve.py: what report/solution_text.py and figures/solution.py print
    "cli/opening.py", "cli/solve.py",  # ids only
}  # fmt: skip
DESCRIPTION = """\
design,group,quantity,value
registry,all,patients,2000
registry,exposed,share,0.5
"""


def text_of(pieces: object, width: int = 100) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        for piece in pieces:
            console.print(piece, highlight=False)
    return captured.get()


def test_the_places_that_print_evidence_are_known() -> None:
    house = ROOT / "src" / "biasim"
    users = {str(file.relative_to(house)) for file in house.rglob("*.py") if "biasim.evidence" in file.read_text()}
    assert {user for user in users if not user.startswith("evidence/")} == PRINTS


@pytest.mark.parametrize("row", MARKED, ids=[row.id for row in MARKED])
def test_marks_in_listings_lessons_and_alone(row) -> None:
    for told in (text_of(listing("table", [row])), text_of(everything(row)), published_table(row.id)):
        for mark in row.marks:
            assert told.count(mark) >= 2, f"{mark} beside the figure and explained:\n{told}"
    assert legend([row])[0].startswith(row.marks[0])


def test_marks_under_a_result(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "description.csv").write_text(DESCRIPTION)
    ids = ("khan2002_ncdb", "rashaan2012_nl", "e2108_khan2022", "abcsg28_fitzal2019")
    lines = text_of(description_text(tmp_path, ids), 110).splitlines()
    assert any(line.startswith("Rashaan 2012 †") for line in lines)  # in the table of who was operated
    for id, marks in zip(ids, ("", " †", " ‡", " ¶"), strict=True):
        row = published(id)
        line = next(line for line in lines if f" {row.label}" in line and f"{row.hr:.2f}" in line)
        assert f"{row.hr:.2f} ({row.low:.2f}-{row.high:.2f}){marks} " in line
    assert [line[0] for line in lines[-3:]] == ["†", "‡", "¶"]


def test_a_lesson_that_names_a_recalled_row_says_so() -> None:
    recalled = {row.id for row in every_row().values() if not row.verified}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for paragraph in re.split(r"\n\n|(?<=\|)\n", page.read_text(encoding="utf-8")):
            named = recalled & set(re.findall(r"`(\w+)`", paragraph))
            assert not named or re.search("recalled|assumed|†", paragraph), f"{page.name}: {named} without a mark:\n{paragraph}"
