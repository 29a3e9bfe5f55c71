"""Every lesson has what a seminar needs, in one order, and says only what stands in the study, the tables and the commands."""

from __future__ import annotations

import csv
import re
import shlex
from functools import cache

import pytest
import typer

from biasim.cli.app import app
from biasim.errors import BiasimError
from biasim.registry import SIGNATURES, names
from biasim.report.lesson_index import with_index

from .conftest import CONFIGS, EXERCISES, LESSONS, ROOT, Lesson, every_lesson, lessons

HEADINGS = (
    "The question", "Write this down first", "The wrong answer", "The diagram", "The line of the study file",
    "The remedy, and what it assumes", "Exercises", "In print", "Ask the authors", "Ninety minutes",
)  # fmt: skip
EVIDENCE = ROOT / "src" / "biasim" / "evidence"
METHOD = re.compile(r"^Method: .+\n(?:.+\n)*", re.M)  # a paragraph of references that are no figures about surgery
UsageError = typer.BadParameter.__mro__[1]  # also of an option or an argument that is not known or missing


def test_there_are_lessons_and_the_index_lists_them_all() -> None:
    index = (LESSONS / "README.md").read_text(encoding="utf-8")
    assert len(lessons()) > 1
    assert with_index(index, {lesson.name: lesson.text for lesson in lessons()}) == index, "docs/lessons/README.md: make lessons"


def test_a_lesson_without_its_line_is_named() -> None:
    with pytest.raises(BiasimError, match="the lesson 'b' has no line for the index: write <!-- index: the bias"):
        with_index("<!-- index -->\n<!-- end -->", {"b": "# B\n"})
    with pytest.raises(BiasimError, match="no index: write"):
        with_index("# Lessons\n", {})
    made = with_index("a\n<!-- index -->\nold\n<!-- end -->\nz", {"b": "# B\n\n<!-- index: x y | none | c, d -->\n"})
    assert made.splitlines()[4] == "| x y | [b](b/README.md) | `configs/b.yaml` | none | c, d |"


def test_no_folder_without_a_page() -> None:
    empty = [folder.name for folder in LESSONS.iterdir() if folder.is_dir() and not (folder / "README.md").is_file()]
    assert not empty, f"docs/lessons: write README.md in {empty}"


@every_lesson
def test_headings_are_those_of_a_lesson_in_their_order(lesson: Lesson) -> None:
    assert re.match(r"# \S.*\n", lesson.text), f"{lesson.place}:1: begins with '# <title>'"
    found = tuple(re.findall(r"^## (.+)$", lesson.prose, re.M))
    assert found == HEADINGS, f"{lesson.place}: headings are {found}\nwanted, in this order: {HEADINGS}"


@every_lesson
def test_the_lesson_belongs_to_a_study_with_results(lesson: Lesson) -> None:
    study = f"configs/{lesson.name}.yaml"
    assert (ROOT / study).is_file(), f"{lesson.place}: no {study}; the folder is called as the study"
    tables = ROOT / "results" / lesson.name / "tables"
    assert tables.is_dir(), f"{lesson.place}: no results; run `biasim simulate {lesson.name}` and commit results/{lesson.name}"
    wrong, answers = lesson.section("The wrong answer"), f"<!-- table: {lesson.name}"
    assert answers in wrong, f"{lesson.place}: 'The wrong answer' shows a table: write\n{answers} [registry] -->\n<!-- end -->"


@every_lesson
def test_a_prediction_has_a_line_to_be_written_on(lesson: Lesson) -> None:
    assert "____" in lesson.section("Write this down first"), f"{lesson.place}: a line to write on, such as ________"


@every_lesson
def test_the_diagram_is_shown_and_links_lead_somewhere(lesson: Lesson) -> None:
    wanted = f"](../../../results/{lesson.name}/figures/diagram.png)"
    assert wanted in lesson.section("The diagram"), f"{lesson.place}: 'The diagram' shows ![...{wanted}"
    drawn = any(ROOT.glob("results/*/figures/diagram.png"))  # once there are diagrams, each lesson has its own
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", lesson.prose):
        if target.startswith("http") or (target.endswith("/diagram.png") and not drawn):
            continue
        other = re.fullmatch(r"\.\./(\w+)/README\.md", target)
        if other and (CONFIGS / f"{other.group(1)}.yaml").is_file():
            continue  # the lesson of another study, which may be on its way
        assert (lesson.folder / target).exists(), f"{lesson.place}: the link {target} leads nowhere"


@every_lesson
def test_the_line_of_the_study_file_stands_in_the_study_file(lesson: Lesson) -> None:
    blocks = lesson.fences("yaml", lesson.section("The line of the study file"))
    assert blocks, f"{lesson.place}: a ```yaml block under 'The line of the study file'"
    files = [CONFIGS / f"{lesson.name}.yaml"]
    assert all(stands_in(block, files[0].read_text()) for block in blocks), mismatch(lesson, blocks, files[0].read_text())
    texts = [file.read_text() for file in (*files, *(lesson.folder / f"{name}.yaml" for name in EXERCISES))]
    for block in lesson.fences("yaml"):
        assert any(stands_in(block, text) for text in texts), f"{lesson.place}: in no study file of this lesson:\n{block}"


def wanted_lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip() not in ("", "...")]


def stands_in(block: str, text: str) -> bool:
    """Whether every line of the block stands in the text, in this order; `...` leaves lines out."""
    lines = iter(line.strip() for line in text.splitlines())
    return all(any(line == wanted for line in lines) for wanted in wanted_lines(block))


def mismatch(lesson: Lesson, blocks: list[str], text: str) -> str:
    there = {line.strip() for line in text.splitlines()}
    first = [line for block in blocks for line in wanted_lines(block) if line not in there]
    return f"{lesson.place}: not a line of configs/{lesson.name}.yaml, or not in its order: {first or blocks}"


@every_lesson
def test_two_exercises_with_solutions_and_their_files(lesson: Lesson) -> None:
    text = lesson.section("Exercises")
    found = re.findall(r"^### (.+)$", text, re.M)
    assert found == ["Exercise 1", "Exercise 2"], f"{lesson.place}: '### Exercise 1' and '### Exercise 2', not {found}"
    for number, part in enumerate(re.split(r"^### Exercise \d$", text, flags=re.M)[1:], 1):
        where = f"{lesson.place}: exercise {number}"
        solution = re.search(r"<details><summary>Solution</summary>\n\n(.+?)\n\n</details>", part, re.S)
        assert solution, f"{where}: '<details><summary>Solution</summary>', the solution between empty lines, '</details>'"
        assert part.index("<details>") > 40, f"{where}: the task stands before the solution"
        command = f"biasim simulate docs/lessons/{lesson.name}/exercise_{number}.yaml"
        assert command in solution.group(1), f"{where}: the solution says how to run it:\n{command} --no-figures"
        table = f"<!-- table: exercise_{number}"
        assert table in solution.group(1), f"{where}: the solution shows {table} --> and <!-- end -->"
        assert (lesson.folder / f"exercise_{number}.yaml").is_file(), f"{where}: write exercise_{number}.yaml beside the lesson"
    extra = {file.name for file in lesson.folder.iterdir()} - {"README.md", *(f"{name}.yaml" for name in EXERCISES)}
    assert not extra, f"{lesson.place}: what are {extra}?"


@cache
def evidence() -> dict[str, str]:
    """Row id -> DOI, over every table of the evidence."""
    rows: dict[str, str] = {}
    for table in sorted(EVIDENCE.glob("*.csv")):
        with table.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows[next(iter(row.values()))] = row.get("doi", "")
    return rows


@every_lesson
def test_what_is_in_print_is_cited_from_the_evidence(lesson: Lesson) -> None:
    text = lesson.section("In print")
    studies = {file.stem for file in CONFIGS.glob("*.yaml")} | {part for room in SIGNATURES for part in names(room)}
    words = set(re.findall(r"`(\w+)`", text)) | set(re.findall(r"\w+", " ".join(re.findall(r"<!-- published: (.*?) -->", text))))
    ids = {word for word in words if "_" in word or word in evidence()} - studies
    unknown = sorted(ids - set(evidence()))
    assert not unknown, f"{lesson.place}: no rows of src/biasim/evidence/*.csv: {unknown}"
    assert ids, f"{lesson.place}: 'In print' names the row of a published figure: <!-- published: row_id --> and <!-- end -->"
    foreign = sorted(dois(METHOD.sub("", text)) - {evidence()[id] for id in ids})
    assert not foreign, f"{lesson.place}: a DOI that is not that of a row named under 'In print': {foreign}"


def dois(text: str) -> set[str]:
    return {found.rstrip(".,;)") for found in re.findall(r"10\.\d{4,9}/[^\s|`]+", text)}


@every_lesson
def test_a_doi_is_that_of_a_row_or_of_a_method(lesson: Lesson) -> None:
    foreign = sorted(dois(METHOD.sub("", lesson.text)) - set(evidence().values()))
    hint = "a method stands in a paragraph 'Method: ..., doi ...'"
    assert not foreign, f"{lesson.place}: no row of the evidence has {foreign}; {hint}"
    without = [found for found in METHOD.findall(lesson.text) if not dois(found)]
    assert not without, f"{lesson.place}: 'Method:' without a DOI: {without}"


@every_lesson
def test_there_are_questions_for_the_authors(lesson: Lesson) -> None:
    quoted = re.findall(r"(?:^> .*\n)+", lesson.section("Ask the authors"), re.M)
    assert 1 <= len(quoted) <= 3, f"{lesson.place}: one to three questions, each a quotation ('> ...') of its own"
    assert any("?" in one for one in quoted), f"{lesson.place}: a question"


@every_lesson
def test_the_timetable_fills_ninety_minutes(lesson: Lesson) -> None:
    cells = re.findall(r"^\| *(\d+)(?:[^|\d]*(\d+))?[^|]*\|", lesson.section("Ninety minutes"), re.M)
    assert cells, f"{lesson.place}: a table whose first column holds minutes, '0-10' or '10'"
    spans = [int(end) - int(start) if end else int(start) for start, end in cells]
    assert sum(spans) == 90, f"{lesson.place}: the timetable has {sum(spans)} minutes"


@every_lesson
def test_every_command_exists(lesson: Lesson) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for line in "".join(lesson.fences("console")).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if not words:
            continue
        program = words[0].removeprefix(".venv/bin/")
        assert program in ("biasim", "make"), f"{lesson.place}: a console block holds commands of biasim and make, not '{line}'"
        if program == "make":
            wanted = [word for word in words[1:] if "=" not in word]
            assert set(wanted) <= targets, f"{lesson.place}: no such target in the Makefile: '{line}'"
            files = [word.partition("=")[2] for word in words if word.startswith("CONFIG=")]
        else:
            files = accepted(lesson, line, words[1:])
        for file in files:
            there = (ROOT / file).is_file() or (CONFIGS / file).with_suffix(".yaml").is_file()
            assert there, f"{lesson.place}: no study '{file}': '{line}'"


def accepted(lesson: Lesson, line: str, words: list[str]) -> list[str]:
    """The studies that a command names; fails where the command, an option or an argument is not known."""
    commands = typer.main.get_command(app).commands
    assert words, f"{lesson.place}: a command after 'biasim'"
    assert words[0] in commands, f"{lesson.place}: no command '{words[0]}': '{line}'; there are {', '.join(sorted(commands))}"
    try:
        context = commands[words[0]].make_context(words[0], list(words[1:]))
    except typer.Exit:
        return []  # --help
    except UsageError as error:
        pytest.fail(f"{lesson.place}: '{line}': {error.format_message()}")
    study = context.params.get("study")
    return [study] if study else []


@every_lesson
def test_python_blocks_run(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names_of_lesson: dict[str, object] = {"__name__": lesson.name}
    for number, code in enumerate(lesson.fences("python"), 1):
        exec(compile(code, f"{lesson.place}, python block {number}", "exec"), names_of_lesson)
