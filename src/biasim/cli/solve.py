"""`biasim solve`: how strong a bias must be for a study to report what it does, although surgery does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Several = list[str] | None


def solve(
    study: Annotated[str, typer.Argument(help="a name in configs/ or a path; its 'solve' is what is asked, if nothing else is")],
    unknown: Annotated[Several, typer.Option(help="dotted path of the unknown parameter; twice for two")] = None,
    between: Annotated[Several, typer.Option(help="where it is looked for: low,high; once for each unknown")] = None,
    design: Annotated[str, typer.Option(help="the design that is to report it")] = "",
    method: Annotated[str, typer.Option(help="its analysis, by its label")] = "",
    hazard_ratio: Annotated[float | None, typer.Option(help="what is to be reported")] = None,
    low: Annotated[float | None, typer.Option(help="lower end of its 95% interval")] = None,
    high: Annotated[float | None, typer.Option(help="upper end of it")] = None,
    published: Annotated[str, typer.Option(help="id of a published study, in place of the three")] = "",
    size: Annotated[int | None, typer.Option(min=20, help="patients a replicate; about those of the study if left out")] = None,
    replicates: Annotated[int | None, typer.Option(min=2, help="100,000 patients a point if left out, 40,000 for two")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; all cores if left out")] = None,
    results: Annotated[Path, typer.Option(help="folder of results, for the table and the figure")] = Path("results"),
    out: Annotated[Path | None, typer.Option(help="write the table to this CSV file instead, and draw nothing")] = None,
    draw: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figure")] = True,
) -> None:
    """The value of a parameter, or of two, at which a design reports a hazard ratio though surgery does nothing."""
    from biasim.cli.opening import open_study
    from biasim.cli.progress import wide_console
    from biasim.cli.solving import show_curve, show_solution
    from biasim.config.asking import Said, asked_anew
    from biasim.evidence.published import published_ids
    from biasim.store.whole import replaceable

    own = replaceable(out) if out else None
    said = Said(tuple(unknown or ()), tuple(between or ()), design, method, hazard_ratio, low, high, published)
    opened = asked_anew(open_study(study), said, frozenset(published_ids()))
    show = show_curve if opened.wanted is not None and len(opened.wanted.unknowns) > 1 else show_solution
    console = wide_console()
    table = show(opened, console, own or results / opened.name / "tables" / "solution.csv", size, replicates, workers)
    console.print(f"table  {table}", highlight=False)
    if draw and out is None:
        from biasim.figures.draw import draw_some

        drawn = draw_some(results / opened.name, "solution")
        console.print(f"figure {drawn[0].parent} ({len(drawn)} files)", highlight=False)
