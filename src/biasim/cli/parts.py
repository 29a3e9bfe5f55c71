"""`biasim parts`: what stands in the house, read from the source tree."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def parts(
    which: Annotated[str, typer.Argument(help="a room (`methods`) or a part (`methods.cox`, `cox`); left out: everything")] = "",
    part: Annotated[str, typer.Argument(help="the part, where the room stands first (`methods cox`)")] = "",
) -> None:
    """List the parts of every room, or describe one part with its parameters."""
    from rich.console import Console

    from biasim.config.parts import listing, located

    console = Console()
    found = located(f"{which}.{part}" if part else which)
    for room, name in found:
        describe_part(console, room, name)
    if found:
        return
    last = ""
    for room, name, line in listing(which):
        if room != last:
            console.print(f"\n[bold]{room}[/bold]")
            last = room
        console.print(f"  {name:<30} {line}", markup=False, highlight=False)


def describe_part(console: Any, room: str, name: str) -> None:
    """A part's documentation, then its parameters as a table."""
    from rich.table import Table

    from biasim.config.parts import describe

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
