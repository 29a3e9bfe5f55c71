"""A progress bar with remaining time, and nothing at all where the output is not a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from biasim.config.study import Study


@contextmanager
def progress_bar(study: Study, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A callback `progress(done, total)`, both in replicates over all scenarios."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(f"[bold]{study.name}"), BarColumn(), MofNCompleteColumn(), TextColumn("replicates, remaining"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(study.name, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress


def wide_console() -> Console:
    """A console of at least 110 columns: tables piped into a file or a narrow window are not cut."""
    from rich.console import Console

    console = Console()
    return console if console.width >= 110 else Console(width=110)
