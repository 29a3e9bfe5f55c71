"""Truths: which are asked for, and what they are."""

import json
from math import log

import numpy as np

from biasim.engine.plan import plan
from biasim.engine.run import run
from biasim.engine.truth import NULL_SIZE, Question, answers, claims, question, questions
from biasim.store.tables import read_table


def test_methods_say_what_they_claim(make_study):
    found = claims(plan(make_study().scenarios[0], 1))
    assert found == {
        ("registry", "cox"): "marginal_log_hazard_ratio",
        ("registry", "cox(adjust=true)"): "conditional_log_hazard_ratio",
        ("registry", "rmst"): "rmst_difference(horizon=24)",
        ("dates", "late"): "marginal_log_hazard_ratio",
        ("trial", "cox"): "marginal_log_hazard_ratio",
    }


def test_the_study_sets_population_and_grace_and_the_method_the_horizon(make_study, make_choice):
    own = make_choice("estimands", "rmst_difference", horizon=60.0, grace=3.0, target="exposed")
    study = make_study(estimands=(own,))
    asked = question(study, "rmst_difference(horizon=24)")
    assert asked.parameters == {**own.parameters, "horizon": 24.0}
    assert question(make_study(), "survival_difference(at=36)").parameters["grace"] == 12.0


def test_of_two_entries_the_one_that_fits_the_claim_is_taken(make_study, make_choice):
    early, late = (
        make_choice("estimands", "rmst_difference", horizon=horizon, grace=horizon / 10) for horizon in (24.0, 60.0)
    )
    study = make_study(estimands=(early, late))
    assert question(study, "rmst_difference(horizon=60)") == late
    assert question(study, "rmst_difference(horizon=24)") == early


def test_estimands_that_no_method_claims_are_computed_too(make_study, make_choice):
    extra = make_choice("estimands", "survival_difference", at=12.0)
    found = questions(make_study(estimands=(extra,)), ["marginal_log_hazard_ratio"])
    label = "survival_difference(at=12)"
    assert list(found) == ["marginal_log_hazard_ratio", label]
    assert found[label] == extra


def test_without_effect_the_truth_is_exactly_zero_from_few_patients(make_study):
    planned = plan(make_study().scenarios[0], 1)
    choices = questions(make_study(), claims(planned).values()).values()
    parts = tuple(Question(choice.function, planned.designs[0].view, False) for choice in choices)
    for answer in answers(planned.worlds[0], parts, 10**9, 1):
        assert (answer.value, answer.mcse, answer.cohort_size) == (0.0, 0.0, NULL_SIZE)


def test_with_an_effect_the_truth_is_that_of_the_large_cohort(make_study, tmp_path):
    study = make_study(effect="constant", effect_parameters={"hazard_ratio": 0.5}, truth_size=30_000, replicates=10)
    folder = run(study, results=tmp_path, workers=1)
    rows = {(row["design"], row["estimand"]): row for row in read_table(folder / "tables" / "truths.csv")}
    conditional = rows["registry", "conditional_log_hazard_ratio"]
    assert log(0.5) < float(conditional["value"]) < log(0.75)  # the hidden score stays untold
    marginal = rows["trial", "marginal_log_hazard_ratio"]
    assert marginal["cohort_size"] == "30000"
    assert log(0.5) < float(marginal["value"]) < log(0.75)
    assert 0.0 < float(marginal["mcse"]) < 0.02
    bias = next(
        row
        for row in read_table(folder / "tables" / "performance.csv")
        if (row["design"], row["method"], row["measure"]) == ("trial", "cox", "bias")
    )
    assert bias["truth"] == marginal["value"]
    assert float(bias["mcse"]) > float(marginal["mcse"])
    stored = {file: file.read_text() for file in (folder / "truths").iterdir()}
    assert all(set(json.loads(text)) == {"value", "mcse", "cohort_size", "message"} for text in stored.values())
    next(iter(stored)).write_text("{")
    run(study, results=tmp_path, workers=1)
    assert {file: file.read_text() for file in (folder / "truths").iterdir()} == stored


def test_an_estimand_that_the_world_lacks_is_missing_with_the_reason(make_study, make_choice, tmp_path):
    asked = make_choice("estimands", "conditional_log_hazard_ratio", given="everything")
    study = make_study(
        effect="delayed", effect_parameters={"hazard_ratio": 0.5}, truth_size=2_000, replicates=10, estimands=(asked,)
    )
    folder = run(study, results=tmp_path, workers=1)
    missing = [row for row in read_table(folder / "tables" / "truths.csv") if row["value"] == ""]
    asked_and_claimed = {"conditional_log_hazard_ratio(given=everything, horizon=120)", "conditional_log_hazard_ratio"}
    assert {row["estimand"] for row in missing} == asked_and_claimed
    warnings = json.loads((folder / "manifest.json").read_text())["warnings"]
    assert any("conditional_log_hazard_ratio(given=everything, horizon=120): no truth" in text for text in warnings)
    assert np.isnan([float(row["value"] or "nan") for row in missing]).all()
