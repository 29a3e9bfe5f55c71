"""A part is one file: its name, its signature, its docstring, its test."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from biasim import units
from biasim.config.docstrings import section
from biasim.config.signature import bare, expected, hints, mark, members, parameters
from biasim.registry import SIGNATURES, VIEW, WORLD, find, folder, names

ROOT = Path(__file__).parents[2]
PARTS = [(room, name) for room in SIGNATURES for name in names(room)]
HEADINGS = {
    **dict.fromkeys((*WORLD, *VIEW), ("Where the bias comes from",)),
    "methods": ("Assumes", "Breaks when"),
    "estimands": ("Target population",),
    "performance": ("Formula",),
}
RETURNS = {
    "patients": "Patients", "course": "Course", "treatment": "Treatment", "effect": "Effect", "survival": "Potential",
    "staging": "Staging", "methods": "Estimate", "estimands": "Truth", "performance": "Value", "measurement": "Measured",
}  # fmt: skip
every_part = pytest.mark.parametrize(("room", "name"), PARTS, ids=[f"{room}.{name}" for room, name in PARTS])


def place(room: str, name: str) -> str:
    line = inspect.getsourcelines(find(room, name))[1]
    return f"src/biasim/{folder(room)}/{name}.py:{line}"


def test_every_room_has_parts() -> None:
    assert all(names(room) for room in SIGNATURES), [room for room in SIGNATURES if not names(room)]


@every_part
def test_file_and_function_share_a_name(room: str, name: str) -> None:
    part = find(room, name)
    assert part.__name__ == name, f"{place(room, name)}: the function is called {part.__name__}"
    assert Path(inspect.getfile(part)).stem == name, f"{place(room, name)}: the function comes from another file"


@every_part
def test_signature_begins_with_its_causes(room: str, name: str) -> None:
    arguments = inspect.signature(find(room, name)).parameters.values()
    data = tuple(argument.name for argument in arguments if argument.kind is not argument.KEYWORD_ONLY)
    assert data == SIGNATURES[room], f"{place(room, name)}: takes {data}, a part of {room} takes {SIGNATURES[room]}"
    returned = getattr(bare(hints(room, name).get("return")), "__name__", "")
    assert returned == RETURNS.get(room, returned), f"{place(room, name)}: returns {returned}, not {RETURNS[room]}"


@every_part
def test_parameters_have_types_of_the_grammar(room: str, name: str) -> None:
    for parameter in parameters(room, name).values():
        where = f"{place(room, name)}: {parameter.name}"
        words = expected(parameter.annotation)
        assert words not in ("a value", ""), f"{where}: {parameter.annotation} is no type of the grammar"
        numeric = units.Unit if words.startswith(("a number", "a whole number")) else None
        assert numeric is None or mark(parameter.annotation, units.Unit), (
            f"{where}: a number without a unit; take a type of units.py"
        )


@every_part
def test_defaults_and_switches_are_allowed_values(room: str, name: str) -> None:
    from biasim.config.choices import plain
    from biasim.config.models import part_model

    shape = parameters(room, name)
    required = {p.name: None for p in shape.values() if p.required}
    for parameter in shape.values():
        switch = parameter.mark(units.Switch)
        for word, value in (("default", parameter.default), ("switch", switch.value if switch else inspect.Parameter.empty)):
            if value is inspect.Parameter.empty:
                continue
            model = part_model(room, name)
            try:
                model.__pydantic_validator__.validate_assignment(model.model_construct(**required), parameter.name, plain(value))
            except ValueError as error:
                pytest.fail(f"{place(room, name)}: the {word} of {parameter.name} is not allowed: {error}")


@every_part
def test_docstring_has_the_headings_of_its_room(room: str, name: str) -> None:
    part = find(room, name)
    for heading in HEADINGS[room]:
        assert section(part, heading), f"{place(room, name)}: no section '{heading}'"
    first = (inspect.getdoc(part) or "").split("\n")[0]
    assert first.endswith((".", "?")), f"{place(room, name)}: the first line is no sentence: {first}"


@every_part
def test_docstring_documents_every_parameter(room: str, name: str) -> None:
    text = section(find(room, name), "Parameters")
    documented = set(re.findall(r"^(?:\w+, )*(\w+)(?: :.*|,.*)?$", text, re.M)) | set(
        re.findall(r"^([\w, ]+?)(?: :.*)?$", text, re.M)
    )
    known = {word.strip() for entry in documented for word in entry.split(",")}
    missing = [parameter for parameter in parameters(room, name) if parameter not in known]
    assert not missing, f"{place(room, name)}: not in the section 'Parameters': {', '.join(missing)}"


def words_of(file: Path) -> Iterator[str]:
    """Names and texts that a test file uses; what its docstrings say is no test."""
    tree = ast.parse(file.read_text())
    told = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and ast.get_docstring(node) is not None}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("room", list(SIGNATURES))
def test_every_part_is_named_in_a_test_of_its_own_room(room: str) -> None:
    own = {"cohort": WORLD, "design": VIEW}
    rooms = [house for house, inside in own.items() if room in inside] or [room]
    files = [file for one in (*rooms, "truth") for file in (ROOT / "tests" / one).glob("*.py")]
    text = "\n".join(word for file in files for word in words_of(file))
    # a test of a shipped world is a test of the parts that the world chooses
    text += "".join(file.read_text() for file in (ROOT / "configs" / "worlds").glob("*.yaml") if file.stem in text)
    missing = [
        f"{place(room, name)}: no test in tests/{rooms[0]} names it"
        for name in names(room)
        if not re.search(rf"\b{name}\b", text)
    ]
    assert not missing, "\n".join(missing)


def test_nested_dataclasses_are_of_the_grammar_too() -> None:
    broken = []
    for room, name in PARTS:
        todo = [(parameter.name, parameter.annotation) for parameter in parameters(room, name).values()]
        while todo:
            path, annotation = todo.pop()
            kind = next(
                (k for k in (annotation, getattr(annotation, "__origin__", None)) if hasattr(k, "__dataclass_fields__")), None
            )
            if kind is None:
                continue
            if not kind.__dataclass_params__.frozen:
                broken.append(f"{place(room, name)}: {path}: {kind.__name__} is not frozen")
            for field in members(kind).values():
                todo.append((f"{path}.{field.name}", field.annotation))
                if expected(field.annotation) == "a value":
                    broken.append(f"{place(room, name)}: {path}.{field.name}: {field.annotation} is no type of the grammar")
    assert not broken, "\n".join(broken)
