"""Worlds: found by name, read from their file, every number accounted for by a provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from biasim.config.checking import checked, repaired
from biasim.config.choices import spelled
from biasim.config.models import dataclass_model
from biasim.config.resolve import from_here
from biasim.config.signature import members
from biasim.config.text import Node, read
from biasim.errors import Problem, meant
from biasim.registry import WORLD
from biasim.units import Unit

NEUTRAL = {
    "course": "none", "care": "none", "effect": "none", "staging": "known_at_diagnosis", "censoring": "none", "local": "none",
}  # fmt: skip
ABOUT = ("world", "says", "provenance", "sources")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldDraft:
    """A world as written: canonical choices, and where its numbers come from."""

    name: str  # "" for a world written inside a study
    rooms: Mapping[str, Node]
    provenance: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a number comes from: seen in a source, derived from seen ones, tuned to reproduce them, or assumed."""

    kind: Literal["seen", "derived", "tuned", "assumed"]
    source: Annotated[str | tuple[str, ...], Unit("key of 'sources'")] = ""
    note: str = ""


def world_of(node: Node, folders: Iterable[Path], problems: list[Problem]) -> WorldDraft:
    """The world that a study names or writes out."""
    if node.is_mapping:
        return WorldDraft(name="", rooms=rooms_of(node, problems, ()))
    if not isinstance(node.value, str):
        problems.append(node.problem(f"{node.shown} is not a world", "a name in configs/worlds/ or a mapping of parts"))
        return WorldDraft(name="", rooms={})
    files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}
    if node.value not in files:
        expected = "one of " + ", ".join(sorted(files)) if files else "a mapping of parts; no world file was found"
        problems.append(
            node.problem(f"no world called '{node.value}'", expected, meant(node.value, list(files)) if files else "")
        )
        return WorldDraft(name=node.value, rooms={})
    return _from_file(node.value, files[node.value], problems)


def _from_file(name: str, file: Path, problems: list[Problem]) -> WorldDraft:
    root = read(file.read_text(encoding="utf-8", errors="replace"), str(from_here(file)), problems)
    if root is None:
        return WorldDraft(name=name, rooms={})
    if not root.is_mapping:
        problems.append(root.problem("not a world", "a mapping with world, says and " + ", ".join(WORLD)))
        return WorldDraft(name=name, rooms={})
    for key in ("world", "says", "provenance"):
        if key not in root.value:
            problems.append(root.problem(f"'{key}' is missing", "a world file with " + ", ".join((*ABOUT, *WORLD))))
    title = root.value.get("world")
    if title is not None and title.value != name:
        problems.append(title.problem(f"{title.shown} is not the name of the file", f"'{name}'", f"Write 'world: {name}'."))
    rooms = rooms_of(root, problems, ABOUT)
    return WorldDraft(name=name, rooms=rooms, provenance=_provenance(root, problems))


def rooms_of(node: Node, problems: list[Problem], others: tuple[str, ...]) -> dict[str, Node]:
    """The choice of every room of a world; rooms left out are neutral. `others` are further keys allowed."""
    rooms: dict[str, Node] = {}
    node = repaired(node, [*others, *WORLD], problems)
    for room in WORLD:
        written = node.value.get(room)
        path = f"{node.path}.{room}".lstrip(".")
        if written is None and room not in NEUTRAL:
            problems.append(node.problem(f"'{room}' is missing", f"a part of {room}", f"Write '{room}: ...' here.", at_key=True))
            continue
        choice = spelled(written or replace(node.here(NEUTRAL[room]), path=path), room, problems)
        if choice:
            rooms[room] = choice
    return rooms


def _provenance(root: Node, problems: list[Problem]) -> dict[str, dict[str, str]]:
    entries = root.value.get("provenance")
    if entries is None or not entries.is_mapping:
        if entries is not None:
            problems.append(entries.problem(f"{entries.shown} does not fit", "a mapping of dotted paths to {kind, source, note}"))
        return {}
    sources = root.value.get("sources")
    known = list(sources.value) if sources is not None and sources.is_mapping else []
    result = {}
    for path, entry in entries.value.items():
        if (origin := _entry(path, entry, root, known, problems)) is not None:
            result[path] = origin
    for number in _numbers(root):
        if not any(_covers(path, number.path) for path in entries.value):
            hint = "Add its path, or one it begins with, under 'provenance'."
            problems.append(number.problem(f"{number.written} has no provenance", "a path that covers it", hint, at_key=True))
    return result


def _entry(path: str, entry: Node, root: Node, known: list[str], problems: list[Problem]) -> dict[str, str] | None:
    if not _stands(root, path):
        every = sorted({node.path for room in WORLD if room in root.value for node in root.value[room].walk()})
        problems.append(
            entry.problem(f"'{path}' is not in this world", "a path of this file", meant(path, every)[:90], at_key=True)
        )
        return None
    if not entry.is_mapping:
        problems.append(
            entry.problem(f"{entry.shown} does not fit", "{kind: seen|derived|tuned|assumed, source: key, note: text}")
        )
        return None
    model = checked(entry, dataclass_model(Provenance), members(Provenance), problems)
    if model is None:
        return None
    found: Any = model
    keys = [found.source] if isinstance(found.source, str) else list(found.source)
    keys = [key for key in keys if key]
    for key in keys:
        if key not in known:
            problems.append(
                entry.value["source"].problem(f"no source '{key}'", "a key of 'sources'", meant(key, known) if known else "")
            )
    if found.kind == "seen" and not keys:
        problems.append(entry.problem("seen, but in no source", "source: a key of 'sources'", "Or is it assumed?"))
    return {"kind": found.kind, "source": ", ".join(keys), "note": found.note}


def _covers(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith((prefix + ".", prefix + "["))


def _stands(root: Node, path: str) -> bool:
    room = path.split(".")[0]
    if room not in WORLD or room not in root.value:
        return False
    return any(node.path == path for node in root.value[room].walk())


def _numbers(root: Node) -> Iterator[Node]:
    for room in WORLD:
        for node in root.value[room].walk() if room in root.value else ():
            if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
                yield node
