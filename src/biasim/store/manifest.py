"""The manifest of a result folder: enough to say what made it, on what, and what went wrong."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from biasim.errors import StoreError
from biasim.store.whole import write_text

PACKAGES = ("biasim", "numpy", "scipy", "duckdb", "pydantic", "pandas", "lifelines", "matplotlib", "seaborn")


def versions() -> dict[str, str]:
    """Python and the packages that results can depend on; read from metadata, so nothing is imported."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def host() -> dict[str, str]:
    """The kind of machine: no name, no user, no path."""
    return {"system": platform.system(), "machine": platform.machine(), "byte_order": sys.byteorder}


def write_manifest(path: Path, content: dict[str, Any]) -> None:
    """Write the manifest whole, keys in the order given."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest as written. Raises StoreError when it is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read the manifest '{path}': {error}") from error
