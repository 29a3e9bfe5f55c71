"""The errors that biasim raises on purpose; everything else is a defect."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches


class BiasimError(Exception):
    """Any error whose text is meant for the user."""


class UnknownPart(BiasimError):
    """A name that no file of the room carries."""

    def __init__(self, room: str, name: str, known: list[str]) -> None:
        self.room, self.name, self.known = room, name, known
        super().__init__(f"{room}: no part called '{name}'. {meant(name, known)}")


class UnknownColumn(BiasimError):
    """A covariate that the cohort does not hold, or that cannot be asked for here."""

    def __init__(self, where: str, name: str, known: list[str], reason: str = "") -> None:
        self.where, self.name, self.known = where, name, known
        super().__init__(f"{where}: {reason or f'no column called {name!r}'}. {meant(name, known)}")


class NoTruth(BiasimError):
    """An estimand that has no single value in this world, or no patients to be computed from."""


class StoreError(BiasimError):
    """A result folder that cannot be read, or belongs to another study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a study file: where it stands, what stands there, what was expected."""

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.path}: {self.found}; expected {self.expected}"
        return f"{text}. {self.hint}" if self.hint else text


class StudyRefused(BiasimError):
    """A study file with mistakes: all of them, in the order of the file. Nothing has run."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.file, p.line, p.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def meant(name: str, known: list[str]) -> str:
    """The likely intention behind a name that is not known."""
    close = get_close_matches(str(name), known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(sorted(known))}." if known else "There is none."
