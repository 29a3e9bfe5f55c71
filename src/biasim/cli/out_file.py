"""A file that the user names for a table: new, or a regular file that may be replaced."""

from __future__ import annotations

from pathlib import Path

from biasim.errors import BiasimError


def out_file(path: Path) -> Path:
    """`path`, refused where a device, a pipe or a folder stands: tables are written whole and renamed over what is there."""
    if path.exists() and not path.is_file():
        raise BiasimError(f"--out {path}: this is no regular file. Name a new file, or leave out --out")
    return path
