"""Truths in the frame of the design: a perfect trial of an operation that works is not called biased."""

from __future__ import annotations

import csv
from math import log
from pathlib import Path

import pytest

from biasim.config.load import load
from biasim.engine.alignment import aligned
from biasim.engine.run import run
from biasim.engine.truth import question, read

WORKS = """\
study: works
aim: a trial of an operation that works
world: two_scores
change:
  patients: {two_scores: {recorded_log_ratio: 0.7, hidden_log_ratio: 0.7}}
  treatment: {by_prognosis: {share: 0.5, median_wait: 0.001, wait_spread: 0.0}}
  effect: {constant: {hazard_ratio: 0.5}}
designs:
  registry:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 24}}
    methods: [cox]
  trial:
    change: {treatment: {randomised: {at: 6}}}
    eligibility: randomised
    time_zero: randomisation
    exposure: intended
    measurement: everything
    follow_up: {months: {months: 24}}
    methods: [cox, {cox: {adjust: true}}, {rmst: {horizon: 20}}]
estimands: [marginal_log_hazard_ratio, conditional_log_hazard_ratio, {rmst_difference: {horizon: 20}}]
performance: [bias, coverage]
run: {size: 2000, replicates: 100, seed: 3, truth: 200000}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("works") / "works.yaml"
    path.write_text(WORKS)
    return load(path)


def test_a_design_lends_its_frame_where_the_study_left_the_default(study) -> None:
    marginal, _, rmst = study.estimands
    designs = study.scenarios[0].designs
    in_trial = aligned(marginal, designs["trial"]).parameters
    assert (in_trial["population"], in_trial["grace"], in_trial["horizon"]) == ("randomised", 0.0, 24.0)
    in_registry = aligned(marginal, designs["registry"]).parameters
    assert (in_registry["population"], in_registry["grace"], in_registry["horizon"]) == ("all", 0.0, 24.0)
    assert aligned(rmst, designs["trial"]).parameters["horizon"] == 20.0


def test_without_bias_a_true_effect_is_found(study, tmp_path: Path) -> None:
    folder = run(study, results=tmp_path, workers=1)
    with (folder / "tables" / "performance.csv").open(newline="") as file:
        rows = {(row["design"], row["method"], row["measure"]): row for row in csv.DictReader(file)}
    with (folder / "tables" / "truths.csv").open(newline="") as file:
        truths = {(row["design"], row["estimand"]): row for row in csv.DictReader(file)}
    given = truths["trial", "conditional_log_hazard_ratio"]  # the trial measures everything
    assert abs(float(given["value"]) - log(0.5)) < 4.0 * float(given["mcse"])
    for design, method in (("registry", "cox"), ("trial", "cox"), ("trial", "cox(adjust=true)"), ("trial", "rmst(horizon=20)")):
        bias = rows[design, method, "bias"]
        assert abs(float(bias["value"])) < 4.0 * float(bias["mcse"]), (design, method)
    # no two of these truths are the same number: population, time zero and conditioning all matter
    assert float(rows["trial", "cox", "bias"]["truth"]) != float(rows["registry", "cox", "bias"]["truth"])


def test_what_a_claim_says_itself_stays(tmp_path: Path) -> None:
    """A method that compares strategies with a grace period is judged with that grace period, default or not."""
    (tmp_path / "works.yaml").write_text(WORKS)
    study = load(tmp_path / "works.yaml")
    design = study.scenarios[0].designs["registry"]
    name, said = read("rmst_difference(horizon=20, grace=12)")
    choice = question(study, "rmst_difference(horizon=20, grace=12)")
    assert (name, said) == ("rmst_difference", {"horizon": 20.0, "grace": 12.0})
    assert aligned(choice, design, said).parameters["grace"] == 12.0
    assert aligned(choice, design).parameters["grace"] == 0.0
