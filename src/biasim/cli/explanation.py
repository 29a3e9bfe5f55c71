"""The text of `biasim explain`: story, equations, diagram, the lines that are the bias, what to expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from math import sqrt
from pathlib import Path

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from biasim.cli.bias_lines import biasing
from biasim.cli.diagram_text import picture, target_trials
from biasim.config.docstrings import section, summary
from biasim.config.mechanisms import Mechanism
from biasim.config.resolve import from_here, world_folders
from biasim.config.study import Scenario, Study
from biasim.engine.diagram import Diagram
from biasim.registry import WORLD, find

KINDS = ("seen", "derived", "tuned", "assumed")


def explanation(study: Study, scenario: Scenario, drawn: list[Diagram]) -> Iterator[object]:
    """Everything about a study that can be said before it runs, as rich renderables."""
    yield Text(f"{study.name}", style="bold")
    yield Padding(Text(" ".join(study.aim.split())), (0, 2))
    if study.story:
        yield Text("\nStory", style="bold")
        yield Padding(Text(" ".join(study.story.split())), (0, 2))
    yield Text("\nEquations", style="bold")
    yield equations(scenario)
    for diagram in drawn:
        yield Text(f"\nCausal diagram: {diagram.design} ({', '.join(diagram.analyses)})", style="bold")
        yield Padding(picture(diagram), (0, 2))
    yield Text("\nThe lines that are the bias", style="bold")
    yield from bias_lines(study, scenario, drawn)
    yield from target_trials(scenario.designs, drawn)
    yield Text("\nExpected", style="bold")
    yield expected(study, scenario)
    yield from numbers(study, scenario)


def equations(scenario: Scenario) -> Table:
    """One line a stage: its part, and its equation where the docstring gives one, else what it does."""
    table = Table.grid(padding=(0, 2))
    for room in WORLD:
        choice = scenario.world[room]
        part = find(room, choice.name)
        lines = section(part, "Equation") or summary(part)
        table.add_row("", f"{room}", Text(choice.name, style="dim"), Text(lines))
    return table


def bias_lines(study: Study, scenario: Scenario, drawn: list[Diagram]) -> Iterator[Padding]:
    """Every source of bias with its place in the file, and what it does."""
    found = list(biasing(scenario, drawn))
    for mechanism in found:
        yield Padding(Text.assemble((place(study, mechanism), "bold red"), f"\n  {mechanism.says}"), (0, 2))
    if not found:
        yield Padding(Text("none: no line of this study opens a path from exposure to outcome but the true effect"), (0, 2))


def place(study: Study, mechanism: Mechanism) -> str:
    """`immortal_time.yaml:21  designs.registry.exposure: ever_operated`."""
    room = f"designs.{mechanism.design}.{mechanism.room}" if mechanism.design else mechanism.room
    path = f"{room}[{mechanism.position}]"
    path = path if path in study.where else room  # a room of one part is often written without a list
    values = ", ".join(f"{name}={short(value)} (off at {off})" for name, (value, off) in mechanism.switched_on.items())
    line = next((study.where[one][0] for one in _candidates(mechanism, path) if one in study.where), None)
    spot = f"{study.source}:{line}  " if line else in_world(study, mechanism.room)
    return f"{spot}{path}: {mechanism.part}" + (f" with {values}" if values else "")


def _candidates(mechanism: Mechanism, path: str) -> Iterator[str]:
    """Where the line may stand, the place that counts first."""
    changed, shared = f"designs.{mechanism.design}.change.{mechanism.room}", f"change.{mechanism.room}"
    yield from (path, changed)
    yield from (f"{changed}.{mechanism.part}.{name}" for name in mechanism.switched_on)
    yield from (shared, f"{shared}.{mechanism.part}")
    yield from (f"{shared}.{mechanism.part}.{name}" for name in mechanism.switched_on)
    yield f"world.{mechanism.room}"


def short(value: object) -> str:
    """A value as the file has it."""
    if not is_dataclass(value):
        return str(value)
    entries = [(item.name, getattr(value, item.name)) for item in fields(value)]
    return "{" + ", ".join(f"{name}: {one}" for name, one in entries) + "}"


def in_world(study: Study, room: str) -> str:
    """`configs/worlds/two_scores.yaml:19  ` where a room is chosen by the study's world, "" where it is not found."""
    for folder in reversed(world_folders(Path(study.source).absolute())):
        file = folder / f"{study.world_name}.yaml"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        for number, line in enumerate(lines, start=1):
            if line.startswith(f"{room}:"):
                return f"{from_here(file)}:{number}  "
    return ""


def expected(study: Study, scenario: Scenario) -> Table:
    """What the author of the study expects of each design."""
    table = Table.grid(padding=(0, 2))
    for design in scenario.designs:
        table.add_row("", design, study.expect.get(design, "not stated in the study file"))
    return table


def numbers(study: Study, scenario: Scenario) -> Iterator[object]:
    """What will run, what it buys, and where the numbers of the world come from."""
    yield Text("\nTo be run", style="bold")
    cells = f" in each of {len(study.scenarios)} scenarios" if len(study.scenarios) > 1 else ""
    cover = 100 * sqrt(0.95 * 0.05 / study.replicates)
    yield Padding(
        Text(
            f"{study.replicates:,} replicates of {scenario.size:,} patients{cells}: the MCSE of a bias will be the spread of the "
            f"estimates / {sqrt(study.replicates):.0f}, that of a coverage of 95 % will be {cover:.1f} percentage points."
        ),
        (0, 2),
    )
    if study.provenance:
        kinds = Counter(entry["kind"] for entry in study.provenance.values())
        counts = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
        said = f"Entries of provenance behind the numbers of the world: {counts} (`biasim explain {study.name} --numbers`)."
        yield Padding(Text(said), (0, 2))


def provenance_table(study: Study) -> Table:
    """Every entry of provenance: which numbers, whether seen, derived, tuned or assumed, from where, and why."""
    table = Table(title=f"Where the numbers of {study.world_name or study.name} come from", title_justify="left", show_edge=False)
    for heading in ("parameters", "kind", "source", "note"):
        table.add_column(heading, overflow="fold")
    for path, entry in study.provenance.items():
        table.add_row(path, entry["kind"], str(entry.get("source", "")), str(entry.get("note", "")))
    return table
