"""Types and ranges of the grammar, worlds and their provenance, the list of parts, the JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import ValidationError

from biasim.config.load import load
from biasim.config.models import dataclass_model
from biasim.config.parts import describe, listing
from biasim.config.schema import study_schema
from biasim.config.signature import expected, members
from biasim.config.text import read
from biasim.errors import BiasimError, StudyRefused, UnknownPart
from biasim.registry import SIGNATURES, names
from biasim.units import HazardRatio, Months, PositiveCount, Probability, Switch

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    age: float = 1.0
    share: Probability = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    number: float = 0.0
    months: Months = 1.0
    ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0
    count: PositiveCount = 1
    flag: bool = False
    word: str = ""
    kind: Literal["a", "b"] = "a"
    maybe: Probability | None = None
    names: tuple[str, ...] = ()
    adjust: bool | tuple[str, ...] = False
    table: Mapping[str, Probability] | None = None
    inner: Inner = Inner()
    forever: Months = float("inf")


ALLOWED = [
    ("number", 3, 3.0), ("number", -1.5, -1.5), ("months", 0, 0.0), ("ratio", 0.01, 0.01), ("count", 1e3,
    1000), ("flag", True, True),
    ("kind", "b", "b"), ("maybe", None, None), ("maybe", "none", None), ("maybe", 1, 1.0), ("names",
    ["x"], ("x",)),
    ("adjust", True, True), ("adjust", ["x"], ("x",)), ("table", {"x": 1}, {"x": 1.0}), ("inner",
    {"age": 2}, Inner(age=2.0)),
    ("forever", float("inf"), float("inf")),
]  # fmt: skip
REFUSED = [
    ("number", True), ("number", "3"), ("number", float("inf")), ("number", float("nan")), ("number",
    None), ("number", 10**400),
    ("months", -1), ("months", float("inf")), ("ratio", 0), ("count", 0), ("count", 1.5), ("count",
    True), ("count", "1"), ("flag", 1),
    ("flag", "yes"), ("word", 3), ("word", True), ("kind", "c"), ("kind", True), ("maybe", 1.1),
    ("maybe", True), ("names", "x"),
    ("names", [1]), ("adjust", 1), ("adjust", "yes"), ("table", {"x": 2}), ("table", {"x": True}),
    ("inner", {"agee": 2}),
    ("inner", {"share": 2}), ("inner", 3), ("forever", float("nan")), ("forever", float("-inf")),
    ("unheard", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "value"), ALLOWED)
def test_allowed(name: str, given: Any, value: Any) -> None:
    found = getattr(dataclass_model(Outer).model_validate({name: given}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "given"), REFUSED)
def test_refused(name: str, given: Any) -> None:
    with pytest.raises(ValidationError):
        dataclass_model(Outer).model_validate({name: given})


def test_expectations_in_words() -> None:
    words = {name: expected(p.annotation) for name, p in members(Outer).items()}
    assert words["months"] == "a number (months) at least 0"
    assert words["ratio"] == "a number (hazard ratio) above 0"
    assert words["maybe"] == "a number (probability) from 0 to 1 or nothing (null)"
    assert words["count"] == "a whole number at least 1"
    assert words["kind"] == "one of a, b"
    assert words["inner"] == "a mapping with age, share"


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", "yes"), ("on", "on"), ("true", True), ("1e3", 1000.0), ("1_000", "1_000"), ("0x10", 16),
     ("0o10", 8), ("010", 10),
     ("~", None), ("", None), ("'1'", "1"), ("12:30", "12:30"), ("2019-01-01", "2019-01-01"), (".5",
     0.5), ("5.", 5.0), ("+3", 3)],
)  # fmt: skip
def test_scalars_of_yaml_1_2(text: str, value: Any) -> None:
    root = read(f"a: {text}\n", "x.yaml", [])
    assert root is not None
    found = root.plain["a"]
    assert found == value
    assert type(found) is type(value)


WORLD = """world: tiny
says: A world.
patients: {two_scores: {hidden_log_ratio: 0.3}}
treatment: {by_prognosis: {share: 0.4, odds_ratio: 0.5}}
survival: {weibull: {shape: 1.0}}
provenance:
  patients: {kind: assumed}
  treatment.by_prognosis: {kind: seen, source: book, note: table 2}
  survival.weibull.shape: {kind: tuned, source: [book, paper]}
sources: {book: A book., paper: A paper.}
"""


def with_world(world: str, folder: Path) -> Any:
    (folder / "tiny.yaml").write_text(world)
    start, rest = GOOD.split("world:\n")[0], GOOD[GOOD.index("change:\n") :]
    (folder / "study.yaml").write_text(start + "world: tiny\n" + rest)
    return load(folder / "study.yaml", worlds=folder)


def test_world_with_provenance(tmp_path: Path) -> None:
    study = with_world(WORLD, tmp_path)
    assert study.world_name == "tiny"
    assert study.provenance["survival.weibull.shape"] == {"kind": "tuned", "source": "book, paper", "note": ""}
    assert study.scenarios[0].world["course"].name == "none"


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("  patients: {kind: assumed}\n", "", 3, "0.3 has no provenance"),
        ("survival.weibull.shape:", "survival.weibull.shap:", 9, "'survival.weibull.shap' is not in this world"),
        ("source: book", "source: boot", 8, "no source 'boot'"),
        ("kind: assumed", "kind: guessed", 7, "'guessed' does not fit"),
        ("kind: seen, source: book", "kind: seen", 8, "seen, but in no source"),
        ("world: tiny", "world: huge", 1, "is not the name of the file"),
        ("says: A world.\n", "", 1, "'says' is missing"),
        ("shape: 1.0", "shape: -1.0", 5, "-1.0 does not fit"),
        ("survival: {w", "survivall: {w", 5, "unknown key 'survivall'"),
    ],
)
def test_mistakes_in_a_world_are_located_in_its_file(old: str, new: str, line: int, found: str, tmp_path: Path) -> None:
    with pytest.raises(StudyRefused) as refused:
        with_world(WORLD.replace(old, new), tmp_path)
    fitting = [p for p in refused.value.problems if p.file.endswith("tiny.yaml") and p.line == line and found in p.found]
    assert fitting, str(refused.value)


def test_listing_names_every_part() -> None:
    rows = listing()
    assert {(room, name) for room, name, _ in rows} == {(room, name) for room in SIGNATURES for name in names(room)}
    assert listing("methods") == [row for row in rows if row[0] == "methods"]
    with pytest.raises(BiasimError, match="Did you mean 'methods'"):
        listing("method")


def test_description_of_a_part() -> None:
    text, rows = describe("treatment", "by_prognosis")
    assert "Where the bias comes from" in text
    assert ("odds_ratio", "number", "odds ratio", "above 0", "1.0", "1.0") in rows
    with pytest.raises(UnknownPart, match="Did you mean 'cox'"):
        describe("methods", "coxx")


def test_schema_knows_every_part_and_refers_to_what_it_defines() -> None:
    schema = study_schema()
    text = json.dumps(schema)
    assert set(schema["required"]) == {"study", "aim", "world", "designs", "estimands", "performance", "run"}
    for room in SIGNATURES:
        for name in names(room):
            assert f"{room}.{name}" in schema["$defs"]
    for reference in {piece.split('"')[0] for piece in text.split('"#/$defs/')[1:]}:
        assert reference in schema["$defs"]
