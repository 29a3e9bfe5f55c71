"""A progress bar with remaining time, and nothing at all where the output is not a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress_bar(name: str, console: Console) -> Iterator[Callable[..., None]]:
    """A callback `progress(done, total, name)`, in replicates over all scenarios; the name may change on the way."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("replicates, remaining"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)

        def progress(done: int, total: int, now: str = name) -> None:
            bar.update(task, completed=done, total=total, description=now)

        yield progress


def wide_console(columns: int = 110) -> Console:
    """A console of at least so many columns: tables piped into a file or a narrow window are not cut."""
    from rich.console import Console

    console = Console()
    return console if console.width >= columns else Console(width=columns)
