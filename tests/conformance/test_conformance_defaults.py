"""Every parameter that switches a mechanism says in its `Parameters` where the default comes from."""

from __future__ import annotations

import re
from inspect import getdoc

import pytest

from biasim.config.signature import parameters
from biasim.registry import SIGNATURES, find, names
from biasim.units import Switch

SWITCHES = [
    (room, part, name)
    for room in SIGNATURES
    for part in names(room)
    for name, item in parameters(room, part).items()
    if item.mark(Switch) and not item.required
]


def entry(doc: str, name: str) -> str:
    """What stands under a parameter: the lines indented below its name."""
    found = re.search(rf"^{name}(?: : .*)?\n((?:(?:    .*)?\n)+)", doc + "\n", re.M)
    return found.group(1) if found else ""


def test_the_entry_of_a_parameter_ends_where_the_next_begins() -> None:
    doc = "Parameters\n----------\none\n    First. Default: assumed.\ntwo : int\n    Second.\n\nRaises\n------\nX"
    assert entry(doc, "one") == "    First. Default: assumed.\n"
    assert "Default" not in entry(doc, "two")
    assert entry(doc, "three") == ""


@pytest.mark.parametrize(("room", "part", "name"), SWITCHES, ids=lambda value: value)
def test_a_switch_says_where_its_default_comes_from(room: str, part: str, name: str) -> None:
    text = entry(getdoc(find(room, part)) or "", name)
    where = f"{room}.{part}.{name}"
    assert text, f"{where}: no entry under 'Parameters'"
    assert "Default" in text, f"{where}: say where the default comes from: 'Default: assumed', '..., seen (row)', 'none of it'"
