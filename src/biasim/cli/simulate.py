"""`biasim simulate`: run a study, print its table, draw its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    study: Annotated[str, typer.Argument(help="a name in configs/ (immortal_time.yaml) or a path")],
    workers: Annotated[int | None, typer.Option(min=1, help="processes; all cores if left out")] = None,
    replicates: Annotated[int | None, typer.Option(min=1, help="instead of the study's own number")] = None,
    precision: Annotated[
        float | None, typer.Option(min=1e-6, help="go on until the MCSE of every bias is at most this (log scale)")
    ] = None,
    results: Annotated[Path, typer.Option(help="folder for results")] = Path("results"),
    draw: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")] = True,
) -> None:
    """Run a study: print the table with Monte Carlo standard errors and write tables and figures."""
    from biasim.cli.opening import open_study
    from biasim.cli.progress import progress_bar, wide_console
    from biasim.engine.run import run
    from biasim.report.description_text import description_text
    from biasim.report.result_text import results_text

    console = wide_console()
    opened = open_study(study)
    with progress_bar(opened.name, console) as progress:
        folder = run(
            opened, results=results, workers=workers, replicates=replicates, precision=precision, progress=progress
        )
    for piece in (*results_text(folder), *description_text(folder, opened.published)):
        console.print(piece)
    if draw:
        from biasim.figures.draw import draw_all

        drawn = draw_all(folder)
        console.print(f"tables  {folder / 'tables'}\nfigures {folder / 'figures'} ({len(drawn)} files)", highlight=False)
