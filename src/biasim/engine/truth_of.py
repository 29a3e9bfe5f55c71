"""The truths that a method's claim is judged against in several designs, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from biasim.config.study import Design, Scenario, Study
from biasim.engine.judged import judged
from biasim.engine.plan import plan
from biasim.engine.truth import Answer, Question, answers, question
from biasim.engine.workers import Task, compute, cores


def truths_of(study: Study, designs: Sequence[Design], claims: Sequence[str], workers: int | None) -> list[Answer]:
    """The value of each design's claim in its own world, from large cohorts that share their streams.

    Where surgery has no effect, what it does to an outcome does not depend on whom it is done to: of the designs that
    count the same and have the same primary tumours one is computed, and where that gives exactly 0 so do the others.
    """
    found: dict[int, Answer] = {}
    same: dict[str, list[int]] = {}
    for place, design in enumerate(designs):
        if design.world["effect"].name == "none":
            same.setdefault(f"{design.outcome.name} {design.world['local']} {claims[place]}", []).append(place)
    for places in same.values():
        found[places[0]] = first = answered(study, designs[places[0]], claims[places[0]])
        if not first.value or isnan(first.value):
            found |= dict.fromkeys(places, first)
    open_ = [place for place in range(len(designs)) if place not in found]
    tasks = [Task(f"truth {at}", at, study.truth_size, answered, (study, designs[at], claims[at])) for at in open_]
    found |= {task.key: answer for task, answer in compute(tasks, workers or cores())}
    return [found[place] for place in range(len(designs))]


def answered(study: Study, design: Design, claim: str) -> Answer:
    """The value of one claim: what a worker does."""
    choice, measured, size = judged(study, design, claim, question(study, claim), claimed=True)
    planned = plan(alone(design), study.seed, size=size)
    asked = Question(choice.function, planned.designs[0].view, measured)
    return answers(planned.worlds[0], (asked,), size, study.seed)[0]


def alone(design: Design) -> Scenario:
    """A scenario with one design."""
    return Scenario(number=0, varied={}, size=1, world=design.world, designs={design.name: design})
