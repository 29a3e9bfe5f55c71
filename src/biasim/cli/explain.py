"""`biasim explain`: what a study simulates and which line of it is the bias, before any run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain(
    study: Annotated[str, typer.Argument(help="a name in configs/ or a path")],
    numbers: Annotated[bool, typer.Option("--numbers", help="where every number of the world comes from")] = False,
    store: Annotated[bool, typer.Option("--store", help="write diagram.csv and target_trial.csv beside the results")] = False,
    results: Annotated[Path, typer.Option(help="folder of all results")] = Path("results"),
) -> None:
    """Tell a study: story, equations, causal diagram, the line that is the bias, the target trial, the expected direction."""
    from biasim.cli.explanation import explanation, provenance_table
    from biasim.cli.opening import open_study
    from biasim.cli.progress import wide_console
    from biasim.engine.diagram import diagrams
    from biasim.engine.plan import plan
    from biasim.engine.writing import write_explanation
    from biasim.store.folder import Folder

    opened = open_study(study)
    scenario = opened.scenarios[0]  # by custom the first cell of a grid is the study's main case
    console = wide_console()
    if numbers:
        console.print(provenance_table(opened))
        return
    drawn = diagrams(plan(scenario, opened.seed))
    if store:
        write_explanation(Folder(results / opened.name), scenario, drawn)
    for piece in explanation(opened, scenario, drawn):
        console.print(piece)
