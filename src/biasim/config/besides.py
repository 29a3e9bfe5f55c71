"""What differs between two studies and does not touch the analyses that are compared: texts, the run, other designs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from biasim.config.choices import full_label
from biasim.config.lines import ABSENT, ANALYSIS, Analysis, Line, content, differing, lists
from biasim.config.study import Choice, Design, Study
from biasim.registry import WORLD


def besides(first: Analysis, second: Analysis, touching: Iterable[Line]) -> list[Line]:
    """The lines of the whole studies, in the order of a study file, that are not among those that touch."""
    found = [*_of_studies(first.study, second.study)]
    known = {line.steps for line in touching}
    before, after = first.scenario.designs, second.scenario.designs
    for name in dict.fromkeys((*before, *after)):
        if name == first.design == second.design:
            found += _methods(name, before[name], after[name], {first.method, second.method})
        elif name in before and name in after:
            found += _of_designs(name, before[name], after[name], known)
        else:
            found.append(_only(("designs", name), name in before))
    return found


def _only(steps: tuple[str, ...], in_first: bool) -> Line:
    """Something that only one of the two has."""
    return Line(steps, "there", ABSENT) if in_first else Line(steps, ABSENT, "there")


def _of_studies(first: Study, second: Study) -> Iterator[Line]:
    """Everything of two study files but their worlds and designs."""
    pairs = [(path, value, _top(second)[path]) for path, value in _top(first).items()]
    for path, before, after in pairs:
        if before != after:
            yield Line((path,), before, after)
    before, after = _varied(first), _varied(second)
    for path in dict.fromkeys((*before, *after)):
        if before.get(path) != after.get(path):
            yield Line(("vary", path), before.get(path, ABSENT), after.get(path, ABSENT))


def _top(study: Study) -> dict[str, Any]:
    return {
        "study": study.name,
        "aim": " ".join(study.aim.split()),
        "story": " ".join(study.story.split()),
        "estimands": _labels(study.estimands),
        "performance": _labels(study.performance),
        "run.size": study.scenarios[0].size,
        "run.replicates": study.replicates,
        "run.seed": study.seed,
        "run.truth": study.truth_size,
        "switches": {name: dict(changes) for name, changes in study.switches.items()},
        "solve": None if study.wanted is None else asdict(study.wanted),
        "expect": dict(study.expect),
        "published": list(study.published),
    }


def _labels(choices: tuple[Choice, ...]) -> list[str]:
    return [full_label(choice) for choice in choices]


def _varied(study: Study) -> dict[str, list[Any]]:
    """The values of `vary` by path."""
    paths = study.scenarios[0].varied
    return {path: _distinct([cell.varied[path] for cell in study.scenarios]) for path in paths}


def _distinct(values: list[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


def _of_designs(name: str, before: Design, after: Design, known: set[tuple[str, ...]]) -> Iterator[Line]:
    """The lines of another design; what differs in the world of all has been said."""
    for line in differing(content(before), content(after), lists(before)):
        if line.steps[0] not in WORLD or line.steps not in known:
            yield line._replace(steps=("designs", name, *line.steps))
    yield from _methods(name, before, after, set())


def _methods(name: str, before: Design, after: Design, but: set[str]) -> Iterator[Line]:
    """The other methods of a design, by their labels."""
    for label in dict.fromkeys((*before.methods, *after.methods)):
        if label in but:
            continue
        one, other, steps = before.methods.get(label), after.methods.get(label), ("designs", name, ANALYSIS, label)
        if one is None or other is None:
            yield _only(steps, one is not None)
        elif one != other:
            yield Line(steps, full_label(one), full_label(other))
