"""Which lines of a study file do what they can do: the mechanisms whose flag is up in some diagram, and the analyses at fault."""

from __future__ import annotations

from collections.abc import Iterator

from biasim.config.docstrings import section, sentences_about
from biasim.config.mechanisms import Mechanism, mechanisms, unrecorded
from biasim.config.signature import parameters
from biasim.config.study import Scenario
from biasim.engine.diagram import Diagram
from biasim.engine.flags import ASSIGNMENT, ELIGIBILITY, FOLLOW_UP, OUTCOMES, STRATEGIES, TIME_ZERO, Flag, flags
from biasim.engine.interventions import CARE, EARLY, SURGERY
from biasim.registry import find
from biasim.units import Switch

COMPONENT = {  # room -> the component of the target trial that it can go against
    "eligibility": ELIGIBILITY, "staging": ELIGIBILITY, "time_zero": TIME_ZERO, "exposure": STRATEGIES, "care": STRATEGIES,
    "follow_up": FOLLOW_UP, "censoring": FOLLOW_UP, "outcome": OUTCOMES, "measurement": ASSIGNMENT,
}  # fmt: skip


def biasing(scenario: Scenario, drawn: list[Diagram]) -> Iterator[Mechanism]:
    """Every mechanism at work, in the order of the file: parts, then a record that lacks a common cause, then analyses."""
    found = [flag for diagram in drawn for flag in flags(diagram)]
    parts = [one for one in mechanisms(scenario) if at_work(one, found)]
    yield from parts
    told = {one.design for one in parts if one.room == "measurement"}
    confounded = dict.fromkeys(flag.design for flag in found if flag.component == ASSIGNMENT)
    yield from unrecorded(scenario, [design for design in confounded if design not in told])
    yield from at_fault(scenario, drawn)


def at_work(mechanism: Mechanism, found: list[Flag]) -> bool:
    """Whether a part does what it can do: what a switch turned on is told unless its flag can be up and is not."""
    component = COMPONENT.get(mechanism.room)
    own = [flag for flag in found if flag.design == mechanism.design or not mechanism.design]
    if mechanism.room == "treatment":
        return any(SURGERY in flag.path or EARLY in flag.path for flag in own)
    if component is None or (mechanism.switched_on and mechanism.room == "measurement"):
        return not mechanism.says.startswith("Nowhere")
    up = [flag for flag in own if flag.component == component]
    if component == STRATEGIES:
        up = [flag for flag in up if (CARE in flag.path) == (mechanism.room == "care")]
    return bool(up)


def at_fault(scenario: Scenario, drawn: list[Diagram]) -> Iterator[Mechanism]:
    """The analyses that make a flaw of their own out of data that would allow better."""
    for diagram in drawn:
        used = diagram.use
        if used.ignores_dates or used.drops_wait or used.known_later or used.by_result:
            for label in diagram.analyses:
                choice = scenario.designs[diagram.design].methods[label]
                known = parameters("methods", choice.name)
                about = [name for name, item in known.items() if item.mark(Switch)] if used.by_result else ()
                says = sentences_about(section(find("methods", choice.name), "Breaks when"), about)
                room = f"methods.{label}"
                yield Mechanism(design=diagram.design, room=room, part=choice.name, switched_on={}, says=f"Breaks when: {says}")
