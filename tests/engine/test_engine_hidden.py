"""A study of hidden confounding from file to table: an instrument, a decoy, other causes of death, and a true effect."""

from __future__ import annotations

from math import log

import pytest

from biasim.config.load import from_text
from biasim.engine.run import run
from biasim.store.tables import read_table

STUDY = """\
study: hidden
aim: a study for tests
world: two_scores
change:
  patients: {two_scores_with_marks: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.5, decoy_odds_ratio: 0.4}}
  treatment: {by_preference: {hidden_odds_ratio: 0.5, preference_odds_ratio: 3.0, median_wait: 0.01, wait_spread: 0.0}}
  effect: {constant: {hazard_ratio: 0.8}}
  survival: {two_causes: {other_ratio: 0.5}}
designs:
  registry:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 60}}
    methods:
      cox: {cox: {adjust: [recorded_score]}}
      instrument: {two_stage_residual: {instrument: preference, adjust: [recorded_score], draws: 5}}
      outcome: {negative_control_outcome: {adjust: [recorded_score]}}
      calibrated: {negative_control_calibrated: {adjust: [recorded_score]}}
      decoy: {negative_control_exposure: {column: decoy, adjust: [recorded_score]}}
      bounded: {cox_bounded: {adjust: [recorded_score]}}
      priors: {cox_bias_adjusted: {adjust: [recorded_score]}}
estimands: [conditional_log_hazard_ratio]
performance: [mean, bias, model_se, coverage]
run: {size: 3000, replicates: 4, seed: 1}
"""


@pytest.fixture(scope="module")
def performance(tmp_path_factory):
    folder = run(from_text(STUDY, "hidden.yaml"), results=tmp_path_factory.mktemp("results"), workers=1)
    rows = read_table(folder / "tables" / "performance.csv")
    return {(row["method"], row["measure"]): row for row in rows}


def test_every_method_answers_against_the_truth_it_claims(performance):
    for method in ("cox", "instrument", "outcome", "calibrated", "decoy", "bounded", "priors"):
        assert performance[method, "mean"]["used"] == "4", method
    assert float(performance["calibrated", "mean"]["truth"]) == pytest.approx(log(0.8))  # given everything
    assert log(0.8) < float(performance["cox", "mean"]["truth"]) < 0.0  # given what is recorded, and two causes


def test_what_is_hidden_is_seen_by_the_controls(performance):
    """Errors of a mean of four: the confounded are far below 0, the calibrated and the instrument are not that far off."""
    mean = {method: float(performance[method, "mean"]["value"]) for method, _ in performance}
    assert mean["outcome"] < -0.15
    assert mean["decoy"] < -0.15
    assert float(performance["cox", "bias"]["value"]) < -0.1
    assert abs(float(performance["calibrated", "bias"]["value"])) < 0.15
    assert abs(float(performance["instrument", "bias"]["value"])) < 0.15
