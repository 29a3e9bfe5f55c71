"""The way in: a study file becomes a Study, or is refused with every mistake at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from biasim.config.assemble import Surroundings, assemble
from biasim.config.draft import Edit
from biasim.config.resolve import resolve, world_folders
from biasim.config.study import Study
from biasim.config.text import Node, read
from biasim.errors import BiasimError, Problem, StudyRefused, meant

__all__ = ["asking", "from_text", "load", "located", "resolve", "switched", "with_changes"]


def load(
    path: str | Path,
    *,
    worlds: str | Path | Iterable[str | Path] | None = None,
    published_ids: frozenset[str] | None = None,
) -> Study:
    """The study in a file, checked.

    Parameters
    ----------
    path
        A file; `resolve` finds one by name.
    worlds
        Folder or folders with world files; left out, configs/worlds near the study, here and in the source tree.
    published_ids
        The ids that `published` may name; None leaves them unchecked.

    Raises
    ------
    StudyRefused
        With every problem of the file, each with its line. Nothing has run.
    """
    file = Path(path)
    if worlds is None:
        folders = world_folders(file.absolute())
    else:
        folders = [Path(worlds)] if isinstance(worlds, (str, Path)) else [Path(folder) for folder in worlds]
    around = Surroundings(worlds=tuple(folders), published=published_ids)
    return _study(_text(file), str(path), around)


def from_text(text: str, source: str) -> Study:
    """The study written in `text`, checked; `source` is the file that messages name. Raises StudyRefused."""
    return _study(text, source, Surroundings(worlds=tuple(world_folders(Path(source).absolute())), published=None))


def with_changes(study: Study, changes: Mapping[str, Any], *, lenient: bool = False) -> Study:
    """The study with `changes` (dotted path -> plain value) laid over it, over `vary` too.

    `lenient` lets a change for all designs pass by those that cannot take it. Raises StudyRefused.
    """
    nowhere = Node(value=None, file=study.source, line=1, column=1)
    edits = [Edit(path=path, value=replace(nowhere.here(value), path=path), lenient=lenient) for path, value in changes.items()]
    changed = _study(study.written_out, study.source, Surroundings(worlds=(), published=None, extra=tuple(edits)))
    return replace(changed, where=study.where, provenance=study.provenance, world_name=study.world_name)


def asking(study: Study, solve: Mapping[str, Any], published_ids: frozenset[str] | None = None) -> Study:
    """The study with another `solve`, given as plain data, checked like that of a file. Raises StudyRefused."""
    nowhere = Node(value=None, file="solve", line=1, column=1)
    around = Surroundings(worlds=(), published=published_ids, solve=_pathed(nowhere.here(dict(solve)), "solve"))
    changed = _study(study.written_out, study.source, around)
    return replace(changed, where=study.where, provenance=study.provenance, world_name=study.world_name)


def _pathed(node: Node, path: str) -> Node:
    """A tree of plain data with the dotted paths that messages print."""
    value = {key: _pathed(child, f"{path}.{key}") for key, child in node.value.items()} if node.is_mapping else node.value
    value = tuple(_pathed(child, f"{path}[{i}]") for i, child in enumerate(value)) if node.is_list else value
    return replace(node, value=value, path=path)


def switched(study: Study, *mechanisms: str) -> Study:
    """The study with the mechanisms of `switches` turned off. BiasimError for one that it does not have."""
    for name in mechanisms:
        if name not in study.switches:
            raise BiasimError(f"{study.source}: no switch called '{name}'. {meant(name, list(study.switches))}")
    changes = {path: value for name in mechanisms for path, value in study.switches[name].items()}
    return with_changes(study, changes, lenient=True)


def located(study: Study, path: str, error: Exception) -> Problem:
    """An error that a choice raised when it was tried, as a problem at the line that made the choice.

    `path` is dotted, e.g. `designs.registry.methods.cox`; the nearest place above it that the file has is taken.
    """
    nearest = path
    while nearest and nearest not in study.where:
        nearest = nearest.rpartition(".")[0] if "." in nearest else ""
    line, column = study.where.get(nearest, study.where.get("world", (1, 1)))
    found, _, hint = str(error).partition("\n")
    expected = "a choice that works on a few patients of this world"
    return Problem(file=study.source, line=line, column=column, path=path, found=found, expected=expected, hint=hint)


def _study(text: str | Problem, file: str, around: Surroundings) -> Study:
    problems: list[Problem] = [text] if isinstance(text, Problem) else []
    root = None if isinstance(text, Problem) else read(text, file, problems)
    study = assemble(root, around, problems) if root is not None else None
    if problems or study is None:
        raise StudyRefused(list(dict.fromkeys(problems)))
    return study


def _text(file: Path) -> str | Problem:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found, expected = "a byte that is not UTF-8", "text in UTF-8"
        return Problem(
            file=str(file),
            line=line,
            column=1,
            path="top",
            found=found,
            expected=expected,
            hint="Save the file as UTF-8.",
        )
    except OSError as error:
        found = f"cannot be read: {error.strerror or error}"
        return Problem(
            file=str(file),
            line=1,
            column=1,
            path="top",
            found=found,
            expected="a study file",
            hint="See 'biasim check NAME'.",
        )
