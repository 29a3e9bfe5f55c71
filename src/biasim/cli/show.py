"""`biasim show`: the stored results of a study as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from biasim.errors import BiasimError


def show(
    study: Annotated[str, typer.Argument(help="a study whose results are stored")],
    results: Annotated[Path, typer.Option(help="folder of results")] = Path("results"),
    measures: Annotated[bool, typer.Option("--measures", help="every performance measure with its MCSE")] = False,
) -> None:
    """Print the stored result tables of a study; nothing is simulated."""
    from biasim.cli.progress import wide_console
    from biasim.cli.stored import stored_folder
    from biasim.report.description_text import description_text
    from biasim.report.result_text import all_measures, results_text

    console = wide_console()
    folder = stored_folder(results, study)
    pieces = all_measures(folder) if measures else (*results_text(folder), *description_text(folder, published_ids(folder)))
    for piece in pieces:
        console.print(piece)


def published_ids(folder: Path) -> tuple[str, ...]:
    """The published studies that the stored study asked for; none where it cannot be read any more."""
    from biasim.config.load import load

    try:
        return load(folder / "study.yaml").published
    except BiasimError:
        return ()
