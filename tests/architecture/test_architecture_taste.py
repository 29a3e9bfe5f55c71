"""Sizes, names and what is not left lying about."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from biasim.registry import SIGNATURES, folder

ROOT = Path(__file__).parents[2]
PART_LINES, FILE_LINES, FUNCTION_LINES, ARGUMENTS, DOOR_LINES = 120, 250, 40, 6, 15
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
LEFTOVERS = re.compile(
    r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error|pytest\.mark\.(sk" + r"ip|xf" + r"ail)"
)
PLACES = re.compile(r"(?<![\w.$}])/(work|root|home|tmp)/")


def is_part(source) -> bool:
    return any(source.path.parent == ROOT / "src/biasim" / folder(room) for room in SIGNATURES) and source.path.name[0] != "_"


def functions(tree: ast.AST):
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def docstring_lines(node: ast.AST) -> int:
    first = node.body[0] if node.body else None
    has = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return first.end_lineno - first.lineno + 1 if has else 0


def test_files_fit(house: list) -> None:
    broken = []
    for source in house:
        lines, most = len(source.text.splitlines()), PART_LINES if is_part(source) else FILE_LINES
        if lines > most:
            broken.append(f"{source.place}:{lines}: {lines} lines, at most {most}: it is two things")
    assert not broken, "\n".join(broken)


def test_functions_fit(house: list) -> None:
    """Without the docstring, which is read on its own."""
    broken = []
    for source in house:
        for node in functions(source.tree):
            lines = node.end_lineno - node.lineno + 1 - docstring_lines(node)
            if lines > FUNCTION_LINES:
                broken.append(f"{source.place}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}")
    assert not broken, "\n".join(broken)


def test_six_arguments(house: list) -> None:
    """After the data, which come first."""
    broken = []
    for source in house:
        for node in functions(source.tree):
            if len(node.args.kwonlyargs) > ARGUMENTS:
                found = f"{len(node.args.kwonlyargs)} keyword-only arguments"
                broken.append(f"{source.place}:{node.lineno}: {node.name} takes {found}, at most {ARGUMENTS}")
    assert not broken, "\n".join(broken)


def test_names_say_what_is_in_a_file(house: list) -> None:
    broken = [f"{s.place}:1: a file called {s.path.stem}" for s in house if s.path.stem.strip("_") in BANNED_NAMES]
    assert not broken, "\n".join(broken)


def test_no_class_only_wraps_a_function(house: list) -> None:
    broken = []
    for source in house:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ClassDef) or node.bases or node.decorator_list:
                continue
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            free = [m for m in methods if any(ast.unparse(d) in ("staticmethod", "classmethod") for d in m.decorator_list)]
            if len(methods) < 2 or len(free) == len(methods):
                broken.append(f"{source.place}:{node.lineno}: class {node.name} only wraps a function")
    assert not broken, "\n".join(broken)


def test_the_door_of_a_room_is_a_notice(house: list) -> None:
    broken = []
    for source in house:
        if source.path.name != "__init__.py" or source.module == "biasim":
            continue
        if docstring_lines(source.tree) == 0 or len(source.tree.body) > 1:
            broken.append(
                f"{source.place}:1: a docstring and nothing else, please: what comes in, what goes out, how to add a part"
            )
        if len(source.text.splitlines()) > DOOR_LINES:
            broken.append(f"{source.place}:{DOOR_LINES}: at most {DOOR_LINES} lines")
    assert not broken, "\n".join(broken)


def test_every_file_says_what_it_is(house: list) -> None:
    broken = [f"{s.place}:1: no docstring" for s in house if docstring_lines(s.tree) == 0]
    assert not broken, "\n".join(broken)


def test_public_functions_say_what_they_do(house: list) -> None:
    """A function of a few lines that speaks for itself may be silent; one that speaks does so in sentences."""
    broken = []
    for source in house:
        for node in functions(source.tree):
            first = (ast.get_docstring(node) or "").split("\n")[0]
            long = node.end_lineno - node.lineno >= 8 and not node.name.startswith("_") and node in source.tree.body
            if long and not first:
                broken.append(f"{source.place}:{node.lineno}: {node.name} has no docstring")
            if first and not first.endswith((".", "?", ":", ",")):
                broken.append(f"{source.place}:{node.lineno}: the first line of {node.name} is not a sentence: {first}")
            if is_part(source) and node.name == source.path.stem and re.search(r"[a-z)]\. [A-Z]", first):
                broken.append(f"{source.place}:{node.lineno}: the first line of {node.name} is more than one sentence: {first}")
    assert not broken, "\n".join(broken)


def test_nothing_is_left_lying_about(house: list) -> None:
    files = [s.path for s in house] + sorted((ROOT / "tests").rglob("*.py")) + sorted((ROOT / "configs").rglob("*.yaml"))
    broken = []
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if LEFTOVERS.search(line) or (PLACES.search(line) and file.name != Path(__file__).name):
                broken.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not broken, "\n".join(broken)


def test_names_of_test_files_are_unique() -> None:
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), sorted(name for name in set(names) if names.count(name) > 1)
