"""Files that are either complete or absent: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from biasim.errors import StoreError

UNFINISHED = ".unfinished"  # ending of temporary names; a file with it is never read


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it becomes `path` if the block ends well, and vanishes otherwise.

    The temporary name is unique, so that two writers of the same file cannot mix: the last one wins.
    Raises StoreError, with the system's reason, when the disk is full or the folder cannot be written.
    """
    temporary = replaceable(path).with_name(f".{path.name}.{uuid4().hex}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write '{path}': {error.strerror or error}. {ADVICE}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def replaceable(path: Path) -> Path:
    """`path`, refused where a device, a pipe or a folder stands: renaming a file over it would destroy it. Raises StoreError."""
    if path.exists() and not path.is_file():
        raise StoreError(f"cannot write '{path}': this is no regular file. Name a new file")
    return path


ADVICE = "Make room or choose another folder with --results, and run again: whatever was finished is kept."


def flush(path: Path) -> None:
    """Make what was written survive a power cut; folders cannot be opened on some systems and are left there."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, UTF-8, with line feeds on every system."""
    with whole(path) as temporary:
        temporary.write_bytes(text.encode())


def sweep(folder: Path, older_than: float) -> None:
    """Remove the unfinished files that a killed run left in `folder`, if last touched before `older_than` (epoch, s).

    Only old ones, because another run of the same study may be writing right now.
    """
    for leftover in folder.rglob(f"*{UNFINISHED}"):
        with suppress(OSError):
            if leftover.stat().st_mtime < older_than:
                leftover.unlink()
