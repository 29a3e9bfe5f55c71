"""Which path the kernels take: compiled where an extension was built, numpy otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from types import ModuleType
from typing import Literal

Path = Literal["numpy", "compiled"]
VARIABLE = "BIASIM_KERNELS"  # environment: forces a path


def extension(name: str) -> ModuleType | None:
    """The extension module biasim.kernels.<name>, or None where it was not built."""
    try:
        return import_module(f"biasim.kernels.{name}")
    except ImportError:
        return None


COX = extension("_cox")


def _chosen(path: str) -> bool:
    if path not in ("numpy", "compiled"):
        raise ValueError(f"{VARIABLE}: {path!r}; expected 'numpy' or 'compiled'")
    if path == "compiled" and COX is None:
        raise ValueError(
            f"{VARIABLE}: the compiled kernels are not built; a C compiler and a new installation build them"
        )
    return path == "compiled"


_AT_FIRST = _chosen(os.environ.get(VARIABLE) or ("numpy" if COX is None else "compiled"))
_COMPILED: ContextVar[bool] = ContextVar("biasim_kernels", default=_AT_FIRST)


def compiled() -> bool:
    """Whether the kernels take the compiled path."""
    return _COMPILED.get()


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Take `path` within the block, in this thread only. Raises ValueError for a path that is not there."""
    before = _COMPILED.set(_chosen(path))
    try:
        yield
    finally:
        _COMPILED.reset(before)
