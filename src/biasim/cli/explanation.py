"""The text of `biasim explain`: story, equations, diagram, the lines that are the bias, what to expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import exp, sqrt
from pathlib import Path

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from biasim.config.docstrings import section, summary
from biasim.config.mechanisms import Mechanism, mechanisms, unrecorded
from biasim.config.resolve import from_here, world_folders
from biasim.config.study import Scenario, Study
from biasim.engine.arrows import Arrow, Diagram
from biasim.registry import WORLD, find

OPEN, CLOSED = "bold red", "dim"
SHORTEST = 0.05  # months by which an exposure must look ahead to be called a bias
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
    for diagram in distinct(drawn):
        names = ", ".join(one.design for one in drawn if same_world(one, diagram))
        yield Text(f"\nCausal diagram: {names}", style="bold")
        yield Padding(picture(diagram), (0, 2))
    yield Text("\nThe lines that are the bias", style="bold")
    yield from bias_lines(study, scenario, drawn)
    yield Text("\nExpected", style="bold")
    yield expected(study, scenario, drawn)
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


def distinct(drawn: list[Diagram]) -> Iterator[Diagram]:
    """One diagram per different set of arrows, in the order of the designs."""
    for number, diagram in enumerate(drawn):
        if not any(same_world(diagram, earlier) for earlier in drawn[:number]):
            yield diagram


def same_world(one: Diagram, other: Diagram) -> bool:
    return (one.arrows, one.effect) == (other.arrows, other.effect)


def picture(diagram: Diagram) -> Text:
    """Causes above, surgery and death below: an open path (a common cause of both) in colour."""
    text = Text()
    for arrow in diagram.arrows:
        if not arrow.to_death and not arrow.to_surgery:
            continue
        style = OPEN if arrow.opens_a_path and not arrow.measured else CLOSED
        left = f"◄── {arrow.to_surgery:+.2f} SD ──" if arrow.to_surgery else "    (no arrow)    "
        right = "──► death" if arrow.to_death else "    (no arrow to death)"
        text.append(f"surgery {left} {arrow.cause:<19}{right}", style=style)
        text.append(f"   {said(arrow)}\n", style=style)
    effect = "(no arrow: surgery does nothing)" if diagram.effect == 0 else f"── true effect, HR {exp(diagram.effect):.2f} ──►"
    text.append(f"surgery {effect} death")
    return text


def said(arrow: Arrow) -> str:
    """The arrow in words."""
    if arrow.opens_a_path and arrow.measured:
        return "measured: closed where the analysis adjusts for it"
    if arrow.opens_a_path:
        if arrow.cause == "occult metastases":
            return "OPEN: they enter the study by the operation"
        return "OPEN: those operated on are " + ("better" if arrow.to_surgery < 0 else "worse") + " off"
    return "prognosis only: confounds nothing" if arrow.to_death else "decides surgery only: confounds nothing"


def bias_lines(study: Study, scenario: Scenario, drawn: list[Diagram]) -> Iterator[Padding]:
    """Every source of bias with its place in the file, and the months by which an exposure looks ahead."""
    ahead = {diagram.design: diagram.looks_ahead for diagram in drawn}
    occult = any(arrow.cause == "occult metastases" and arrow.to_surgery for one in drawn for arrow in one.arrows)
    found = [one for one in mechanisms(scenario) if biases(one, occult, ahead)]
    open_ = [one.design for one in drawn if any(arrow.opens_a_path and not arrow.measured for arrow in one.arrows[:3])]
    told = {one.design for one in found if one.room == "measurement"}
    found += unrecorded(scenario, [design for design in open_ if design not in told])
    for mechanism in found:
        note = ""
        if mechanism.room == "exposure" and ahead.get(mechanism.design, 0.0) > 0.0:
            note = f" On average the exposed are known {ahead[mechanism.design]:.1f} months after time zero: those are immortal."
        yield Padding(Text.assemble((place(study, mechanism), "bold red"), f"\n  {mechanism.says}{note}"), (0, 2))
    if not found:
        yield Padding(Text("none: every switch of this study is at the value at which its bias vanishes"), (0, 2))


def biases(mechanism: Mechanism, occult: bool, ahead: dict[str, float]) -> bool:
    """Whether a line does what it can do: somebody is occult, or some exposed month is immortal."""
    if mechanism.room == "staging":
        return occult
    if mechanism.room == "exposure":
        return ahead.get(mechanism.design, 0.0) >= SHORTEST
    return not mechanism.says.startswith("Nowhere")


def place(study: Study, mechanism: Mechanism) -> str:
    """`immortal_time.yaml:21  designs.registry.exposure: ever_operated`."""
    path = f"designs.{mechanism.design}.{mechanism.room}" if mechanism.design else mechanism.room
    values = ", ".join(f"{name}={value} (off at {off})" for name, (value, off) in mechanism.switched_on.items())
    changed = f"designs.{mechanism.design}.change.{mechanism.room}"
    shared = f"change.{mechanism.room}"
    candidates = (path, changed, shared, f"{shared}.{mechanism.part}", f"world.{mechanism.room}")
    line = next((study.where[one][0] for one in candidates if one in study.where), None)
    spot = f"{study.source}:{line}  " if line else in_world(study, mechanism.room)
    return f"{spot}{path}: {mechanism.part}" + (f" with {values}" if values else "")


def in_world(study: Study, room: str) -> str:
    """`configs/worlds/two_scores.yaml:19  ` where a room is chosen by the study's world, "" where it is not found."""
    for folder in reversed(world_folders(Path(study.source).absolute())):
        file = folder / f"{study.world_name}.yaml"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        for number, line in enumerate(lines, start=1):
            if line.startswith(f"{room}:"):
                return f"{from_here(file)}:{number}  "
    return ""


def expected(study: Study, scenario: Scenario, drawn: list[Diagram]) -> Table:
    """What the author of the study expects of each design, or what the diagram suggests where nothing was said."""
    table = Table.grid(padding=(0, 2))
    for diagram in drawn:
        table.add_row("", diagram.design, study.expect.get(diagram.design, "not stated in the study file"))
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
