"""Docstrings of parts as data: the headings that the house asks for are read by commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable


def section(part: Callable, heading: str) -> str:
    """The text under a heading of a part's docstring, without its rule; "" where there is none."""
    lines = (inspect.getdoc(part) or "").splitlines()
    for number, line in enumerate(lines[:-1]):
        if line.strip() == heading and set(lines[number + 1].strip()) == {"-"}:
            return "\n".join(until_next_heading(lines[number + 2 :])).strip()
    return ""


def until_next_heading(lines: list[str]) -> list[str]:
    """Lines up to the next heading (a line followed by a rule of dashes)."""
    for number, line in enumerate(lines[:-1]):
        if line.strip() and re.fullmatch(r"-{3,}", lines[number + 1].strip()):
            return lines[:number]
    return lines


def sentences_about(text: str, names: Iterable[str]) -> str:
    """The sentences of a paragraph that speak of the parameters called `names`, or the first one, with the direction."""
    joined = " ".join(text.split())
    every = re.split(r"(?<=\.)\s+(?=[A-Z])(?!Favours|Source)", joined)
    told = [one for one in every if any(name.replace("_", " ") in one.lower() for name in names)]
    return " ".join(told or every[:1]).partition(" Source:")[0]


def summary(part: Callable) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(part) or "").split("\n", 1)[0]
