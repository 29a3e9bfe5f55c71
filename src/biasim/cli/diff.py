"""`biasim diff`: two studies, or two designs of one, line by line, and how far each line moves the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="a name in configs/ or a path; STUDY:DESIGN for a design of it")],
    second: Annotated[str, typer.Argument(metavar="B", help="the other one")],
    design: Annotated[str, typer.Option(help="compare this design; the first that both have if left out")] = "",
    method: Annotated[str, typer.Option(help="compare this method, by its label; the first that both have if left out")] = "",
    size: Annotated[int | None, typer.Option(min=20, help="patients a replicate; those of A if left out")] = None,
    replicates: Annotated[int | None, typer.Option(min=2, help="as many as a few seconds buy if left out")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; all cores if left out")] = None,
    out: Annotated[Path | None, typer.Option(help="write the numbers to this CSV file too")] = None,
) -> None:
    """What differs between two studies, and how far each line of it moves the result: the same patients, one line at a time."""
    from biasim.cli.opening import open_study
    from biasim.cli.progress import progress_bar, wide_console
    from biasim.config.chosen import chosen, named
    from biasim.engine.comparison import compare
    from biasim.engine.comparison_table import write_comparison
    from biasim.report.diff_text import diff_text
    from biasim.store.whole import replaceable

    table = replaceable(out) if out else None
    (one, its), (other, others) = named(first), named(second)
    opened = open_study(one)
    studies = (opened, opened if other == one else open_study(other))
    analyses = chosen(studies, (its or design, others or design), method)
    console = wide_console()
    with progress_bar("diff", console) as progress:
        found = compare(*analyses, size=size, replicates=replicates, workers=workers, progress=progress)
    for piece in diff_text(found):
        console.print(piece, highlight=False)
    if table:
        console.print(f"numbers {write_comparison(table, found)}", highlight=False)
