"""The source tree, parsed once: what the rules of the house are asked of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "biasim"


@dataclass(frozen=True)
class Source:
    """One file of the house."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def module(self) -> str:
        parts = self.path.relative_to(HOUSE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room below biasim: `types`, `kernels`, `cohort`."""
        return ".".join(self.module.split(".")[1:2])

    def imports(self, *, top_only: bool = False) -> Iterator[tuple[int, str]]:
        """(line, module) of every import; the name is appended where a module is imported from a package."""
        for node in self.top_level() if top_only else ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.place}:{node.lineno}: a relative import; write the whole name"
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield node.lineno, whole if is_module(whole) else str(node.module)

    def top_level(self) -> Iterator[ast.AST]:
        """What runs when the file is imported: nothing inside functions or TYPE_CHECKING."""
        todo: list[ast.AST] = list(self.tree.body)
        while todo:
            node = todo.pop()
            yield node
            guarded = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            if not guarded and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                todo.extend(ast.iter_child_nodes(node))


def is_module(name: str) -> bool:
    """Whether a dotted name is a file or a folder of the house, or a module of scipy that has a name of its own."""
    if not name.startswith("biasim"):
        return name in ("scipy.stats", "scipy.special", "scipy.optimize", "scipy.linalg")
    place = HOUSE.parent.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def parsed() -> list[Source]:
    files = sorted(HOUSE.rglob("*.py"))
    return [Source(file, text, ast.parse(text)) for file in files for text in [file.read_text()]]


@pytest.fixture(scope="session")
def house() -> list[Source]:
    return parsed()
