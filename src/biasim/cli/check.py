"""`biasim check`: read a study and refuse it with every mistake at once, or say what it would run."""

from __future__ import annotations

from typing import Annotated

import typer


def check(study: Annotated[str, typer.Argument(help="a name in configs/ or a path")]) -> None:
    """Check a study file without running it."""
    from biasim.cli.opening import open_study

    opened = open_study(study)
    designs = opened.scenarios[0].designs
    analyses = sum(len(design.methods) for design in designs.values())
    print(
        f"{opened.source}: no mistakes. {len(opened.scenarios)} scenario(s), {len(designs)} design(s), "
        f"{analyses} analyses, {opened.replicates} replicates of {opened.scenarios[0].size} patients."
    )
