"""The truths that a method's claim is judged against in several designs, each computed once."""

from __future__ import annotations

from collections.abc import Sequence

from biasim.config.study import Design, Scenario, Study
from biasim.engine.judged import judged, surgery_may_matter
from biasim.engine.plan import plan
from biasim.engine.truth import Answer, Question, answers, question
from biasim.engine.workers import Task, compute, cores

ZERO = Answer(0.0, 0.0, 0)


def truths_of(study: Study, designs: Sequence[Design], claims: Sequence[str], workers: int | None) -> list[Answer]:
    """The value of each design's claim in its own world, from large cohorts that share their streams.

    Where surgery does nothing in any of the designs, the last one is computed, which says whether there is a truth at
    all, and the others are taken as exactly 0 like it.
    """
    if not any(map(surgery_may_matter, designs)):
        last = answered(study, designs[-1], claims[-1])
        return [last if last.value != 0.0 else ZERO] * (len(designs) - 1) + [last]
    asked: list[tuple[Design, str]] = []
    places = []
    for design, claim in zip(designs, claims, strict=True):
        same = (number for number, known in enumerate(asked) if (design, claim) == known)
        place = next(same, len(asked))
        asked += [(design, claim)] if place == len(asked) else []
        places.append(place)
    tasks = [Task(f"truth {number}", number, study.truth_size, answered, (study, *one)) for number, one in enumerate(asked)]
    found = {task.key: answer for task, answer in compute(tasks, workers or cores())}
    return [found[place] for place in places]


def answered(study: Study, design: Design, claim: str) -> Answer:
    """The value of one claim: what a worker does."""
    choice, measured, size = judged(study, design, claim, question(study, claim), claimed=True)
    planned = plan(alone(design), study.seed, size=size)
    asked = Question(choice.function, planned.designs[0].view, measured)
    return answers(planned.worlds[0], (asked,), size, study.seed)[0]


def alone(design: Design) -> Scenario:
    """A scenario with one design."""
    return Scenario(number=0, varied={}, size=1, world=design.world, designs={design.name: design})
