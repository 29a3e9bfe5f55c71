"""Which lines of a study file do what they can do: the mechanisms that stand on an open path, and the analyses at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from biasim.config.docstrings import section, sentences_about
from biasim.config.mechanisms import Mechanism, mechanisms, unrecorded
from biasim.config.signature import parameters
from biasim.config.study import Scenario
from biasim.engine.diagram import ALL, COMPLETE, RECORD, REPORT, WHOLE, Diagram, told
from biasim.engine.flags import ANALYSIS, ASSIGNMENT, ELIGIBILITY, FOLLOW_UP, OUTCOMES, STRATEGIES, TIME_ZERO, Flag, flags
from biasim.engine.interventions import CARE, DEPARTURE, EARLY, HIDDEN, RECORDED, SURGERY, YEAR
from biasim.engine.sight import ALIVE, ELIGIBLE, KNOWN, ZERO
from biasim.registry import find
from biasim.units import Switch


class Fault(NamedTuple):
    """Something wrong, and the diagram in which it is."""

    flag: Flag
    diagram: Diagram

    @property
    def steps(self) -> frozenset[tuple[str, str]]:
        """The arrows along its path, from cause to result."""
        pairs = {arrow.ends for arrow in self.diagram.arrows}
        both = [step for one, two in pairwise(self.flag.path) for step in ((one, two), (two, one))]
        return frozenset(step for step in both if step in pairs)


def biasing(scenario: Scenario, drawn: list[Diagram]) -> Iterator[Mechanism]:
    """Every mechanism at work, in the order of the file: parts, then a record that lacks a common cause, then analyses."""
    found = [Fault(flag, diagram) for diagram in drawn for flag in flags(diagram)]
    parts = [one for one in mechanisms(scenario) if at_work(one, scenario, found)]
    yield from parts
    listed = {one.design for one in parts if one.room == "measurement"}
    lacking = dict.fromkeys(fault.flag.design for fault in found if unmeasured(fault) and not lost_later(scenario, fault))
    yield from unrecorded(scenario, [design for design in lacking if design not in listed])
    yield from at_fault(scenario, drawn)


def at_work(mechanism: Mechanism, scenario: Scenario, found: list[Fault]) -> bool:
    """Whether what a part does lies on an open path of a design that has it, or has raised a flag of its own there."""
    if mechanism.says.startswith("Nowhere"):
        return False
    room, designs = mechanism.room, scenario.designs
    having = [mechanism.design] if mechanism.design else [
        name for name, design in designs.items() if design.world[room] == scenario.world[room]
    ]  # fmt: skip
    return any(fault.flag.design in having and SIGNS[room](mechanism, fault) for fault in found)


def _treatment(mechanism: Mechanism, fault: Fault) -> bool:
    """Somebody is chosen; or, where choosing is not what is switched on, the wait for surgery has to be survived."""
    chosen = any(result == SURGERY for _, result in fault.steps) or DEPARTURE in fault.flag.path
    return chosen or (EARLY in fault.flag.path and not mechanism.switched_on)


def _patients(mechanism: Mechanism, fault: Fault) -> bool:
    """Who is called ill changes over the years."""
    return any(YEAR in step and {HIDDEN, RECORDED, KNOWN} & set(step) for step in fault.steps)


def _eligibility(mechanism: Mechanism, fault: Fault) -> bool:
    node = f"{ELIGIBLE} {mechanism.part.replace('_', ' ')}"
    ahead = fault.flag.component == ELIGIBILITY and not fault.flag.path  # a flag without a path: it uses the future
    return node in fault.flag.path or (ahead and any(arrow.result == node for arrow in fault.diagram.arrows))


def _exposure(mechanism: Mechanism, fault: Fault) -> bool:
    return fault.flag.component == STRATEGIES and not {CARE, DEPARTURE} & set(fault.flag.path)


def _measurement(mechanism: Mechanism, fault: Fault) -> bool:
    """A common cause is not on record, or what is on record is a consequence of surgery."""
    if "without" in mechanism.switched_on and unmeasured(fault):
        return True
    others = set(mechanism.switched_on) - {"without"}
    if not others:
        return not mechanism.switched_on and unmeasured(fault)
    return fault.flag.component == ANALYSIS and bool(fault.flag.path) and not {REPORT, COMPLETE} & set(fault.flag.path)


def _recording(mechanism: Mechanism, fault: Fault) -> bool:
    return bool({RECORD, COMPLETE} & set(fault.flag.path)) or half_recorded(fault)


SIGNS: Mapping[str, Callable[[Mechanism, Fault], bool]] = {
    "patients": _patients,
    "treatment": _treatment,
    "care": lambda _, fault: CARE in fault.flag.path,
    "staging": lambda _, fault: KNOWN in fault.flag.path and YEAR not in fault.flag.path,
    "censoring": lambda _, fault: fault.flag.component == FOLLOW_UP,
    "eligibility": _eligibility,
    "time_zero": lambda _, fault: fault.flag.component == TIME_ZERO or bool({ZERO, ALIVE} & set(fault.flag.path)),
    "exposure": _exposure,
    "measurement": _measurement,
    "recording": _recording,
    "follow_up": lambda _, fault: fault.flag.component == FOLLOW_UP,
    "outcome": lambda _, fault: fault.flag.component == OUTCOMES,
}  # room -> whether a fault is of its making


def unmeasured(fault: Fault) -> bool:
    """Whether surgery is chosen by something that the record does not tell, whatever an analysis makes of the record."""
    flag, seen = fault.flag, fault.diagram.sight
    if flag.component != ASSIGNMENT or seen.probe.cohort.treatment.randomised.any():
        return False
    return told(seen, flag.path[2], list(seen.columns)) < WHOLE.get(flag.path[2], ALL)


def lost_later(scenario: Scenario, fault: Fault) -> bool:
    """Whether it is measured, and spoilt or lost on its way into the record: then that is the line."""
    design, seen = scenario.designs[fault.flag.design], fault.diagram.sight
    return fault.flag.path[2] == RECORDED and bool(design.recording and seen.columns)


def half_recorded(fault: Fault) -> bool:
    """Whether surgery is chosen by something that is on record in part, or with error."""
    return fault.flag.component == ASSIGNMENT and fault.flag.path[2] == RECORDED and RECORD in fault.diagram.given


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
