"""Designs that can answer nothing are refused before they run, whatever their parts are called; others never are."""

from __future__ import annotations

import pytest

from biasim.config.load import from_text
from biasim.engine.dry_run import dry_run
from biasim.errors import StudyRefused

STUDY = """
study: small
aim: x
world:
  patients: {two_scores: {recorded_log_ratio: 0.5, accrual: 5}}
  treatment: {by_prognosis: {share: 0.4, median_wait: 4}}
  survival: {weibull: {shape: 1, scale: 30}}
designs:
  registry:
    eligibility: stage_iv_known
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 60}}
    methods: [{cox: {adjust: true}}]
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {size: 300, replicates: 20, seed: 5}
"""


def study(*pairs: tuple[str, str], more: str = ""):
    text = STUDY
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return from_text(text + more, "small.yaml")


def refusal(*pairs: tuple[str, str], more: str = ""):
    with pytest.raises(StudyRefused) as refused:
        dry_run(study(*pairs, more=more))
    [problem] = refused.value.problems
    return problem


MEASURED = "    measurement: registry\n"
POINTLESS = [
    ([("time_zero: diagnosis", "time_zero: {landmark: {months: 2000}}")], 14, "is alive and watched at time zero"),
    ([("eligibility: stage_iv_known", "eligibility: {column: {name: recorded_score, low: 40}}")], 10,
     "none of 20,000 patients meets 'column'"),
    ([("eligibility: stage_iv_known", "eligibility: [{column: {name: recorded_score, low: 0}}, "
       "{column: {name: recorded_score, high: -0.1}}]")], 10, "meets all criteria together"),
    ([("{months: {months: 60}}", "{calendar: {until: 1999}}")], 14, "is alive and watched at time zero"),
    ([("{months: 60}}\n", "{months: 36}}\n"), ("eligibility: stage_iv_known", "eligibility: {alive_at: {months: 60}}")], 14,
     "has the outcome while she is watched"),
    ([("exposure: ever_operated", "exposure: operated_by_time_zero")], 12, "calls none of 20,000 patients in this study exposed"),
    ([("share: 0.4", "share: 1.0"), ("exposure: ever_operated", "exposure: intended")], 12, "calls every one of"),
    ([(MEASURED, "    measurement: nothing\n    recording: {incomplete: {share: 0.3}}\n"), ("{adjust: true}", "{}")], 14,
     "the record of covariates is changed, and none is measured"),
    ([(MEASURED, "    measurement: registry\n    recording: {incomplete: {share: 0.3}}\n")], 16, "no estimate is possible"),
    ([(MEASURED, "    measurement: nothing\n"), ("[{cox: {adjust: true}}]", "[cox_matched]")], 15, "no estimate is possible"),
]  # fmt: skip


@pytest.mark.parametrize(("pairs", "line", "found"), POINTLESS, ids=[one[2] for one in POINTLESS])
def test_what_can_answer_nothing_is_refused_where_it_stands(pairs, line, found) -> None:
    problem = refusal(*pairs)
    assert (problem.line, found in problem.found) == (line, True), str(problem)
    assert problem.expected
    assert not problem.expected.startswith("a choice that works")


def test_a_column_that_is_not_measured_is_refused_in_the_record() -> None:
    problem = refusal((MEASURED, "    measurement: registry\n    recording: {incomplete: {columns: [hidden_score]}}\n"))
    assert problem.line == 14
    assert "hidden_score" in problem.found


def test_a_scenario_in_which_it_makes_sense_is_enough() -> None:
    gaps = (MEASURED, "    measurement: registry\n    recording: {incomplete: {share: 0.3}}\n")
    dry_run(study(gaps, more="vary: {designs.registry.recording.incomplete.share: [0.3, 0.0]}\n"))
    dry_run(study(more="vary: {treatment.by_prognosis.share: [0.0, 0.4]}\n"))


def test_few_of_something_is_no_mistake() -> None:
    dry_run(study(("share: 0.4", "share: 0.002")))  # none of 200, some of 20,000
    dry_run(study(("{months: {months: 60}}", "{months: {months: 1}}")))  # a few are operated so early
    dry_run(study(("eligibility: stage_iv_known", "eligibility: {column: {name: recorded_score, low: 3.3}}")))


def test_a_trial_without_operations_still_has_arms() -> None:
    trial = [
        ("{by_prognosis: {share: 0.4, median_wait: 4}}", "{randomised: {adherence: 0.0}}"),
        ("eligibility: stage_iv_known", "eligibility: randomised"), ("time_zero: diagnosis", "time_zero: randomisation"),
        ("exposure: ever_operated", "exposure: arm_and_surgery"), ("[{cox: {adjust: true}}]", "[trial_intention_to_treat]"),
    ]  # fmt: skip
    dry_run(study(*trial))
