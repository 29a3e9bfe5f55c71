"""`biasim sensitivity`: how strong a hidden confounder would have to be to explain what a study found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sensitivity(
    study: Annotated[str, typer.Argument(help="a study whose results are stored; with --replicate, any study file")],
    design: Annotated[str, typer.Option(help="this design only")] = "",
    method: Annotated[str, typer.Option(help="this analysis only, by its label")] = "",
    scenario: Annotated[int, typer.Option(min=0, help="number of the scenario")] = 0,
    replicate: Annotated[int | None, typer.Option(min=0, help="one replicate rebuilt, instead of the stored mean")] = None,
    results: Annotated[Path, typer.Option(help="folder of results")] = Path("results"),
) -> None:
    """Print E-values, bounding factors and tipping points of a study's hazard ratios, each explained in a line."""
    from biasim.cli.progress import wide_console
    from biasim.engine import sensitivity as engine
    from biasim.report import sensitivity_text as text

    if replicate is None:
        from biasim.cli.stored import stored_folder

        folder = stored_folder(results, study)
        analyses = engine.of_tables(folder, scenario)
        title = f"{folder.name}: scenario {scenario}, the mean of all replicates with the interval of a typical one"
    else:
        from biasim.cli.opening import open_study
        from biasim.engine.replay import replay

        opened = open_study(study)
        analyses = engine.of_rows(replay(opened, scenario=scenario, replicate=replicate).rows)
        title = f"{opened.name}: scenario {scenario}, replicate {replicate}"
    found = engine.selected(analyses, design, method)
    one = found[0]
    console = wide_console()
    console.print(text.e_value_table(title, found))
    for piece in (
        *text.e_value_lines(one),
        *text.bounds_table(engine.bounds(one)),
        *text.tipping_tables(engine.tipping_hazard_ratios(one), engine.tipping_prevalences(one), engine.UNEXPOSED),
    ):
        console.print(piece, highlight=False)
    if len(found) > 1:
        console.print("Another analysis in full: --design NAME --method LABEL.", style="dim", highlight=False)
