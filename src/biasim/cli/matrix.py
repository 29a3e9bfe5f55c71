"""`biasim matrix`: every method in the world of every bias."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def matrix(
    replicates: Annotated[int, typer.Option(min=2, help="replicates of every bias")] = 200,
    size: Annotated[int, typer.Option(min=20, help="patients a replicate")] = 2000,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; all cores if left out")] = None,
    results: Annotated[Path, typer.Option(help="folder for results")] = Path("results"),
    draw: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figure")] = True,
) -> None:
    """Which analysis survives which bias: bias, coverage and false claims of benefit of every method, in every bias."""
    from biasim.cli.progress import progress_bar, wide_console
    from biasim.engine.matrix import run_matrix
    from biasim.report.matrix_text import matrix_text

    console = wide_console()
    with progress_bar("matrix", console) as progress:

        def of(bias: str) -> Callable[[int, int], None]:
            return lambda done, total: progress(done, total, bias)

        table = run_matrix(results / "matrix", size=size, replicates=replicates, workers=workers, progress=of)
    for piece in matrix_text(table):
        console.print(piece)
    if draw:
        from biasim.figures.matrix import draw_matrix

        drawn = draw_matrix(table)
        console.print(f"table  {table}\nfigure {drawn[0].parent} ({len(drawn)} files)", highlight=False)
