"""`biasim show`: the stored results of a study as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    study: Annotated[str, typer.Argument(help="a study whose results are stored")],
    results: Annotated[Path, typer.Option(help="folder of results")] = Path("results"),
    measures: Annotated[bool, typer.Option("--measures", help="every performance measure with its MCSE")] = False,
) -> None:
    """Print the stored result tables of a study; nothing is simulated."""
    from biasim.cli.progress import wide_console
    from biasim.cli.stored import stored_folder
    from biasim.report.result_text import all_measures, results_text

    console = wide_console()
    folder = stored_folder(results, study)
    for piece in all_measures(folder) if measures else results_text(folder):
        console.print(piece)
