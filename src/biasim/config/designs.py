"""Designs: from a mapping to a draft, from a draft to a checked Design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain

from biasim.config.checking import repaired
from biasim.config.choices import label, part_of, spelled
from biasim.config.draft import DESIGN_KEYS, ONE, DesignDraft, Edit
from biasim.config.signature import bare, hints
from biasim.config.study import Choice, Design
from biasim.config.text import Node
from biasim.errors import Problem
from biasim.registry import LISTS, names
from biasim.types import Exposure, ExposureInTrial, ExposureOverTime, Observed, ObservedOverTime, ObservedTrial

DEFAULTS = {"follow_up": "complete", "outcome": "death"}  # what a design that does not mention the room gets
GIVES = {Exposure: Observed, ExposureOverTime: ObservedOverTime, ExposureInTrial: ObservedTrial}
KIND = {
    Observed: "fixed at time zero",
    ObservedOverTime: "that begins during follow-up",
    ObservedTrial: "that knows the arm and what was done",
}
Build = Callable[[Node, str], Choice | None]


def drafted(node: Node, problems: list[Problem]) -> DesignDraft:
    """A design as written, every choice in its canonical spelling."""
    if not node.is_mapping:
        problems.append(node.problem(f"{node.shown} is not a design", "a mapping with " + ", ".join(DESIGN_KEYS)))
        return DesignDraft(node=node)
    node = repaired(node, list(DESIGN_KEYS), problems)
    view = {}
    for room in ONE:
        written = node.value.get(room)
        if written is None and room in DEFAULTS:
            written = replace(node.here(DEFAULTS[room]), path=f"{node.path}.{room}")
        if written is None:
            expected = "one of " + ", ".join(names(room))
            problems.append(node.problem(f"'{room}' is missing", expected, f"Write '{room}: ...' here.", at_key=True))
        elif choice := spelled(written, room, problems):
            view[room] = choice
    return DesignDraft(
        node=node,
        lists={room: several(node.value.get(room), room, problems) for room in LISTS},
        view=view,
        methods=_methods(node, problems),
        edits=edits(node.value.get("change"), problems),
    )


def several(node: Node | None, room: str, problems: list[Problem]) -> tuple[Node, ...]:
    """The choices of a room that takes any number: a list, or one alone."""
    if node is None:
        return ()
    choices = [spelled(item, room, problems) for item in (node.value if node.is_list else (node,))]
    return tuple(choice for choice in choices if choice)


def _methods(node: Node, problems: list[Problem]) -> dict[str, Node]:
    if "methods" in node.value:
        return method_choices(node.value["methods"], problems)
    expected = "a list of: " + ", ".join(names("methods"))
    problems.append(node.problem("'methods' is missing", expected, "Write 'methods: [...]' here.", at_key=True))
    return {}


def method_choices(node: Node, problems: list[Problem]) -> dict[str, Node]:
    """Methods by label: a list makes its labels from what is written, a mapping names them."""
    wanted = "a list of methods, or a mapping of labels to methods"
    if node.is_mapping:
        if len(node.value) == 1 and (name := next(iter(node.value))) in names("methods"):
            child = node.value[name]
            if child.is_mapping and not any(key in names("methods") for key in child.value):
                problems.append(node.problem("a method without a list", wanted, f"Write [{{{name}: ...}}]."))
                return {}
        spelt = {key: spelled(child, "methods", problems) for key, child in node.value.items()}
        return {key: choice for key, choice in spelt.items() if choice}
    if not node.is_list:
        hint = f"Write [{node.written}]." if isinstance(node.value, str) else ""
        problems.append(node.problem(f"{node.shown} does not fit", wanted, hint))
        return {}
    if not node.value:
        problems.append(node.problem("an empty list", wanted, "A design without a method answers nothing."))
    methods: dict[str, Node] = {}
    for item in node.value:
        if choice := spelled(item, "methods", problems):
            if (name := label(choice)) in methods:
                hint = "Leave one out, or name them: {first: cox, second: cox}."
                problems.append(item.problem(f"the label '{name}' stands twice", "each label once", hint))
            methods[name] = choice
    return methods


def edits(node: Node | None, problems: list[Problem], *, lenient: bool = False) -> tuple[Edit, ...]:
    """A mapping of dotted paths to values, in the order of the file."""
    if node is None or node.value is None:
        return ()
    if not node.is_mapping:
        hint = "Write 'treatment.by_prognosis.odds_ratio: 1.0' on a line of its own."
        problems.append(node.problem(f"{node.shown} does not fit", "a mapping of dotted paths to values", hint))
        return ()
    return tuple(Edit(path=path, value=value, lenient=lenient) for path, value in node.value.items())


def finished(name: str, draft: DesignDraft, world: Mapping[str, Choice | None], build: Build) -> Design | None:
    """The design with every choice checked; None when one is wrong."""
    lists = {room: [build(choice, room) for choice in choices] for room, choices in draft.lists.items()}
    view = {room: build(choice, room) for room, choice in draft.view.items()}
    methods = {key: build(choice, "methods") for key, choice in draft.methods.items()}
    complete = len(view) == len(ONE) and len(methods) > 0
    if not complete or None in [*chain(*lists.values()), *view.values(), *methods.values(), *world.values()]:
        return None
    return Design(name=name, world=world, methods=methods, **{room: tuple(choices) for room, choices in lists.items()}, **view)  # type: ignore[arg-type]


def gives(exposure: str) -> type[Observed] | None:
    """What an investigator gets under an exposure part; None when its annotation leaves it open."""
    return GIVES.get(bare(hints("exposure", exposure).get("return")))


def takes(method: str) -> type[Observed] | None:
    """What a method needs; None when it takes whatever there is."""
    wanted = hints("methods", method).get("observed")
    return wanted if wanted in GIVES.values() else None


def fits(method: str, exposure: str) -> bool:
    """Whether a method can be used under an exposure. One that is fixed at time zero is another thing than one that begins."""
    wanted, given = takes(method), gives(exposure)
    if wanted is None or given is None:
        return True
    return given is wanted if wanted is Observed else issubclass(given, wanted)


def design_part(draft: DesignDraft, room: str) -> str:
    """The part chosen in a room of the view, "" when it could not be read."""
    return part_of(draft.view[room]) if room in draft.view else ""
