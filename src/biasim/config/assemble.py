"""From the tree of a study file to a Study: every part of it checked, every problem kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from biasim.config.checking import checked, repaired
from biasim.config.choices import spelled
from biasim.config.designs import drafted, edits
from biasim.config.draft import DesignDraft, Draft, Edit
from biasim.config.grammar import Run, StudyFile
from biasim.config.models import dataclass_model
from biasim.config.scenarios import Build, builder, grid, laid, scenario
from biasim.config.signature import members
from biasim.config.solving import sought
from biasim.config.study import Choice, Scenario, Study
from biasim.config.text import Node
from biasim.config.worlds import WorldDraft, world_of
from biasim.config.written import written_out
from biasim.errors import Problem, meant
from biasim.registry import VIEW, WORLD

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}\Z")
DESIGN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,59}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a study file is read against."""

    worlds: tuple[Path, ...]  # folders; a later one counts more
    published: frozenset[str] | None  # known ids; None leaves them unchecked
    extra: tuple[Edit, ...] = ()  # laid over the study after everything else
    solve: Node | None = None  # in place of the file's own


def assemble(root: Node, around: Surroundings, problems: list[Problem]) -> Study | None:
    """The study of a tree; None, and problems, when anything in it is wrong."""
    if not root.is_mapping:
        problems.append(root.problem(f"{root.shown} is not a study", "a mapping that begins with 'study: name'"))
        return None
    root = repaired(root, list(members(StudyFile)), problems, _elsewhere)
    root = root if around.solve is None else replace(root, value={**root.value, "solve": around.solve})
    top: Any = checked(root, dataclass_model(StudyFile), members(StudyFile), problems)
    build = builder(problems)
    written, world = as_written(root, around, problems)
    base = laid(written, edits(root.value.get("change"), problems), problems)
    scenarios = _scenarios(root, base, around.extra, build, problems)
    answers = {room: _list_of(root, room, build, problems) for room in ("estimands", "performance")}
    _names(root, written, around, problems)
    switches = _switches(root, base, build, problems)
    wanted = sought(root.value.get("solve"), base, around.published, build, problems)
    if top is None or problems or None in scenarios:
        return None
    run = {name: getattr(top.run, name) for name in ("size", "replicates", "seed", "truth")}
    run["size"] = base.size.value if base.size else run["size"]
    return Study(
        name=top.study,
        aim=top.aim.strip(),
        source=root.file,
        scenarios=tuple(cell for cell in scenarios if cell),
        **answers,
        replicates=top.run.replicates,
        seed=top.run.seed,
        truth_size=top.run.truth,
        story=top.story.strip(),
        expect=dict(top.expect or {}),
        published=top.published,
        switches=switches,
        wanted=wanted,
        written_out=written_out(root, base, answers, run, build),
        provenance=world.provenance,
        world_name=world.name,
        where=_places(root),
    )


def as_written(root: Node, around: Surroundings, problems: list[Problem]) -> tuple[Draft, WorldDraft]:
    """The study before `change`, and its world."""
    world = _world(root, around, problems)
    return Draft(size=_in_run(root, "size"), world=world.rooms, designs=_designs(root, problems)), world


def _elsewhere(key: str) -> str:
    """The hint for a key that is right, or nearly so, in another place; "" for none."""
    places = dict.fromkeys(members(Run), "under 'run'") | dict.fromkeys((*VIEW, "methods"), "under a design")
    places |= dict.fromkeys(WORLD, "under 'world' or 'change'")
    if key in places:
        return f"'{key}' stands {places[key]}."
    near = "" if meant(key, list(members(StudyFile))).startswith("Did") else meant(key, list(places))
    name = near.split("'")[1] if near.startswith("Did") else ""
    return f"{near} It stands {places[name]}." if name else ""


def _world(root: Node, around: Surroundings, problems: list[Problem]) -> WorldDraft:
    node = root.value.get("world")
    return world_of(node, around.worlds, problems) if node is not None else WorldDraft(name="", rooms={})


def _in_run(root: Node, key: str) -> Node | None:
    run = root.value.get("run")
    return repaired(run, list(members(Run)), []).value.get(key) if run is not None and run.is_mapping else None


def _designs(root: Node, problems: list[Problem]) -> dict[str, DesignDraft]:
    node = root.value.get("designs")
    if node is None or not node.is_mapping:
        return {}
    if not node.value:
        problems.append(node.problem("no designs", "at least one design", "Write 'registry: {time_zero: diagnosis, ...}' here."))
    for name, design in node.value.items():
        if not DESIGN_NAME.match(name):
            expected = "letters, digits, spaces, _ and -"
            problems.append(design.problem(f"'{name}' cannot name a design", expected, "Dots would read as a path.", at_key=True))
    return {name: drafted(design, problems) for name, design in node.value.items()}


def _scenarios(root: Node, base: Draft, extra: tuple[Edit, ...], build: Build, problems: list[Problem]) -> list[Scenario | None]:
    cells = grid(root.value.get("vary"), problems)
    drafts = [laid(base, (*cell, *extra), problems) for cell in cells]
    return [scenario(i, draft, cell, build, problems) for i, (draft, cell) in enumerate(zip(drafts, cells, strict=True))]


def _list_of(root: Node, room: str, build: Build, problems: list[Problem]) -> tuple[Choice, ...]:
    node = root.value.get(room)
    if node is None or not node.is_list:
        return ()  # refused by the grammar already
    if not node.value:
        problems.append(node.problem("an empty list", f"at least one of the {room}", f"See 'biasim parts {room}'."))
    found = [(item, spelled(item, room, problems)) for item in node.value]
    choices: list[Choice] = []
    for item, choice in found:
        done = build(choice, room) if choice else None
        if done is not None and done in choices:
            problems.append(item.problem(f"'{done.name}' stands twice", "each once", "Leave one out."))
        choices += [done] if done else []
    return tuple(choices)


def _names(root: Node, draft: Draft, around: Surroundings, problems: list[Problem]) -> None:
    """The names that must exist, and those that must be fit for a folder."""
    title = root.value.get("study")
    if title is not None and isinstance(title.value, str) and not FOLDER_NAME.match(title.value):
        likely = re.sub(r"[^A-Za-z0-9_-]+", "_", title.value).strip("_-")[:80] or "my_study"
        expected = "letters, digits, _ and -, at most 80: the name becomes a folder"
        problems.append(title.problem(f"{title.shown} cannot name a folder", expected, f"Write '{likely}'."))
    expect = root.value.get("expect")
    for name, node in expect.value.items() if expect is not None and expect.is_mapping else ():
        if name not in draft.designs:
            known = ", ".join(draft.designs) or "the name of a design"
            problems.append(node.problem(f"no design called '{name}'", known, meant(name, list(draft.designs)), at_key=True))
    published = root.value.get("published")
    for node in published.value if around.published is not None and published is not None and published.is_list else ():
        if isinstance(node.value, str) and node.value not in around.published:
            likely = meant(node.value, list(around.published))
            hint = likely if likely.startswith("Did") else ""
            problems.append(node.problem(f"no published study '{node.value}'", "an id of the evidence tables", hint))


def _switches(root: Node, base: Draft, build: Build, problems: list[Problem]) -> Mapping[str, Mapping[str, Any]]:
    """What turns each mechanism off; each is tried on the study."""
    node = root.value.get("switches")
    if node is None or not node.is_mapping:
        return {}
    for mechanism in node.value.values():
        if mechanism.is_mapping and not mechanism.value:
            problems.append(mechanism.problem("nothing is changed", "a mapping of dotted paths to values"))
        before = len(problems)
        off = laid(base, edits(mechanism, problems, lenient=True) if mechanism.is_mapping else (), problems)
        if len(problems) == before:
            scenario(0, off, (), build, problems)
    return {name: mechanism.plain for name, mechanism in node.value.items() if mechanism.is_mapping}


def _places(root: Node) -> dict[str, tuple[int, int]]:
    return {node.path: (node.key or (node.line, node.column)) for node in _every([root])}


def _every(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        yield from (inner for inner in node.walk() if inner.path)
