"""The trial that would answer the question of a study, and how far each design is from it.

What a design does is said in the words of its parts: the section `Target trial` of a docstring, or else its first line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import NamedTuple

from biasim.config.docstrings import section, summary
from biasim.config.signature import parameters
from biasim.config.study import Choice, Design
from biasim.engine.diagram import Diagram
from biasim.engine.flags import (
    ANALYSIS,
    ASSIGNMENT,
    CONTRAST,
    ELIGIBILITY,
    FOLLOW_UP,
    OUTCOMES,
    STRATEGIES,
    TIME_ZERO,
    Flag,
    flags,
)
from biasim.registry import find
from biasim.units import Switch

IDEAL = {
    ELIGIBILITY: "Women with the disease, by what is known of them at time zero.",
    STRATEGIES: "Removal of the primary tumour by a stated month, or no removal; all other treatment alike.",
    ASSIGNMENT: "By chance, at time zero.",
    TIME_ZERO: "The moment at which a woman is eligible and assigned, the same in both groups.",
    FOLLOW_UP: "From time zero to the outcome or to a date fixed beforehand; nobody lost for a reason that bears on it.",
    OUTCOMES: "The same event, looked for in the same way in both groups.",
    CONTRAST: "The same effect, between the groups as assigned.",
    ANALYSIS: "By group as assigned, everybody included; nothing that happens later is adjusted for.",
}


class Row(NamedTuple):
    """One component of the target trial: as it would be, as this design has it, and what is wrong with that."""

    design: str
    component: str
    ideal: str
    here: str
    flags: str  # "; " between them


def target_trial(designs: Mapping[str, Design], drawn: Iterable[Diagram]) -> Iterator[Row]:
    """The table of every design, row by row."""
    drawn = list(drawn)
    for name, design in designs.items():
        own = [one for one in drawn if one.design == name]
        found = [flag for one in own for flag in flags(one)]
        here = said(design, own)
        for component, ideal in IDEAL.items():
            yield Row(name, component, ideal, here[component], "; ".join(wrong(component, found, own)))


def said(design: Design, own: list[Diagram]) -> dict[str, str]:
    """Each component in the words of the parts that make it."""
    criteria = [sentence(choice) for choice in design.eligibility] or ["Every woman of the cohort whose stage IV becomes known."]
    claims = dict.fromkeys(claim.replace("_", " ") for one in own for claim in one.claims)
    return {
        ELIGIBILITY: " ".join(criteria),
        STRATEGIES: sentence(design.exposure),
        ASSIGNMENT: sentence(design.world["treatment"]),
        TIME_ZERO: sentence(design.time_zero),
        FOLLOW_UP: sentence(design.follow_up),
        OUTCOMES: sentence(design.outcome),
        CONTRAST: "; ".join(claims),
        ANALYSIS: "; ".join(f"{', '.join(one.analyses)}: {adjusted(one)}" for one in own),
    }


def adjusted(diagram: Diagram) -> str:
    """What the analyses of one diagram adjust for."""
    used = diagram.use.columns
    measured = len(diagram.sight.columns)
    if not used:
        return "nothing adjusted for"
    return ", ".join(sorted(used)) if len(used) <= 3 else f"{len(used)} of {measured} measured covariates"


def sentence(choice: Choice) -> str:
    """What a part does, with its parameters, those left out that are at their switch or say nothing."""
    known = parameters(choice.room, choice.name)
    switches = {name: item.mark(Switch) for name, item in known.items()}
    told = [
        f"{name.replace('_', ' ')} {_short(value)}"
        for name, value in choice.parameters.items()
        if not is_dataclass(value) and value not in (None, (), 0) and not (switches[name] and switches[name].value == value)
    ]
    return words(choice) + (f" ({', '.join(told)})" if told else "")


def words(choice: Choice) -> str:
    """The words that a part has for the protocol of a trial, or its first line."""
    part = find(choice.room, choice.name)
    return " ".join((section(part, "Target trial") or summary(part)).split())


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value).replace("_", " ")


def wrong(component: str, found: list[Flag], own: list[Diagram]) -> Iterator[str]:
    """The flags of one component; those that not all analyses share say which they are about."""
    everything = {label for one in own for label in one.analyses}
    concerned: dict[str, set[str]] = {}
    for flag in found:
        if flag.component == component:
            concerned.setdefault(flag.says, set()).update(flag.analyses)
    for says, labels in concerned.items():
        some = [label for one in own for label in one.analyses if label in labels]
        yield says if labels == everything else f"{says} [{', '.join(some)}]"
