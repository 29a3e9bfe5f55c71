"""The `biasim` command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated

import typer

from biasim.cli.attribute import attribute
from biasim.cli.check import check
from biasim.cli.diff import diff
from biasim.cli.evidence import evidence
from biasim.cli.explain import explain
from biasim.cli.figures import figures
from biasim.cli.lessons import lessons
from biasim.cli.matrix import matrix
from biasim.cli.parts import parts
from biasim.cli.replay import replay
from biasim.cli.sensitivity import sensitivity
from biasim.cli.show import show
from biasim.cli.simulate import simulate
from biasim.cli.solve import solve
from biasim.cli.verify import verify
from biasim.errors import BiasimError, StudyRefused

app = typer.Typer(
    name="biasim",
    help="How much survival benefit can an observational study report when there is none?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from importlib.metadata import version as installed

        print(f"biasim {installed('biasim')}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="print the version")] = False,
) -> None:
    """How much survival benefit can an observational study report when there is none?"""


def speaking(command: Callable) -> Callable:
    """Errors meant for the user become text and an exit code; defects keep their traceback."""

    @wraps(command)
    def wrapped(*args: object, **keywords: object) -> None:
        try:
            command(*args, **keywords)
        except StudyRefused as refused:
            count = len(refused.problems)
            print(refused, file=sys.stderr)
            print(f"{count} mistake{'s' if count != 1 else ''}; nothing has run.", file=sys.stderr)
            raise typer.Exit(1) from None
        except BiasimError as error:
            print(f"biasim: {error}", file=sys.stderr)
            raise typer.Exit(1) from None
        except KeyboardInterrupt as stopped:
            told = str(stopped) or "stopped: finished replicates are kept; the same command goes on from there"
            print(f"\n{told}", file=sys.stderr)
            raise typer.Exit(130) from None

    return wrapped


COMMANDS = (
    simulate, check, parts, explain, diff, attribute, solve, show, evidence, replay, sensitivity, verify, figures, matrix,
    lessons,
)  # fmt: skip
for command in COMMANDS:
    app.command()(speaking(command))
