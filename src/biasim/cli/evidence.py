"""`biasim evidence`: the published figures, by table and by row, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from biasim.errors import BiasimError, meant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biasim.evidence.row import Row


def evidence(
    what: Annotated[str, typer.Argument(help="a table, or the id of a row; left out: the tables")] = "",
    kind: Annotated[str, typer.Option(help="only estimates of a kind: retrospective, prospective, trial or meta")] = "",
    seen: Annotated[
        bool | None, typer.Option("--seen/--recalled", help="only figures that were seen in the source, or only the others")
    ] = None,
) -> None:
    """List the published figures that biasim knows, or tell everything about one: citation, and whether it was seen."""
    from biasim.cli.progress import wide_console
    from biasim.evidence.catalogue import TABLES, row
    from biasim.report.evidence_text import everything, listing, overview

    console = wide_console(100)
    if what in TABLES or (not what and (kind or seen is not None)):
        chosen = (what,) if what else tuple(TABLES)
        pieces = listing(what or "all tables", picked(chosen, kind, seen))
    elif kind or seen is not None:
        hint = meant(what, list(TABLES))
        raise BiasimError(f"evidence: --kind and --seen choose rows of a table, and '{what}' is none. {hint}")
    else:
        pieces = everything(row(what)) if what else overview()
    for piece in pieces:
        console.print(piece, highlight=False)


def picked(tables: Sequence[str], kind: str, seen: bool | None) -> list[Row]:
    """The rows of these tables that are of a kind, and seen or not; only published estimates have a kind."""
    from biasim.evidence.catalogue import TABLES
    from biasim.evidence.published import KINDS, Published

    if kind and kind not in KINDS:
        raise BiasimError(f"evidence: no kind '{kind}'. {meant(kind, list(KINDS))}")
    rows = [row for table in tables for row in TABLES[table].rows]
    if kind:
        rows = [row for row in rows if isinstance(row, Published) and row.kind == kind]
    return [row for row in rows if seen is None or row.verified is seen]
