"""The lessons, read once: sections by heading, blocks of code, and the exercises, each run once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from biasim.cli.lessons import run_exercise

ROOT = Path(__file__).parents[2]
LESSONS = ROOT / "docs" / "lessons"
CONFIGS = ROOT / "configs"
EXERCISES = ("exercise_1", "exercise_2")


@dataclass(frozen=True)
class Lesson:
    """One page of docs/lessons."""

    name: str
    text: str

    @property
    def place(self) -> str:
        return f"docs/lessons/{self.name}/README.md"

    @property
    def folder(self) -> Path:
        return LESSONS / self.name

    @property
    def prose(self) -> str:
        """The page without what stands in fences, where `#` begins a comment."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.M | re.S)

    def section(self, heading: str) -> str:
        """What stands between a heading of the second rank and the next one; fences included."""
        found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", self.text, re.M | re.S)
        assert found, f"{self.place}: no heading '## {heading}'"
        return found.group(1)

    def fences(self, language: str, text: str | None = None) -> list[str]:
        """The blocks of code of one language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text if text is None else text, re.M | re.S)


def lessons() -> list[Lesson]:
    pages = sorted(LESSONS.glob("*/README.md"))
    return [Lesson(name=page.parent.name, text=page.read_text(encoding="utf-8")) for page in pages]


every_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
every_exercise = pytest.mark.parametrize(
    ("lesson", "exercise"), [(lesson, exercise) for lesson in lessons() for exercise in EXERCISES],
    ids=lambda value: getattr(value, "name", value),
)  # fmt: skip


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Lesson, str], Path]:
    """lesson, exercise -> the folder of its results; each exercise runs once."""
    scratch = tmp_path_factory.mktemp("exercises")
    done: dict[tuple[str, str], Path] = {}

    def run(lesson: Lesson, exercise: str) -> Path:
        if (lesson.name, exercise) not in done:
            done[lesson.name, exercise] = run_exercise(lesson.folder / f"{exercise}.yaml", scratch / lesson.name)
        return done[lesson.name, exercise]

    return run
