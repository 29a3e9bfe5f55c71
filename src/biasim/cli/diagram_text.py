"""A causal diagram in words and arrows, and the table of the target trial, for `biasim explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from rich.table import Table
from rich.text import Text

from biasim.config.study import Design
from biasim.engine.arrows import Arrow
from biasim.engine.d_separation import Path
from biasim.engine.diagram import Diagram
from biasim.engine.diagram_table import LATER, WHEN
from biasim.engine.flags import flags
from biasim.engine.target_trial import target_trial

OPEN, CLOSED = "bold red", "dim"
MOMENTS = ("diagnosis", "evaluation", "treatment", LATER, "death", "record")


def picture(diagram: Diagram) -> Text:
    """The nodes moment by moment, what each acts on, and every open path; what is given stands in brackets."""
    text, told = Text(), flags(diagram)
    steps = {frozenset(step) for flag in told for step in pairwise(flag.path)}
    for moment in MOMENTS:
        for node in (node for node in diagram.nodes if WHEN.get(node, LATER) == moment):
            text.append(f"{moment:<11}{boxed(node, diagram):<24}")
            for number, arrow in enumerate([one for one in diagram.arrows if one.cause == node]):
                text.append(", " if number else "──► ")
                text.append(f"{arrow.result}{strong(arrow)}", style=OPEN if frozenset(arrow.ends) in steps else CLOSED)
            text.append("\n")
    for flag in told:
        text.append(f"OPEN {route(flag.path, diagram)}\n     {flag.says}\n" if flag.path else f"FLAW {flag.says}\n", style=OPEN)
    if not told:
        text.append("no open path\n")
    if not diagram.effects:
        text.append("surgery does nothing: no arrow to death")
    return text


def boxed(node: str, diagram: Diagram) -> str:
    return f"[{node}]" if node in diagram.given else node


def strong(arrow: Arrow) -> str:
    """How strong an arrow is, where that says something."""
    if arrow.unit == "SD apart":
        return f" ({arrow.strength:+.2f} SD)"
    return f" ({arrow.strength:.2f} log hazard)" if arrow.unit == "log hazard" else ""


def route(path: Path, diagram: Diagram) -> str:
    """A path with its arrows as they point."""
    pairs = {arrow.ends for arrow in diagram.arrows}
    steps = [boxed(path[0], diagram)]
    for before, after in pairwise(path):
        steps.append(f"{'──►' if (before, after) in pairs else '◄──'} {boxed(after, diagram)}")
    return " ".join(steps)


def target_trials(designs: Mapping[str, Design], drawn: list[Diagram]) -> Iterator[object]:
    """One table a design: the trial that would answer the question against what the design has."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("design", "", "the trial that would answer it", "this design", "flag"):
        table.add_column(heading, overflow="fold", style="bold red" if heading == "flag" else "")
    last = ""
    for row in target_trial(designs, drawn):
        if last and row.design != last:
            table.add_section()
        cells = (row.design if row.design != last else "", row.component, row.ideal, row.here, row.flags)
        table.add_row(*map(Text, cells))  # as they are: names of analyses stand in brackets
        last = row.design
    yield Text("\nTarget trial", style="bold")
    yield table
