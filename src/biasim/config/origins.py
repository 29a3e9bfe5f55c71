"""Where a value of a study was written: in the design, in `vary` or `change`, in the file of its world, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from biasim.config.lines import ANALYSIS, Analysis, numbered
from biasim.config.resolve import from_here, world_folders
from biasim.config.text import read
from biasim.errors import Problem
from biasim.registry import WORLD


class Origin(NamedTuple):
    """A line of a file; `default` where the value itself is not written there, but the choice that it belongs to."""

    file: str
    line: int  # 0 where nothing was written at all
    default: bool

    def __str__(self) -> str:
        return "default" if self.default or not self.line else f"{Path(self.file).name}:{self.line}"


def origin(analysis: Analysis, steps: tuple[str, ...]) -> Origin:
    """The line that a value comes from. What is written last counts: vary, the design's own change, change, world."""
    study = analysis.study
    elsewhere = _world_file(study.world_name, study.source)
    for depth in range(len(steps), 0, -1):
        exact = depth == len(steps)
        for candidate in _candidates(analysis, steps[:depth]):
            if candidate in study.where:
                return Origin(study.source, study.where[candidate][0], not exact)
        place = ".".join(steps[:depth])
        if steps[0] in WORLD and place in elsewhere[1]:
            return Origin(elsewhere[0], elsewhere[1][place], not exact)
    return Origin(study.source, 0, True)


def _candidates(analysis: Analysis, steps: tuple[str, ...]) -> Iterator[str]:
    """The places of a study file that can set a value of one design, the strongest first."""
    design = f"designs.{analysis.design}"
    for path in _spelled(analysis, steps):
        yield from (f"vary.{design}.{path}", f"vary.design.{path}", f"change.{design}.{path}", f"change.design.{path}")
        if steps[0] in WORLD:
            yield from (f"{design}.change.{path}", f"vary.{path}", f"change.{path}", f"world.{path}")
        else:
            yield f"{design}.{path}"


def _spelled(analysis: Analysis, steps: tuple[str, ...]) -> Iterator[str]:
    """The ways to write a path, the most exact first: a part of a list has a position, a method a label or a position."""
    room, *below = steps
    chosen = analysis.drawn.methods if room == ANALYSIS else getattr(analysis.drawn, room, None)
    if isinstance(chosen, Mapping):
        yield ".".join((f"{room}[{list(chosen).index(analysis.method)}]", *below))
        yield ".".join((room, analysis.method, *below))
    elif isinstance(chosen, tuple) and below:
        names = numbered(chosen)
        position = names.index(below[0]) if below[0] in names else 0
        below[0] = below[0].partition("#")[0]
        yield ".".join((f"{room}[{position}]", *below))
        if len(below) == 1:  # `eligibility: [randomised]`, `eligibility: randomised`
            yield f"{room}[{position}]"
            yield room
    yield ".".join((room, *below))


@cache
def _world_file(name: str, source: str) -> tuple[str, Mapping[str, int]]:
    """The file of a named world, and the line of every path in it."""
    for folder in reversed(world_folders(Path(source).absolute())) if name else ():
        file = folder / f"{name}.yaml"
        problems: list[Problem] = []
        root = read(file.read_text(encoding="utf-8"), str(from_here(file)), problems) if file.is_file() else None
        if root is not None:
            return root.file, {node.path: (node.key or (node.line,))[0] for node in root.walk() if node.path}
    return "", {}
