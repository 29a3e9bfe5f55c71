"""`biasim figures`: draw the figures of stored results again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def figures(
    study: Annotated[str, typer.Argument(help="a study whose results are stored; leave out with --all")] = "",
    everything: Annotated[bool, typer.Option("--all", help="every study in the results folder")] = False,
    results: Annotated[Path, typer.Option(help="folder of results")] = Path("results"),
) -> None:
    """Draw the figures from the stored tables; nothing is simulated."""
    from biasim.cli.stored import stored_folder, stored_folders
    from biasim.figures.draw import draw_all

    folders = stored_folders(results) if everything or not study else [stored_folder(results, study)]
    for folder in folders:
        drawn = draw_all(folder)
        print(f"{folder}: {len(drawn)} files drawn in {folder / 'figures'}")
