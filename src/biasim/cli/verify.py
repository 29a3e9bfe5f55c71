"""`biasim verify`: which kernels are in use, and how far apart the three ways to fit a Cox model are."""

from __future__ import annotations

from typing import Annotated

import typer

from biasim.errors import BiasimError


def verify(
    cohorts: Annotated[int, typer.Option(min=1, help="random cohorts to fit")] = 20,
    seed: Annotated[int, typer.Option(help="seed of the random cohorts")] = 20230130,
) -> None:
    """Fit random cohorts with every kernel and with lifelines; print the largest differences."""
    from biasim.engine.verify import verification

    report = verification(cohorts=cohorts, seed=seed)
    print("\n".join(report.lines))
    if not report.passed:
        raise BiasimError("the kernels disagree by more than they may; please report the lines above")
