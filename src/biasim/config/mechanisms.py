"""Which lines of a study are sources of bias, read from switches and docstrings of the parts chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

from biasim.config.docstrings import section, sentences_about
from biasim.config.signature import parameters
from biasim.config.study import Choice, Scenario, view
from biasim.registry import find
from biasim.units import Switch

HEADING = "Where the bias comes from"
CHOOSING = ("patients", "treatment", "care", "staging", "censoring")  # the rooms of the world in which patients are selected


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A chosen part that can bias: where it stands, what is switched on, and what it does."""

    design: str  # "" for the world that all designs share
    room: str
    part: str
    switched_on: Mapping[str, tuple[Any, Any]]  # parameter -> (value, switch); empty when the part itself is the flaw
    says: str
    position: int | None = None  # among the parts of a room that takes several


def mechanisms(scenario: Scenario) -> Iterator[Mechanism]:
    """Sources of bias in the shared world, as far as a design lives in it, then in each design, in the order of the file."""
    for room in CHOOSING:
        if any(design.world[room] == scenario.world[room] for design in scenario.designs.values()):
            yield from switched_on(scenario.world[room], design="")
    for name, design in scenario.designs.items():
        for room in CHOOSING:
            if design.world[room] != scenario.world[room]:
                yield from switched_on(design.world[room], design=name)
        seen: Counter[str] = Counter()
        for choice in view(design):
            several = isinstance(getattr(design, choice.room), tuple)
            for one in switched_on(choice, design=name):
                yield replace(one, position=seen[choice.room]) if several else one
            seen[choice.room] += 1


def unrecorded(scenario: Scenario, designs: Iterable[str]) -> Iterator[Mechanism]:
    """The measurement of the designs that leave a common cause unmeasured: the line is the flaw, with every switch off."""
    for name in designs:
        choice = scenario.designs[name].measurement
        says = section(find(choice.room, choice.name), HEADING)
        yield Mechanism(design=name, room=choice.room, part=choice.name, switched_on={}, says=sentences_about(says, ()))


def switched_on(choice: Choice, *, design: str) -> Iterator[Mechanism]:
    """The choice as a mechanism: a parameter is off its switch, or the part has none and is a flaw in itself."""
    says = section(find(choice.room, choice.name), HEADING)
    switches = {name: item.mark(Switch) for name, item in parameters(choice.room, choice.name).items()}
    off = {
        name: (choice.parameters[name], switch.value)
        for name, switch in switches.items()
        if switch is not None and choice.parameters[name] != switch.value
    }
    if choice.room == "patients":  # prognosis by itself biases nothing: a mechanism of theirs has parameters of its own
        off = {name: (value, at) for name, (value, at) in off.items() if is_dataclass(value)}
    flaw_itself = choice.room != "patients" and not any(switches.values()) and bool(says) and not says.startswith("Nowhere")
    if off or flaw_itself:
        yield Mechanism(design=design, room=choice.room, part=choice.name, switched_on=off, says=sentences_about(says, off))
