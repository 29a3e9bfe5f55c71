"""One design of a study as lines, every default written out, and the lines in which two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from biasim.config.study import Choice, Design, Scenario, Study
from biasim.config.written import full, yaml
from biasim.registry import VIEW, WORLD

ANALYSIS = "methods"  # the room of the one method that is compared
ONLY, LABEL = "design", "analysis"  # names in the small study that a mixture of two designs becomes
Content = dict[str, Any]  # room -> {part: {parameter: value}}; a room that takes a list holds as many parts


class Absent(Enum):
    """What stands where a line is in one of the two only."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One method of one design of a study, in its first scenario: what is compared."""

    study: Study
    design: str
    method: str  # its label

    @property
    def scenario(self) -> Scenario:
        return self.study.scenarios[0]

    @property
    def drawn(self) -> Design:
        return self.scenario.designs[self.design]


class Line(NamedTuple):
    """One place in which two analyses differ: the room and the keys below it, down to the value."""

    steps: tuple[str, ...]  # room; then part, parameter and what it holds, as far as both have them
    before: Any
    after: Any

    @property
    def path(self) -> str:
        return ".".join(self.steps)


def content(design: Design, method: str = "") -> Content:
    """A design and one of its methods, or none, as plain data in the order of the resolved file."""
    held = {room: _written(design.world[room]) for room in WORLD}
    held |= {room: _written(getattr(design, room)) for room in VIEW}
    return held | ({ANALYSIS: _written(design.methods[method])} if method else {})


def _written(chosen: Choice | tuple[Choice, ...]) -> dict[str, Any]:
    """A choice with its parameters, or all of a list. A part that a list names twice is numbered."""
    choices = chosen if isinstance(chosen, tuple) else (chosen,)
    return {name: full(choice)[choice.name] for name, choice in zip(numbered(choices), choices, strict=True)}


def numbered(choices: tuple[Choice, ...]) -> list[str]:
    """The names of parts, from the second time on with a number: `column`, `column#2`."""
    names = [choice.name for choice in choices]
    return [f"{name}#{names[: place + 1].count(name)}" if name in names[:place] else name for place, name in enumerate(names)]


def lists(design: Design) -> tuple[str, ...]:
    """The rooms of the view of which this design takes any number of parts."""
    return tuple(room for room in VIEW if isinstance(getattr(design, room), tuple))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Two contents and the lines in which they differ, any of which can be laid over the first."""

    first: Content
    second: Content
    several: tuple[str, ...]  # rooms that take a list
    lines: tuple[Line, ...]

    def laid(self, numbers: Iterable[int]) -> Content:
        """The first content with these lines of the second."""
        result = deepcopy(self.first)
        for number in sorted(numbers):
            line = self.lines[number]
            holder = result
            for step in line.steps[:-1]:
                holder = holder[step]
            if line.after is ABSENT:
                del holder[line.steps[-1]]
            else:
                holder[line.steps[-1]] = deepcopy(line.after)
        for room in self.several:
            held, order = result[room], merged_order(list(self.first[room]), list(self.second[room]))
            result[room] = {name: held[name] for name in order or held if name in held}
        return result


def mixture(first: Analysis, second: Analysis) -> Mixture:
    """Two analyses, and everything in which they differ."""
    contents = [content(one.drawn, one.method) for one in (first, second)]
    several = lists(first.drawn)
    return Mixture(first=contents[0], second=contents[1], several=several, lines=tuple(differing(*contents, several)))


def differing(first: Content, second: Content, several: tuple[str, ...]) -> list[Line]:
    """The lines that differ, in the order of the resolved file: world, view, method."""
    found: list[Line] = []
    for room, before in first.items():
        after = second[room]
        if room in several:
            found += _of_list(room, before, after)
        elif list(before) == list(after):
            found += _within((room,), before, after)
        else:
            found.append(Line((room,), before, after))
    return found


def _of_list(room: str, before: Content, after: Content) -> Iterator[Line]:
    """Parts that were added, left out or changed; the list as a whole where its order is another one."""
    order = merged_order(list(before), list(after))
    if order is None:
        yield Line((room,), before, after)
        return
    for name in order:
        if name in before and name in after:
            yield from _within((room, name), before[name], after[name])
        else:
            yield Line((room, name), before.get(name, ABSENT), after.get(name, ABSENT))


def _within(steps: tuple[str, ...], before: Any, after: Any) -> Iterator[Line]:
    """The values that differ below a place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and list(before) == list(after):
        for key in before:
            yield from _within((*steps, key), before[key], after[key])
    elif before != after:
        yield Line(steps, before, after)


def merged_order(first: list[str], second: list[str]) -> list[str] | None:
    """An order that both lists keep to; None where there is none."""
    common = [name for name in first if name in second]
    if common != [name for name in second if name in first]:
        return None
    result: list[str] = []
    ahead = list(second)
    for name in first:
        if name in ahead:
            place = ahead.index(name)
            result += ahead[: place + 1]
            ahead = ahead[place + 1 :]
        else:
            result.append(name)
    return result + ahead


def text(held: Content, several: tuple[str, ...], like: Study) -> str:
    """A content as a study file of its own: one design, one method, checked as any other when it is read."""
    design: dict[str, Any] = {
        room: [{name.partition("#")[0]: shape} for name, shape in held[room].items()] if room in several else held[room]
        for room in VIEW
    }
    return yaml({
        "study": like.name,
        "aim": like.aim,
        "world": {room: held[room] for room in WORLD},
        "designs": {ONLY: {**design, ANALYSIS: {LABEL: held[ANALYSIS]}}},
        "estimands": [full(choice) for choice in like.estimands],
        "performance": [full(choice) for choice in like.performance],
        "run": {"size": like.scenarios[0].size, "replicates": 1, "seed": like.seed},
    })  # fmt: skip
