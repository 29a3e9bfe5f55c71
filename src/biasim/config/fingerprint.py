"""What a scenario is, as a short text that changes when, and only when, its replicates would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import Any

from biasim.config.study import Choice, Scenario, Study, view

VERSION = 1  # raised when equal content no longer means equal replicates


def fingerprint(study: Study, scenario: Scenario) -> str:
    """The key under which the replicates of a scenario are stored: 32 hexadecimal digits.

    Size, seed, worlds, designs and methods count, however they are spelled in YAML; number of replicates, aim,
    story, estimands, performance, expectation, published figures and the scenario's number do not.
    """
    designs = {
        name: {
            "world": _world(design.world),
            "view": [_choice(choice) for choice in view(design)],
            "methods": {label: _choice(method) for label, method in design.methods.items()},
        }
        for name, design in scenario.designs.items()
    }
    return _digest({"size": scenario.size, "seed": study.seed, "world": _world(scenario.world), "designs": designs})


def truth_fingerprint(study: Study, scenario: Scenario) -> str:
    """The key under which the truths of a scenario are stored: worlds, views, estimands, seed and cohort size count."""
    designs = {
        name: [_world(design.world), [_choice(c) for c in (*design.eligibility, design.time_zero, design.exposure)]]
        for name, design in scenario.designs.items()
    }
    estimands = sorted(json.dumps(_choice(choice)) for choice in study.estimands)
    return _digest({"truth": study.truth_size, "seed": study.seed, "designs": designs, "estimands": estimands})


def _world(world: Mapping[str, Choice]) -> dict[str, Any]:
    return {room: _choice(choice) for room, choice in world.items()}


def _choice(choice: Choice) -> list[Any]:
    return [choice.room, choice.name, _plain(choice.parameters)]


def _plain(value: Any) -> Any:
    """Parameters as JSON. A number is its exact value, whether it was written 1 or 1.0."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return {"number": str(int(value)) if float(value).is_integer() else float(value).hex()}
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value]


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps({"version": VERSION, **content}, sort_keys=True, ensure_ascii=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()
