"""Combinations that fit one by one and make no sense together are refused where they stand, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from biasim.config.load import from_text
from biasim.config.needs import givers, gives, met, needs
from biasim.errors import StudyRefused
from biasim.units import A_TRIAL, CAUSES, LOCAL_PROGRESSION, OTHER_CAUSES, RANDOMISATION

GOOD = (Path(__file__).parent / "good.yaml").read_text()
WEIBULL = "{weibull: {shape: 1, scale: 30}}"
REGISTRY = "    methods: [cox, {cox: {adjust: true}}]"
TRIAL = "    change: {treatment: {randomised: {at: 6.0}}}\n"


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def problems_of(*pairs: tuple[str, str]) -> list:
    with pytest.raises(StudyRefused) as refused:
        from_text(changed(*pairs), "study.yaml")
    return refused.value.problems


COMBINATIONS = [
    # outside a trial nobody is randomised
    ([(TRIAL, "")], 30, "'randomised' where the treatment is 'by_prognosis': nobody is randomised", "{treatment: randomised}"),
    ([(TRIAL, "")], 31, "'randomisation' where the treatment is 'by_prognosis': nobody is randomised", "{treatment: randomised}"),
    (
        [(TRIAL, ""), ("    exposure: intended\n    measurement: registry\n    methods: [cox]",
                       "    exposure: arm_and_surgery\n    measurement: registry\n    methods: [trial_as_treated]")],
        32, "'arm_and_surgery' where the treatment is 'by_prognosis': nobody is randomised", "{treatment: randomised}",
    ),
    # an arm is compared from the moment at which it is assigned
    (
        [("    time_zero: randomisation\n    exposure: intended\n    measurement: registry\n    methods: [cox]",
          "    time_zero: diagnosis\n    exposure: arm_and_surgery\n    measurement: registry\n    methods: [trial_as_treated]")],
        33, "where the time_zero is 'diagnosis': follow-up does not start when the arm", "Write 'time_zero: randomisation'.",
    ),
    # deaths of other causes in a world of one cause
    ([(REGISTRY, "    methods: [negative_control_outcome]")], 16,
     "'negative_control_outcome' where the survival is 'weibull'", "Add 'change: {survival: two_causes}'"),
    ([(REGISTRY, "    methods: [negative_control_calibrated]")], 16, "every death is of the cancer", "two_causes"),
    ([(REGISTRY, "    methods: [{cox_cause_specific: {cause: other}}]")], 16,
     "'cox_cause_specific' with 'cause: 'other'' where the survival is 'weibull'", "two_causes"),
    ([(REGISTRY, "    methods: [{fine_gray: {cause: other}}]")], 16, "'fine_gray' with 'cause: 'other''", "two_causes"),
    # an outcome that this world never shows
    ([(REGISTRY, f"    outcome: death_of_the_cancer\n{REGISTRY}")], 16,
     "'death_of_the_cancer' where the survival is 'weibull': every death is of the cancer", "{survival: two_causes}"),
    ([(REGISTRY, f"    outcome: local_progression\n{REGISTRY}")], 16,
     "'local_progression' where the local is 'none': no primary tumour ever progresses", "{local: exponential}"),
    ([(REGISTRY, f"    outcome: local_progression_or_death\n{REGISTRY}")], 16,
     "no primary tumour ever progresses", "exponential"),
    # a criterion that adds nothing to itself
    ([("eligibility: stage_iv_known", "eligibility: [stage_iv_known, stage_iv_known]")], 18, "'stage_iv_known' stands twice",
     "Leave one out."),
    # an exposure that begins and a method that takes it as fixed, and the other way round
    ([("    exposure: time_varying", "    exposure: ever_operated")], 28, "needs an exposure that begins", "time_varying"),
]  # fmt: skip


@pytest.mark.parametrize(("pairs", "line", "found", "hint"), COMBINATIONS, ids=[one[2][:50] for one in COMBINATIONS])
def test_refused_where_it_stands_with_the_reason(pairs, line, found, hint) -> None:
    problems = problems_of(*pairs)
    fitting = [one for one in problems if one.line == line and found in one.found and hint in one.hint]
    assert fitting, "\n".join(map(str, problems))
    assert all(one.expected for one in problems)


SENSIBLE = [
    # a landmark with an exposure that looks beyond it is a flaw that studies have, not a mistake in writing
    [("    exposure: operated_by_time_zero", "    exposure: ever_operated")],
    # so is a criterion that looks past time zero
    [("eligibility: stage_iv_known", "eligibility: {alive_at: {months: 24}}")],
    # occult metastases are found in a world without any: neutral, the bias is off
    [("  censoring: {exponential", "  staging: found_at_surgery\n  censoring: {exponential")],
    # an intention is what an emulated trial asks for, outside a trial too
    [("    exposure: ever_operated", "    exposure: intended")],
    # two criteria of the same kind
    [("eligibility: stage_iv_known", "eligibility: [{column: {name: occult, high: 0}}, {column: {name: hidden_score, low: 0}}]")],
    # deaths of the cancer where every death is one: the plain analysis
    [(REGISTRY, "    methods: [cox_cause_specific]")],
    # other causes where there are some, at a strength that may be switched off
    [(WEIBULL, "{two_causes: {scale: 30, other_ratio: 0.0001}}"), (REGISTRY, "    methods: [{fine_gray: {cause: other}}]")],
]  # fmt: skip


@pytest.mark.parametrize("pairs", SENSIBLE, ids=[pairs[-1][1].strip()[:50] for pairs in SENSIBLE])
def test_flaws_and_neutral_parts_are_no_mistakes(pairs) -> None:
    assert from_text(changed(*pairs), "study.yaml").name == "good"


def test_needs_of_a_part_and_of_its_parameters() -> None:
    assert [need for need, _ in needs("time_zero", "randomisation", {})] == [A_TRIAL]
    assert not list(needs("methods", "fine_gray", {}))
    [(need, name)] = needs("methods", "fine_gray", {"cause": "other"})
    assert (need.of, name) == (OTHER_CAUSES.of, "cause")
    assert not list(needs("patients", "two_scores", {}))


def test_who_gives() -> None:
    assert "randomised" in givers("treatment", RANDOMISATION)
    assert "by_prognosis" not in givers("treatment", RANDOMISATION)
    assert givers("survival", CAUSES) == ["two_causes"]
    assert not gives("local", "none", "")
    assert met(LOCAL_PROGRESSION, {})  # a room that could not be read: that is said elsewhere
    assert not met(LOCAL_PROGRESSION, {"local": "none"})
    assert not met(OTHER_CAUSES, {"survival": "weibull", "outcome": "death"})
    assert met(OTHER_CAUSES, {"survival": "two_causes", "outcome": "death"})
    assert met(OTHER_CAUSES, {"survival": "weibull", "outcome": "another than death"})  # with which death itself competes
