"""Stored results by name, with an error that says what is there."""

from __future__ import annotations

from pathlib import Path

from biasim.errors import StoreError, meant


def stored_folders(results: Path) -> list[Path]:
    """The folders of `results` that hold tables, in alphabetical order. Raises StoreError when there are none."""
    found = sorted(tables.parent for tables in results.glob("*/tables") if tables.is_dir())
    if not found:
        raise StoreError(f"no results in '{results}'. Run a study first: biasim simulate immortal_time")
    return found


def stored_folder(results: Path, study: str) -> Path:
    """The folder of one study, named with or without path and ending. Raises StoreError with the likely intention."""
    name = named(Path(study))
    folders = {folder.name: folder for folder in stored_folders(results)}
    if name not in folders:
        raise StoreError(f"no results of '{name}' in '{results}'. {meant(name, list(folders))}")
    return folders[name]


def named(study: Path) -> str:
    """The name that a study's folder has: its `study:` where the argument is a file, else the argument itself."""
    if study.suffix in (".yaml", ".yml") and study.is_file():
        from biasim.config.load import load

        return load(study).name
    return study.stem
