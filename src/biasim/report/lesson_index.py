"""The index of the lessons: one line a lesson, from what each lesson says of itself.

A lesson says it in a comment under its title, which does not give the answer away to who reads the page:

    <!-- index: Operated only if alive long enough | favours surgery | landmark, time-dependent exposure, cloning -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from biasim.errors import BiasimError

BLOCK = re.compile(r"<!-- index -->\n.*?<!-- end -->", re.S)
LINE = re.compile(r"^<!-- index: ([^|\n]+) \| ([^|\n]+) \| ([^|\n]+) -->$", re.M)
FORM = "<!-- index: the bias | its direction | the remedy -->"


def with_index(page: str, lessons: Mapping[str, str]) -> str:
    """The page of all lessons with its index written anew; `lessons` are the texts of the lessons by name.

    Raises BiasimError for a page without an index, and for a lesson that does not say what belongs there.
    """
    if not BLOCK.search(page):
        raise BiasimError("no index: write '<!-- index -->' and '<!-- end -->' where it is to stand")
    rows = ["| bias | lesson | study | direction | remedy |", "|---|---|---|---|---|"]
    for name, text in sorted(lessons.items()):
        said = LINE.search(text)
        if not said:
            raise BiasimError(f"the lesson '{name}' has no line for the index: write {FORM} under its title")
        bias, direction, remedy = said.groups()
        rows.append(f"| {bias} | [{name}]({name}/README.md) | `configs/{name}.yaml` | {direction} | {remedy} |")
    table = "\n".join(rows)
    return BLOCK.sub(lambda _: f"<!-- index -->\n{table}\n<!-- end -->", page)
