"""Fingerprints: the same for what gives the same numbers, different for everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import Any

RESULTS = 3
"""Version of the numbers that the code makes: raised by one when a change of the code changes any result.

Stored replicates of another version are not read."""

TRUTHS = 1
"""Version of the truths alone: raised by one when a change of the code changes a truth and no replicate."""


def key(*things: Any) -> str:
    """64 bits over choices, scenarios, numbers and texts, and the version of the results."""
    text = json.dumps([RESULTS, *map(plain, things)], sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def plain(thing: Any) -> Any:
    """Dataclasses and mappings as JSON objects; floats in the shortest form that reads back the same."""
    if is_dataclass(thing):
        return {field.name: plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Mapping):
        return {str(name): plain(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    return thing
