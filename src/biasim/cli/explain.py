"""`biasim explain`: what a study simulates and which line of it is the bias, before any run."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(study: Annotated[str, typer.Argument(help="a name in configs/ or a path")]) -> None:
    """Tell a study: story, equations, causal diagram, the line that is the bias, the expected direction."""
    from rich.console import Console

    from biasim.cli.opening import open_study
    from biasim.engine.arrows import diagrams
    from biasim.engine.plan import plan
    from biasim.cli.explanation import explanation

    opened = open_study(study)
    scenario = opened.scenarios[-1]  # the last cell of a grid is the one with the mechanism at its strongest
    console = Console(width=min(Console().width, 110))
    for piece in explanation(opened, scenario, diagrams(plan(scenario, opened.seed))):
        console.print(piece)
