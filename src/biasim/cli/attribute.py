"""`biasim attribute`: from the true to the apparent hazard ratio, one bar per mechanism."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def attribute(
    study: Annotated[str, typer.Argument(help="a study with 'switches': a name in configs/ or a path; or STUDY:DESIGN")],
    design: Annotated[str, typer.Option(help="this design; the first if left out")] = "",
    method: Annotated[str, typer.Option(help="this analysis, by its label; the first of the design if left out")] = "",
    size: Annotated[int | None, typer.Option(min=20, help="patients a replicate; about those of the study if left out")] = None,
    replicates: Annotated[int | None, typer.Option(min=2, help="200,000 patients if left out, fewer for many sets")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; all cores if left out")] = None,
    results: Annotated[Path, typer.Option(help="folder of results, for the table and the figure")] = Path("results"),
    out: Annotated[Path | None, typer.Option(help="write the table to this CSV file instead, and draw nothing")] = None,
    draw: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figure")] = True,
) -> None:
    """How much each mechanism adds to what a study reports: every combination of its switches, on the same patients."""
    from biasim.cli.opening import open_study
    from biasim.cli.progress import progress_bar, wide_console
    from biasim.config.chosen import named, one_of
    from biasim.engine.attribution import attribute as run
    from biasim.engine.attribution_table import write_attribution
    from biasim.report.attribution_text import attribution_text
    from biasim.store.whole import replaceable

    table = replaceable(out) if out else None
    name, its = named(study)
    opened = open_study(name)
    analysis = one_of(opened, design or its, method)
    console = wide_console()
    with progress_bar("attribute", console) as progress:
        found = run(analysis, size=size, replicates=replicates, workers=workers, progress=progress)
    for piece in attribution_text(found):
        console.print(piece, highlight=False)
    table = write_attribution(table or results / opened.name / "tables" / "attribution.csv", found)
    console.print(f"table  {table}", highlight=False)
    if draw and out is None:
        from biasim.figures.draw import draw_some

        drawn = draw_some(results / opened.name, "attribution")
        console.print(f"figure {drawn[0].parent} ({len(drawn)} files)", highlight=False)
