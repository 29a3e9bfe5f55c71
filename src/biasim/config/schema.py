"""The JSON Schema of a study file, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from biasim.config.designs import DEFAULTS
from biasim.config.docstrings import summary
from biasim.config.draft import DESIGN_KEYS, ONE
from biasim.config.grammar import StudyFile
from biasim.config.models import dataclass_model, part_model
from biasim.config.worlds import NEUTRAL
from biasim.registry import LISTS, SIGNATURES, WORLD, find, names


def study_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a study file, from the signatures of all parts."""
    schema = dataclass_model(StudyFile).model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.setdefault("$defs", {})
    for room in SIGNATURES:
        definitions[f"choice of {room}"] = {"anyOf": [_choice(room, name, definitions) for name in names(room)]}
    properties = schema["properties"]
    rooms = {room: _ref(room) for room in WORLD}
    needed = [room for room in WORLD if room not in NEUTRAL]
    properties["world"] = {"anyOf": [{"type": "string"}, _mapping(rooms, needed)]}
    properties["designs"] = {"type": "object", "minProperties": 1, "additionalProperties": _design()}
    for room in ("estimands", "performance"):
        properties[room] = {"type": "array", "minItems": 1, "items": _ref(room)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "biasim study"}


def _design() -> dict[str, Any]:
    several = {room: {"anyOf": [_ref(room), {"type": "array", "items": _ref(room)}]} for room in LISTS}
    methods = {
        "anyOf": [
            {"type": "array", "minItems": 1, "items": _ref("methods")},
            {"type": "object", "additionalProperties": _ref("methods")},
        ]
    }
    known = {room: _ref(room) for room in ONE} | several | {"methods": methods}
    known["change"] = {"type": "object"}
    needed = [room for room in (*ONE, "methods") if room not in DEFAULTS]
    return _mapping({key: known[key] for key in DESIGN_KEYS}, needed)


def _choice(room: str, name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A part as `{name: {parameters}}`, and as the bare name where nothing is required."""
    model = part_model(room, name).model_json_schema(ref_template="#/$defs/{model}")
    definitions.update(model.pop("$defs", {}))
    definitions[f"{room}.{name}"] = model
    spelled = _mapping({name: {"anyOf": [{"$ref": f"#/$defs/{room}.{name}"}, {"type": "null"}]}}, [name])
    spelled["description"] = summary(find(room, name))
    return spelled if model.get("required") else {"anyOf": [{"const": name}, spelled]}


def _mapping(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _ref(room: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/choice of {room}"}
