"""The lines that `explain` calls the bias: those of the shipped studies, and none that does nothing there."""

from __future__ import annotations

from functools import cache

import pytest

from biasim.cli.bias_lines import biasing
from biasim.cli.explanation import place
from biasim.config.load import load, resolve
from biasim.config.mechanisms import Mechanism
from biasim.engine.diagram import diagrams
from biasim.engine.plan import plan

LINES = {  # study -> design and room of every line
    "selection_into_study": {
        ("registry", "eligibility"), ("the_fit_travel", "eligibility"), ("five_years_known", "eligibility"),
    },
    "calendar_time": {
        ("", "treatment"), ("", "care"), ("registry", "measurement"), ("surgery_spreads", "treatment"),
        ("surgery_spreads", "measurement"), ("historical_controls", "treatment"),
    },
    "stage_migration_by_imaging": {("", "patients"), ("", "treatment"), ("", "staging"), ("registry", "measurement")},
    "missing_covariates": {
        ("", "treatment"), ("registry", "recording"), ("by_what_is_known", "recording"), ("by_what_is_missing", "recording"),
    },
    "trial_imbalance": {("", "treatment"), ("unbalanced_unseen", "treatment")},
    "trial_early_stop": {
        ("trial", "methods.five looks uncorrected"), ("trial", "methods.five looks O'Brien-Fleming"),
    },
    "immortal_time": {("registry", "exposure")},
    "trial_responders": set(),
}  # fmt: skip


@cache
def lines(study: str) -> tuple[Mechanism, ...]:
    loaded = load(resolve(study))
    scenario = loaded.scenarios[0]
    return tuple(biasing(scenario, diagrams(plan(scenario, loaded.seed))))


@pytest.mark.parametrize("study", LINES)
def test_lines_are_those_that_open_a_path(study):
    assert {(one.design, one.room) for one in lines(study)} == LINES[study]


@pytest.mark.parametrize("study", LINES)
def test_no_line_says_that_it_does_nothing(study):
    assert not [one for one in lines(study) if one.says.startswith("Nowhere")]


def test_what_is_said_is_about_the_bias():
    assert all("comes back" in one.says for one in lines("missing_covariates") if one.room == "recording")
    assert all("overstate" in one.says for one in lines("trial_early_stop"))
    assert all("without" in one.says for one in lines("calendar_time") if one.room == "measurement")


def test_parts_of_a_list_stand_on_lines_of_their_own():
    study = load(resolve("every_mechanism"))
    found = [place(study, one) for one in lines("every_mechanism") if one.room == "recording"]
    assert ["recording[0]" in found[0], "recording[1]" in found[1]] == [True, True]
    first, second = (int(one.split(":")[1].split()[0]) for one in found)
    assert first < second


def test_a_part_changed_by_a_design_stands_on_the_line_of_the_change():
    study = load(resolve("calendar_time"))
    changed = next(one for one in lines("calendar_time") if (one.design, one.room) == ("surgery_spreads", "treatment"))
    line, _ = study.where["designs.surgery_spreads.change.treatment.by_year.odds_ratio_per_year"]
    assert place(study, changed).split()[0] == f"{study.source}:{line}"
