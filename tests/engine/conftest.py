"""Small studies in the transparent world, made by hand."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest

from biasim.config.study import Choice, Design, Scenario, Study
from biasim.registry import find


def choose(room: str, name: str, **given: Any) -> Choice:
    """A choice with its defaults written out."""
    shape = signature(find(room, name)).parameters.values()
    defaults = {one.name: one.default for one in shape if one.kind is one.KEYWORD_ONLY}
    return Choice(room=room, name=name, parameters={**defaults, **given})


def world(**changed: Choice) -> dict[str, Choice]:
    return {
        "patients": choose("patients", "two_scores", recorded_log_ratio=0.5),
        "course": choose("course", "none"),
        "treatment": choose("treatment", "by_prognosis", share=0.4),
        "effect": choose("effect", "none"),
        "survival": choose("survival", "weibull"),
        "staging": choose("staging", "known_at_diagnosis"),
        "censoring": choose("censoring", "none"),
        "care": choose("care", "none"),
        "local": choose("local", "none"),
        **changed,
    }


def design(name: str, rooms: dict[str, Choice], exposure: str, methods: dict[str, Choice], **view: Choice) -> Design:
    parts = {
        "time_zero": choose("time_zero", "diagnosis"),
        "measurement": choose("measurement", "registry"),
        "follow_up": choose("follow_up", "months", months=60.0),
        "outcome": choose("outcome", "death"),
        **view,
    }
    return Design(
        name=name, world=rooms, eligibility=(), recording=(), exposure=choose("exposure", exposure), methods=methods, **parts
    )


def study(
    *, size: int = 150, replicates: int = 60, waits: tuple[float, ...] = (4.0,), effect: str = "none", **more: Any
) -> Study:
    scenarios = []
    for number, wait in enumerate(waits):
        rooms = world(treatment=choose("treatment", "by_prognosis", share=0.4, median_wait=wait))
        rooms["effect"] = choose("effect", effect, **more.get("effect_parameters", {}))
        trial = {**rooms, "treatment": choose("treatment", "at_random")}
        cox = {"cox": choose("methods", "cox"), "cox(adjust=true)": choose("methods", "cox", adjust=True)}
        months = {"rmst": choose("methods", "rmst", horizon=24.0)}
        designs = {
            "registry": design("registry", rooms, "ever_operated", {**cox, **months}),
            "dates": design("dates", rooms, "time_varying", {"late": choose("methods", "cox_time_dependent")}),
            "trial": design("trial", trial, "intended", {"cox": choose("methods", "cox")}),
        }
        designs.update(more.get("designs", {}))
        varied = {"treatment.by_prognosis.median_wait": wait} if len(waits) > 1 else {}
        scenarios.append(Scenario(number=number, varied=varied, size=size, world=rooms, designs=designs))
    measures = ("bias", "coverage", "rejection")
    return Study(
        name=more.get("name", "small"), aim="", source="small.yaml", scenarios=tuple(scenarios),
        estimands=more.get("estimands", ()), performance=tuple(choose("performance", one) for one in measures),
        replicates=replicates, seed=more.get("seed", 1), truth_size=more.get("truth_size", 5_000), story="", expect={},
        published=(), switches={}, written_out="study: small\n", provenance={},
    )  # fmt: skip


@pytest.fixture
def make_study() -> Callable[..., Study]:
    return study


@pytest.fixture
def make_choice() -> Callable[..., Choice]:
    return choose


@pytest.fixture
def make_design() -> Callable[..., Design]:
    return design


@pytest.fixture
def make_world() -> Callable[..., dict[str, Choice]]:
    return world
