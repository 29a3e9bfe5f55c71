"""`biasim lessons`: write the generated blocks of the lessons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import typer

from biasim.errors import BiasimError, meant


def lessons(
    names: Annotated[list[str] | None, typer.Argument(help="lessons to write; all if left out")] = None,
    folder: Annotated[Path, typer.Option("--lessons", help="folder of the lessons")] = Path("docs/lessons"),
    results: Annotated[Path, typer.Option(help="folder of the results of the studies")] = Path("results"),
) -> None:
    """Write the tables of the lessons, those of the exercises by running them, and the index of all lessons."""
    from biasim.report.lesson_text import filled
    from biasim.store.whole import write_text

    folders = lesson_folders(folder)
    for name in names or list(folders):
        if name not in folders and (folder.parent.parent / "configs" / f"{name}.yaml").is_file():
            page, pattern = folder / name / "README.md", folder / "immortal_time"
            raise BiasimError(f"no page of '{name}' yet: write {page}; {pattern} is the pattern")
        if name not in folders:
            raise BiasimError(f"no lesson '{name}' in '{folder}'. {meant(name, list(folders))}")
        page, began = folders[name] / "README.md", perf_counter()
        before = page.read_text(encoding="utf-8")
        with TemporaryDirectory() as scratch:
            try:
                after = filled(before, tables_of(folders[name], results, Path(scratch)))
            except BiasimError as error:
                raise BiasimError(f"{page}: {error}") from error
        if after != before:
            write_text(page, after)
        told = "written" if after != before else "as it was"
        print(f"{page}: {told}, {perf_counter() - began:.1f} s")
    write_index(folder / "README.md", folders)


def lesson_folders(lessons: Path) -> dict[str, Path]:
    """The lessons by name, in alphabetical order. Raises BiasimError when there are none."""
    found = {page.parent.name: page.parent for page in sorted(lessons.glob("*/README.md"))}
    if not found:
        raise BiasimError(f"no lessons in '{lessons}': a lesson is {lessons / '<study>' / 'README.md'}")
    return found


def write_index(page: Path, folders: dict[str, Path]) -> None:
    """The index, from a comment in each lesson. A folder of lessons without a page of its own has none."""
    from biasim.report.lesson_index import with_index
    from biasim.store.whole import write_text

    if page.is_file():
        pages = {name: (place / "README.md").read_text(encoding="utf-8") for name, place in folders.items()}
        before = page.read_text(encoding="utf-8")
        try:
            after = with_index(before, pages)
        except BiasimError as error:
            raise BiasimError(f"{page}: {error}") from error
        if after != before:
            write_text(page, after)


def tables_of(lesson: Path, results: Path, scratch: Path) -> Callable[[str], Path]:
    """Where the tables of a source stand: a study's in `results`, an exercise's after a run of its file in `scratch`."""
    ran: dict[str, Path] = {}

    def tables(source: str) -> Path:
        if not source.startswith("exercise_"):
            return results / source / "tables"
        if source not in ran:
            ran[source] = run_exercise(lesson / f"{source}.yaml", scratch) / "tables"
        return ran[source]

    return tables


def run_exercise(file: Path, scratch: Path) -> Path:
    """Run the study file of an exercise in this process; its folder in `scratch`."""
    from biasim.cli.opening import open_study
    from biasim.engine.run import run

    if not file.is_file():
        raise BiasimError(f"no file '{file}': the solution of an exercise is a study file beside the lesson")
    return run(open_study(str(file)), results=scratch, workers=1)
