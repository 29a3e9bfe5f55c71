"""Ctrl-C kept waiting for a few milliseconds.

DuckDB looks for Ctrl-C inside its calls and reports it as one of several errors of its own; a call that is
over before Ctrl-C is heard raises KeyboardInterrupt and nothing else.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


@contextmanager
def unhurried() -> Iterator[None]:
    """Ctrl-C during the block takes effect at its end. Only the main thread ever hears Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or before is None:
        yield
        return
    heard: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard and callable(before):
        before(*heard[0])
