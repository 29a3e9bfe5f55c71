"""`biasim replay`: one replicate rebuilt alone."""

from __future__ import annotations

from typing import Annotated

import typer


def replay(
    study: Annotated[str, typer.Argument(help="a name in configs/ or a path")],
    replicate: Annotated[int, typer.Option(min=0, help="number of the replicate")] = 0,
    scenario: Annotated[int, typer.Option(min=0, help="number of the scenario")] = 0,
) -> None:
    """Rebuild one replicate alone and print every analysis of it."""
    from biasim.cli.opening import open_study
    from biasim.cli.progress import wide_console
    from biasim.engine.replay import replay as rebuild
    from biasim.report.replay_text import replay_table

    opened = open_study(study)
    replayed = rebuild(opened, scenario=scenario, replicate=replicate)
    title = f"{opened.name}: scenario {scenario}, replicate {replicate} (hazard ratios as such, their SE on the log scale)"
    wide_console().print(replay_table(title, replayed.rows))
