"""Compute, print and store what `biasim solve` found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from biasim.config.study import Study


def show_solution(
    study: Study, console: Console, table: Path, size: int | None, replicates: int | None, workers: int | None
) -> Path:
    """One unknown: the answer, then how plausible it is."""
    from biasim.cli.progress import progress_bar
    from biasim.engine import sensitivity
    from biasim.engine.plausible import plausible
    from biasim.engine.solution_table import write_solution
    from biasim.engine.solve import solve
    from biasim.report.sensitivity_text import e_value_lines, tipping_tables
    from biasim.report.solution_text import ruler_text, solution_text

    with progress_bar("solve", console) as progress:
        found = solve(study, size=size, replicates=replicates, workers=workers, progress=progress)
    pieces = [*solution_text(found)]
    if found.answer is not None:
        beside = plausible(found.answer, found.analysis.method, found.target, study.seed)
        one = beside.analysis
        pieces += [*ruler_text(beside.ruler)] if beside.ruler else []
        pieces += e_value_lines(one)
        surface = sensitivity.tipping_hazard_ratios(one), sensitivity.tipping_prevalences(one)
        pieces += tipping_tables(*surface, sensitivity.UNEXPOSED)
    for piece in pieces:
        console.print(piece, highlight=False)
    return write_solution(table, found)


def show_curve(
    study: Study, console: Console, table: Path, size: int | None, replicates: int | None, workers: int | None
) -> Path:
    """Two unknowns: the curve."""
    from biasim.cli.progress import progress_bar
    from biasim.engine.iso import curve
    from biasim.engine.solution_table import write_solution
    from biasim.report.solution_text import curve_text

    with progress_bar("solve", console) as progress:
        found = curve(study, size=size, replicates=replicates, workers=workers, progress=progress)
    for piece in curve_text(found):
        console.print(piece, highlight=False)
    return write_solution(table, found)
