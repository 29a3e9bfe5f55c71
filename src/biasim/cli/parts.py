"""`biasim parts`: what stands in the house, read from the source tree."""

from __future__ import annotations

from typing import Annotated

import typer


def parts(
    which: Annotated[str, typer.Argument(help="a room (`methods`) or a part (`methods.cox`); everything if left out")] = "",
) -> None:
    """List the parts of every room, or describe one part with its parameters."""
    from rich.console import Console
    from rich.table import Table

    from biasim.config.parts import describe, listing

    console = Console()
    room, _, name = which.partition(".")
    if name:
        text, parameters = describe(room, name)
        console.print(f"[bold]{room}.{name}[/bold]\n")
        console.print(text, markup=False, highlight=False)
        table = Table(title="Parameters in a study file", title_justify="left", show_edge=False)
        for heading in ("name", "type", "unit", "range", "default", "switch"):
            table.add_column(heading)
        for row in parameters:
            table.add_row(*row)
        if parameters:
            console.print(table)
        return
    last = ""
    for row_room, row_name, line in listing(room):
        if row_room != last:
            console.print(f"\n[bold]{row_room}[/bold]")
            last = row_room
        console.print(f"  {row_name:<30} {line}", markup=False, highlight=False)
