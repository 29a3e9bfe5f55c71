"""`biasim explain`: what a study simulates and which line of it is the bias, before any run."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    study: Annotated[str, typer.Argument(help="a name in configs/ or a path")],
    numbers: Annotated[bool, typer.Option("--numbers", help="where every number of the world comes from")] = False,
) -> None:
    """Tell a study: story, equations, causal diagram, the line that is the bias, the expected direction."""
    from biasim.cli.explanation import explanation, provenance_table
    from biasim.cli.opening import open_study
    from biasim.cli.progress import wide_console
    from biasim.engine.arrows import diagrams
    from biasim.engine.plan import plan

    opened = open_study(study)
    scenario = opened.scenarios[0]  # by custom the first cell of a grid is the study's main case
    console = wide_console()
    if numbers:
        console.print(provenance_table(opened))
        return
    for piece in explanation(opened, scenario, diagrams(plan(scenario, opened.seed))):
        console.print(piece)
