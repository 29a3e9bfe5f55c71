"""Truths in the frame of the design: a perfect trial of an operation that works is not called biased."""

from __future__ import annotations

import csv
from math import log
from pathlib import Path

import numpy as np
import pytest

from biasim.config.load import load
from biasim.engine.alignment import aligned, judged_from
from biasim.engine.as_designed import these
from biasim.engine.plan import plan
from biasim.engine.replicate import cohorts
from biasim.engine.run import run
from biasim.engine.streams import Streams
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


RESTRICTED = """\
study: restricted
aim: surgery works in the women with a good score, and the trial admits no others
world: two_scores
change:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.8}}
  effect: {subgroup: {column: recorded_score, where: below, value: 0.0, hazard_ratio: 0.5, elsewhere: 1.0}}
  treatment: {randomised: {at: 3, adherence: 0.8, crossover: 0.2}}
  censoring: {exponential: {per_month: 0.02}}
designs:
  trial:
    eligibility: [randomised, {column: {name: recorded_score, high: 0.0}}]
    time_zero: randomisation
    exposure: intended
    measurement: registry
    methods: [cox, {cox: {adjust: true}}, {cox_weighted: {target: overlap}}, {rmst: {horizon: 24}}]
  dates:
    eligibility: [randomised, {column: {name: recorded_score, high: 0.0}}]
    time_zero: randomisation
    exposure: arm_and_surgery
    measurement: registry
    methods: [trial_intention_to_treat]
estimands: [marginal_log_hazard_ratio]
performance: [bias, coverage]
run: {size: 1500, replicates: 200, seed: 3, truth: 200000}
"""


def test_truth_is_that_of_the_women_admitted_as_long_as_they_are_watched(tmp_path: Path) -> None:
    """Eligibility, an effect in some only, frailty under censoring, women who do not keep to their arm: nothing is biased."""
    (tmp_path / "restricted.yaml").write_text(RESTRICTED)
    folder = run(load(tmp_path / "restricted.yaml"), results=tmp_path, workers=1)
    with (folder / "tables" / "performance.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "bias"]
    assert len(rows) == 5
    for row in rows:
        assert abs(float(row["value"])) < 4.0 * float(row["mcse"]), row
        assert abs(float(row["truth"])) > 20.0 * float(row["mcse"]), row


def test_some_women_of_a_cohort_keep_their_potential_survival_times(tmp_path: Path) -> None:
    (tmp_path / "works.yaml").write_text(WORKS)
    study = load(tmp_path / "works.yaml")
    planned = plan(study.scenarios[0], 1, size=50)
    cohort = cohorts(planned, Streams(1, 0))[0]
    rows = np.array([3, 7, 20])
    some = these(cohort, rows)
    assert some.size == 3
    np.testing.assert_array_equal(some.death, cohort.death[rows])
    np.testing.assert_array_equal(some.potential.under(2.5), cohort.potential.under(2.5)[rows])
    waits = np.array([1.0, np.inf, 4.0])
    everyone = np.full(50, np.inf)
    everyone[rows] = waits
    np.testing.assert_array_equal(some.potential.under(waits), cohort.potential.under(everyone)[rows])
    np.testing.assert_array_equal(some.patients.columns["recorded_score"], cohort.patients.columns["recorded_score"][rows])


OWN_CLOCKS = """\
study: own_clocks
aim: an operation that works, seen with a clock for each group, among women selected by what became of them
world: two_scores
change:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.8}}
  effect: {constant: {hazard_ratio: 0.5}}
  censoring: {exponential: {per_month: 0.02}}
designs:
  plain:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 24}}
    methods: [cox, {rmst: {horizon: 20}}]
  from_surgery:
    time_zero: by_group
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 24}}
    methods: [cox, {rmst: {horizon: 20}}]
  found_early:
    eligibility: [referred, {complete_follow_up: {months: 12}}]
    time_zero: {lead_time: {months: 6}}
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 24}}
    methods: [cox, {rmst: {horizon: 20}}]
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {size: 500, replicates: 2, seed: 3, truth: 50000}
"""


def test_a_clock_for_each_group_and_selection_by_what_became_of_her_leave_the_truth_alone(tmp_path: Path) -> None:
    """It is that of all women from diagnosis, to the last digit: neither is a moment, nor a baseline, of a strategy."""
    (tmp_path / "own_clocks.yaml").write_text(OWN_CLOCKS)
    study = load(tmp_path / "own_clocks.yaml")
    folder = run(study, results=tmp_path, workers=1)
    with (folder / "tables" / "truths.csv").open(newline="") as file:
        found = {(row["design"], row["estimand"]): float(row["value"]) for row in csv.DictReader(file)}
    for design in ("from_surgery", "found_early"):
        for estimand in ("marginal_log_hazard_ratio", "rmst_difference(horizon=20)"):
            assert found[design, estimand] == found["plain", estimand] != 0.0
    designs = study.scenarios[0].designs
    moments = np.array([-6.0, 0.0, 3.0])
    for design in ("from_surgery", "found_early"):
        assert judged_from(designs[design], moments).tolist() == [0, 0, 0]
    assert judged_from(designs["plain"], moments).tolist() == moments.tolist()
