"""Docstrings of parts as data: the headings that the house asks for are read by commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable


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


def first_sentence(text: str) -> str:
    """The first sentence of a paragraph, on one line. A colon does not end it."""
    joined = " ".join(text.split())
    end = re.search(r"\.(?=\s+[A-Z])", joined)
    return joined[: end.start() + 1] if end else joined


def summary(part: Callable) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(part) or "").split("\n", 1)[0]
