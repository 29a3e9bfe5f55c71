"""The `solve` of a study file: unknown parameters that exist and take what lies between, and something that can be reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from biasim.config.checking import checked
from biasim.config.draft import Draft, Edit
from biasim.config.grammar import Solve
from biasim.config.models import dataclass_model
from biasim.config.scenarios import Build, laid, scenario
from biasim.config.signature import members
from biasim.config.study import Unknown, Wanted
from biasim.config.text import Node
from biasim.errors import Problem, meant

MOST = 2  # unknowns
RANGE = "[low, high], two numbers of which the second is larger"


def sought(
    node: Node | None, base: Draft, published: frozenset[str] | None, build: Build, problems: list[Problem]
) -> Wanted | None:
    """What the study asks for, checked on the draft of the study; None without, or, with problems, when it is wrong."""
    if node is None or not node.is_mapping:
        return None  # what is no mapping has been refused by the grammar
    own: list[Problem] = []  # found by the grammar as well, where they are told
    model: Any = checked(node, dataclass_model(Solve), members(Solve), own)
    if model is None or problems:
        return None
    unknowns = [*_unknowns(node, problems)]
    design, method = _analysis(node.value["until"], base, problems)
    _target(node.value["until"], model.until, published, problems)
    if problems:
        return None
    for place in range(len(unknowns)):
        _possible(unknowns, place, base, build, problems)
    until = model.until
    return Wanted(
        unknowns=tuple(Unknown(path=path.value, low=float(low.value), high=float(high.value)) for path, low, high in unknowns),
        design=design, method=method, hazard_ratio=until.hazard_ratio, low=until.low, high=until.high, published=until.published,
    )  # fmt: skip


def _unknowns(node: Node, problems: list[Problem]) -> Iterator[tuple[Node, Node, Node]]:
    """Path, lower and upper end of every unknown."""
    unknown, between = node.value["unknown"], node.value["between"]
    paths = unknown.value if unknown.is_list else (unknown,)
    ranges = between.value if unknown.is_list and between.is_list else (between,)
    if not 1 <= len(paths) <= MOST or not all(isinstance(path.value, str) for path in paths):
        hint = "Write a path such as treatment.by_prognosis.hidden_odds_ratio."
        problems.append(unknown.problem(f"{unknown.shown} does not fit", "a dotted path, or a list of two", hint))
        return
    if len(ranges) != len(paths) or (unknown.is_list and not all(ends.is_list for ends in ranges)):
        expected = f"a list of {len(paths)} ranges, one for each unknown"
        problems.append(between.problem(f"{between.shown} does not fit", expected, "Write [[low, high], [low, high]]."))
        return
    for path, ends in zip(paths, ranges, strict=True):
        if path.value.partition(".")[0] not in ("design", "designs") and path.value.startswith("run."):
            problems.append(path.problem(f"'{path.value}' is not a parameter", "a path into the world or a design"))
        elif not _is_range(ends):
            problems.append(ends.problem(f"{ends.shown if not ends.is_list else ends.plain} does not fit", RANGE))
        else:
            yield path, *ends.value


def _is_range(node: Node) -> bool:
    """Whether a node is two numbers of which the second is larger."""
    ends = [end.value for end in node.value] if node.is_list else []
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) and abs(end) < float("inf") for end in ends)
    return len(ends) == 2 and numbers and ends[0] < ends[1]


def _analysis(until: Node, base: Draft, problems: list[Problem]) -> tuple[str, str]:
    """The design and the label of its method: those named, else the first."""
    named = {key: until.value[key].value for key in ("design", "method") if key in until.value}
    design = named.get("design") or next(iter(base.designs))
    if design not in base.designs:
        known = ", ".join(base.designs)
        problems.append(until.value["design"].problem(f"no design called '{design}'", known, meant(design, list(base.designs))))
        return "", ""
    labels = list(base.designs[design].methods)
    method = named.get("method") or next(iter(labels), "")
    if method not in labels:
        problems.append(until.value["method"].problem(f"no method of '{design}' is called '{method}'", ", ".join(labels),
                                                      meant(method, labels)))  # fmt: skip
    return design, method


def _target(node: Node, until: Any, published: frozenset[str] | None, problems: list[Problem]) -> None:
    """One hazard ratio, inside its interval, or one published study."""
    given = [key for key in ("hazard_ratio", "low", "high") if getattr(until, key) is not None]
    if until.published and given:
        problems.append(node.value[given[0]].problem(f"'{given[0]}' beside 'published'", "one of them", at_key=True))
    elif until.published and published is not None and until.published not in published:
        likely = meant(until.published, list(published))
        found, hint = f"no published study '{until.published}'", likely if likely.startswith("Did") else ""
        problems.append(node.value["published"].problem(found, "an id of the evidence tables", hint))
    elif not until.published and until.hazard_ratio is None:
        problems.append(node.problem("nothing to be reported", "'hazard_ratio', or 'published' and an id", at_key=True))
    elif not until.published and len(given) == 2:
        problems.append(node.problem(f"'{given[1]}' alone", "both ends of the interval, 'low' and 'high', or none", at_key=True))
    elif len(given) == 3 and not until.low <= until.hazard_ratio <= until.high:
        problems.append(node.value["hazard_ratio"].problem(f"{until.hazard_ratio:g} is not inside its interval",
                                                           f"a number from {until.low:g} to {until.high:g}"))  # fmt: skip


def _possible(unknowns: list[tuple[Node, Node, Node]], place: int, base: Draft, build: Build, problems: list[Problem]) -> None:
    """Whether the study takes the ends of a range and what lies in the middle, the other unknown in the middle of its own."""
    path, low, high = unknowns[place]
    others = [_edit(name, ends.here(_middle(ends, end))) for i, (name, ends, end) in enumerate(unknowns) if i != place]
    for value in (low, high, low.here(_middle(low, high))):
        before = len(problems)
        draft = laid(base, [*others, _edit(path, value)], problems)
        if len(problems) == before:
            scenario(0, draft, (), build, problems)
        if len(problems) > before:
            return


def _edit(path: Node, value: Node) -> Edit:
    """A value for an unknown: what is wrong with the path is told where the path stands."""
    return Edit(path=path.value, value=replace(value, path=value.path.partition("[")[0], key=(path.line, path.column)))


def _middle(low: Node, high: Node) -> float:
    return 0.5 * (low.value + high.value)


