"""A study as YAML with every default written out, which reads back as the same study."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isinf, isnan
from typing import Any

from biasim.config.choices import part_of, plain
from biasim.config.draft import DesignDraft, Draft, Edit
from biasim.config.scenarios import Build, same_part
from biasim.config.study import Choice
from biasim.config.text import Node, scalar
from biasim.registry import VIEW

PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*( [A-Za-z0-9_.]+)*\Z")
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def written_out(root: Node, draft: Draft, choices: Mapping[str, tuple[Choice, ...]], run: Mapping[str, int], build: Build) -> str:
    """YAML of a checked study. `draft` is the study after `change` and before `vary`."""
    top = {key: node.plain for key, node in root.value.items()}
    content: dict[str, Any] = {"study": top["study"], "aim": top["aim"]}
    if top.get("story"):
        content["story"] = top["story"]
    varied = tuple(top.get("vary") or ())
    content["world"] = {room: _choice(node, room, build) for room, node in draft.world.items()}
    content["designs"] = {name: _design(design, draft, varied, build) for name, design in draft.designs.items()}
    for room, list_of in choices.items():
        content[room] = [full(choice) for choice in list_of]
    content["run"] = dict(run)
    content |= {key: top[key] for key in ("vary", "switches", "solve", "expect", "published") if top.get(key)}
    return yaml(content)


def full(choice: Choice) -> dict[str, Any]:
    """A choice with all its parameters, as plain data."""
    return {choice.name: {name: plain(value) for name, value in choice.parameters.items()}}


def _choice(node: Node, room: str, build: Build) -> dict[str, Any]:
    choice = build(node, room)
    return full(choice) if choice else node.plain


def _design(design: DesignDraft, draft: Draft, varied: tuple[str, ...], build: Build) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for room in VIEW:
        if design.lists.get(room):
            content[room] = [_choice(node, room, build) for node in design.lists[room]]
        elif room in design.view:
            content[room] = _choice(design.view[room], room, build)
    content["methods"] = {label: _choice(node, "methods", build) for label, node in design.methods.items()}
    if design.edits:
        changes: dict[str, Any] = {}
        for edit in design.edits:
            changes.pop(edit.path, None)  # a later change of the same path goes to the end, as it was applied
            changes[edit.path] = _change(edit, draft, varied, build)
        content["change"] = changes
    return content


def _change(edit: Edit, draft: Draft, varied: tuple[str, ...], build: Build) -> Any:
    """A change of a design's world: in full where another part replaces, as written where it merges."""
    room, *deeper = edit.steps
    node = edit.value
    canonical = node.here({node.value: {}}) if isinstance(node.value, str) else node
    if deeper or room in varied or not canonical.is_mapping or same_part(canonical, draft.world.get(room)):
        return node.plain
    if not part_of(canonical) or canonical.value[part_of(canonical)].value is None:
        canonical = node.here({part_of(canonical): {}})
    return _choice(canonical, room, build)


def yaml(content: Any, depth: int = 0) -> str:
    """Plain data as YAML: mappings in blocks, lists of scalars on one line."""
    lines = []
    for key, value in content.items():
        start = "  " * depth + f"{word(str(key))}:"
        if isinstance(value, Mapping) and value:
            lines.append(f"{start}\n{yaml(value, depth + 1)}")
        elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) and len(str(item)) > 60 for item in value):
            lines.append(start + "\n" + "".join("  " * (depth + 1) + f"- {flow(item)}\n" for item in value))
        else:
            lines.append(f"{start} {flow(value)}\n")
    return "".join(lines)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float) and (isinf(value) or isnan(value)):
        return ".nan" if isnan(value) else ".inf" if value > 0 else "-.inf"
    return repr(value) if isinstance(value, (int, float)) else word(str(value))


def word(text: str) -> str:
    """A text, in quotes where it could be read as something else."""
    if PLAIN_WORD.match(text) and scalar(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
