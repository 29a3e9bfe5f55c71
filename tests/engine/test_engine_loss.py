"""Truths under loss to follow-up: loss by chance leaves them as they are, loss that depends on prognosis is bias."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.config.load import from_text
from biasim.engine.as_designed import as_designed
from biasim.engine.plan import Plan, plan
from biasim.engine.prepare import prepare
from biasim.engine.replicate import replicate
from biasim.engine.streams import TRUTH, Streams
from biasim.estimands.marginal_log_hazard_ratio import marginal_log_hazard_ratio
from biasim.registry import find
from biasim.store.folder import Folder

STUDY = """\
study: loss
aim: an operation that works, two strong scores, and loss that is the same in both groups
world: two_scores
change:
  patients: {{two_scores: {{recorded_log_ratio: 0.9, hidden_log_ratio: 0.9}}}}
  treatment: {{randomised: {{at: 0}}}}
  effect: {effect}
  censoring: {censoring}
designs:
  trial:
    eligibility: randomised
    time_zero: randomisation
    exposure: intended
    measurement: nothing
    follow_up: {{months: {{months: 60}}}}
    methods: [cox]
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {{size: 300000, replicates: 1, seed: 11, truth: 400000}}
"""
WORKS, NOTHING = "{constant: {hazard_ratio: 0.6}}", "none"
ALIKE = (
    "{{by_prognosis: {{per_month: 0.03, recorded_ratio: {0}, hidden_ratio: {0}, intended_ratio: {1}, "
    "intended_recorded_ratio: {0}, intended_hidden_ratio: {0}}}}}"
)
CHANCE, SICK, SICK_AND_MORE = "{exponential: {per_month: 0.03}}", ALIKE.format(2.5, 1), ALIKE.format(2.5, 3)


def planned(censoring: str, effect: str = WORKS) -> Plan:
    return plan(from_text(STUDY.format(censoring=censoring, effect=effect), "loss.yaml").scenarios[0], 11)


@cache
def truth(censoring: str, effect: str = WORKS) -> tuple[float, float]:
    asked = planned(censoring, effect)
    streams = Streams(11, TRUTH)
    cohort = generate(asked.worlds[0], 400_000, streams)
    seen = as_designed(cohort, asked.designs[0].view, streams, measured=False)
    found = marginal_log_hazard_ratio(seen, population="randomised", strategies="assigned", horizon=60.0)
    return found.value, found.mcse


@cache
def estimate(censoring: str, effect: str = WORKS) -> tuple[float, float]:
    """In one trial of 300,000 women, with the standard error of the fit as the Monte Carlo standard error."""
    found = replicate(planned(censoring, effect), 0)[0].estimate
    return found.estimate, found.standard_error


def bias(censoring: str, effect: str = WORKS) -> float:
    """In standard errors."""
    (said, error), (value, mcse) = estimate(censoring, effect), truth(censoring, effect)
    return (said - value) / float(np.hypot(error, mcse))


def test_loss_by_chance_is_no_bias_whether_surgery_works_or_not() -> None:
    assert abs(bias("none")) < 4.0
    assert abs(bias(CHANCE)) < 4.0
    assert abs(bias(CHANCE, NOTHING)) < 4.0
    # who is still watched early weighs most, when the two strategies have not yet sorted the women
    assert exp(truth(CHANCE)[0]) < exp(truth("none")[0]) - 0.01


def test_loss_by_chance_dealt_anew_gives_the_truth_of_loss_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    dealt = truth(CHANCE)
    monkeypatch.setattr(Streams, "__call__", as_it_was(Streams.__call__))
    truth.cache_clear()
    kept = truth(CHANCE)
    truth.cache_clear()
    assert kept != dealt
    assert abs(kept[0] - dealt[0]) < 4.0 * dealt[1]


def as_it_was(draws: Callable) -> Callable:
    """Streams of which the one of the truth's loss deals every woman her own."""

    class Same:
        def permutation(self, values: np.ndarray) -> np.ndarray:
            return values

    return lambda streams, stage: Same() if stage == "loss of the truth" else draws(streams, stage)


def test_loss_that_rises_with_prognosis_alike_in_both_groups_is_bias_where_surgery_works() -> None:
    """Those who die soon are lost: the women who remain are alike, and the ratio nearer to that of one woman, 0.6."""
    assert bias(SICK) < -10.0
    assert estimate(SICK)[0] > log(0.6)
    assert abs(bias(SICK, NOTHING)) < 4.0


def test_loss_that_differs_between_the_groups_moves_the_estimate_and_not_the_truth() -> None:
    assert bias(SICK_AND_MORE, NOTHING) < -10.0
    assert truth(SICK_AND_MORE, NOTHING)[0] == 0.0


def test_dealing_loss_anew_moves_no_other_draw_and_loses_as_many() -> None:
    asked, streams = planned(SICK), Streams(11, TRUTH)
    cohort = generate(asked.worlds[0], 2_000, streams)
    view = {**asked.designs[0].view, "follow_up": find("follow_up", "complete")}
    seen = as_designed(cohort, view, streams, measured=False)
    np.testing.assert_array_equal(np.sort(seen.lost), np.sort(cohort.lost))
    assert not np.array_equal(seen.lost, cohort.lost)
    np.testing.assert_array_equal(seen.death, cohort.death)
    assert abs(np.corrcoef(np.log(seen.lost), cohort.patients.log_hazard)[0, 1]) < 0.1
    assert np.corrcoef(np.log(cohort.lost), cohort.patients.log_hazard)[0, 1] < -0.3


def test_truths_of_another_version_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = from_text(STUDY.format(censoring=SICK, effect=WORKS), "loss.yaml")

    def paths() -> set:
        return {asked.path for asked in prepare(study, Folder(tmp_path), None, 1, None).truths.values()}

    before = paths()
    assert before == paths()
    monkeypatch.setattr("biasim.engine.prepare.TRUTHS", 0)
    assert before.isdisjoint(paths())
