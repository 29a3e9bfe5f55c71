"""The truth: values of estimands in a large cohort of every world, drawn from streams of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from inspect import Parameter, signature
from math import nan
from typing import Any, NamedTuple

from biasim.cohort.generate import generate
from biasim.config.study import Choice, Study
from biasim.engine.as_counted import surgery_matters
from biasim.engine.as_designed import as_designed
from biasim.engine.plan import Part, Plan
from biasim.engine.replicate import replicate
from biasim.engine.streams import TRUTH, Streams
from biasim.errors import NoTruth
from biasim.registry import find

NULL_SIZE = 20_000  # patients are enough to compute the truth from where surgery does nothing: it is then exactly 0
ALWAYS_SAID = ("at", "horizon")
CLAIM_SIZE = 200  # patients are enough for a method to say which estimand it claims


class Answer(NamedTuple):
    """The value of an estimand: nan, with the reason, where the world has none."""

    value: float
    mcse: float
    cohort_size: int
    message: str = ""


def claims(plan: Plan) -> dict[tuple[str, str], str]:
    """(design, method) -> the estimand that the method claims, asked on a few patients."""
    rows = replicate(replace(plan, size=min(plan.size, CLAIM_SIZE)), TRUTH)
    return {(row.design, row.method): row.estimate.estimand for row in rows}


def questions(study: Study, claimed: Iterable[str]) -> dict[str, Choice]:
    """Label -> estimand to compute: those that methods claim, then those that the study asks for besides.

    Where the study names an estimand, its population and grace period hold for the claims of that name.
    """
    asked = {claim: question(study, claim) for claim in dict.fromkeys(claimed)}
    for choice in study.estimands:
        if choice not in asked.values():
            asked[spelled(choice)] = choice
    return asked


def question(study: Study, claim: str) -> Choice:
    """The estimand behind a claim such as "rmst_difference(horizon=60)"."""
    name, said = read(claim)
    own = [choice for choice in study.estimands if choice.name == name]
    fitting = [choice for choice in own if said.items() <= choice.parameters.items()]
    parameters = (fitting or own)[0].parameters if own else defaults(find("estimands", name))
    return Choice(room="estimands", name=name, parameters={**parameters, **said})


def read(claim: str) -> tuple[str, dict[str, Any]]:
    """Name and stated parameters of a claim: `rmst_difference(horizon=60, grace=8)`, `marginal_log_hazard_ratio`."""
    name, written = re.fullmatch(r"(\w+)(?:\((.*)\))?", claim).groups()  # type: ignore[union-attr]
    pairs = (pair.split("=") for pair in written.split(",")) if written else ()
    return name, {key.strip(): number(value.strip()) for key, value in pairs}


def number(text: str) -> float | str:
    """A number where the text is one, else the text."""
    try:
        return float(text)
    except ValueError:
        return text


def defaults(part: Part) -> dict[str, object]:
    """The parameters of a part with their defaults."""
    shape = signature(part).parameters.values()
    return {one.name: one.default for one in shape if one.kind is Parameter.KEYWORD_ONLY}


def spelled(choice: Choice) -> str:
    """An estimand that no method claims, by its months and whatever else is not the default."""
    plain = defaults(find(choice.room, choice.name))
    written = ", ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in choice.parameters.items()
        if name in ALWAYS_SAID or value != plain[name]
    )
    return f"{choice.name}({written})" if written else choice.name


class Question(NamedTuple):
    """What a worker computes: an estimand in the cohort as a design has it, given what that measures if it is asked for."""

    estimand: Part
    view: Mapping[str, Any]
    measured: bool


def answers(world: Mapping[str, Part], questions: tuple[Question, ...], size: int, seed: int) -> list[Answer]:
    """The values of estimands in one world, from a cohort of `size` patients.

    Without any effect of surgery, `NULL_SIZE` patients do: both strategies then give every woman the same
    outcome to the last bit, and the value is computed as exactly 0.
    """
    streams = Streams(seed, TRUTH)
    cohort = generate(world, min(size, NULL_SIZE), streams)
    if size > cohort.size and any(surgery_matters(cohort, question.view) for question in questions):
        cohort = generate(world, size, streams)
    found = []
    for estimand, view, measured in questions:
        try:
            truth = estimand(as_designed(cohort, view, streams, measured=measured))
            found.append(Answer(truth.value, truth.mcse, cohort.size))
        except NoTruth as reason:
            found.append(Answer(nan, nan, cohort.size, str(reason)))
    return found
