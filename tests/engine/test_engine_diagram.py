"""Diagrams, flags and target trials: of the shipped studies, switched on and off, and of flaws made for the purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from biasim.config.load import from_text, load, resolve, switched
from biasim.config.resolve import all_studies
from biasim.engine.d_separation import cyclic
from biasim.engine.diagram import Diagram, diagrams
from biasim.engine.diagram_table import rows
from biasim.engine.flags import flags
from biasim.engine.plan import Plan, plan
from biasim.engine.target_trial import IDEAL, target_trial
from biasim.types import Care, Exposure, Local, Outcome

IMMORTAL = "exposure uses the future"
TRIVIAL = {"exposure as recorded", "surgery", "death", "outcome as recorded"}
SELECTED = {("stage IV known", "occult metastases")}
ALL_BUT_IMMORTAL = {
    ("hidden prognosis",), ("recorded prognosis",), ("response",), ("prognosis on record", "recorded prognosis"), *SELECTED,
}  # fmt: skip
WAYS = {  # study -> design, analysis -> what the open paths go through
    "immortal_time": {
        ("registry", "cox"): {("early survival",)}, ("registry", "cox_matched"): {("early survival",)},
        ("landmark", "cox"): set(), ("surgery_dates", "cox_time_dependent"): set(), ("intention", "cox"): set(),
    },
    "immortal_time_remedies": {
        ("surgery_dates", "ever or never"): {("early survival",)},
        ("surgery_dates", "immortal time excluded"): {("early survival",), ("time zero",)},
        ("surgery_dates", "time-dependent"): set(), ("surgery_dates", "landmark at 8 months"): set(),
        ("surgery_dates", "cloned, 8 months of grace"): set(),
    },
    "confounding_by_indication": {
        ("registry", "cox"): {("recorded prognosis",), ("hidden prognosis",)},
        ("registry", "cox_weighted"): {("hidden prognosis",)},
        ("everything", "cox(adjust=true)"): set(), ("trial", "cox"): set(),
    },
    "hidden_confounding": {("registry", "adjusted"): {("hidden prognosis",)}, ("everything", "adjusted"): set()},
    "responder_selection": {
        ("registry", "cox"): {("early survival",), ("response",)}, ("landmark", "cox_matched"): {("response",)},
        ("surgery_dates", "cox_time_dependent"): {("response",)}, ("landmark_with_response", "cox_matched"): set(),
        ("trial", "cox"): set(),
    },
    "stage_migration": {("registry", "cox"): SELECTED, ("known_at_diagnosis", "cox"): set()},
    "publication": {("registry", "pooled"): {("result as reported",)}, ("registered", "pooled"): set()},
    "analyst_freedom": {
        ("registry", "best of many"): {("result as reported",)}, ("protocol", "named beforehand"): set(),
        ("all_reported", "median of many"): set(),
    },
    "trial_early_stop": {
        ("trial", "five looks uncorrected"): {("result as reported",)}, ("trial", "one look"): set(),
        ("trial", "one look, adjusted"): set(),
    },
    "informative_censoring": {
        ("registry", "cox"): {("loss to follow-up", "recorded prognosis")}, ("registry", "cox_loss_weighted"): set(),
        ("reason_not_recorded", "cox_loss_weighted"): {("loss to follow-up", "hidden prognosis")},
        ("more_loss_of_one_group", "cox"): set(), ("death_index", "cox"): set(),
    },
    "local_progression": {
        ("registry", "cox"): {("local progression",)}, ("composite_as_such", "cox"): set(), ("local_alone", "fine_gray"): set(),
        ("every_death", "cox"): set(),
    },
    "measurement_error": {
        ("registry", "adjusted"): {("recorded prognosis",)}, ("in_five_classes", "adjusted"): {("recorded prognosis",)},
        ("known_better_by_a_coin", "adjusted"): {("prognosis on record", "recorded prognosis")},
        ("known_better_by_a_coin", "crude"): set(), ("checked_in_part", "multiple imputation"): set(),
    },
    "missing_covariates": {
        ("registry", "missing indicator"): {("recorded prognosis",)}, ("registry", "complete cases"): set(),
        ("registry", "multiple imputation"): set(), ("by_what_is_known", "complete cases"): {("complete record",)},
        ("by_what_is_known", "multiple imputation"): set(), ("by_what_is_missing", "complete cases"): set(),
        ("by_what_is_missing", "multiple imputation"): {("recorded prognosis",)},
    },
    "outcome_misjudged": {
        ("registry", "fine_gray"): {()}, ("blinded_committee", "fine_gray"): set(), ("every_death", "cox"): set(),
    },
    "calendar_time": {
        ("registry", "cox_matched"): {("calendar year", "other treatment")}, ("year_recorded", "cox_weighted"): set(),
        ("trial", "cox"): set(),
    },
    "co_intervention": {
        ("registry", "cox"): {("other treatment",)}, ("care_recorded", "cox_matched"): set(), ("trial", "cox"): set(),
        ("care_by_prognosis", "cox(adjust=true)"): {("other treatment", "hidden prognosis")},
    },
    "misclassified_exposure": {
        ("registry", "cox(adjust=true)"): {("hidden prognosis",)}, ("by_chance", "cox"): set(), ("operation_notes", "cox"): set(),
    },
    "selection_into_study": {
        ("registry", "cox"): {("eligible: referred", "hidden prognosis")}, ("region", "cox"): set(), ("until_lost", "cox"): set(),
        ("five_years_known", "cox"): {("loss to follow-up", "eligible: complete follow up", "early survival")},
        ("prognosis_measured", "cox(adjust=true)"): set(),
    },
    "stage_migration_by_imaging": {
        ("registry", "cox_matched"): {("calendar year", "hidden prognosis")}, ("within_years", "cox(strata=year)"): set(),
        ("found_by_surgery_too", "cox(strata=year)"): SELECTED,
    },
    "time_zero_misaligned": {
        ("registry", "cox"): {("early survival",), ("time zero",)}, ("found_3_months_early", "cox"): {("time zero",)},
        ("imaging_for_all", "cox"): set(), ("landmark", "cox"): set(), ("surgery_dates", "cox_time_dependent"): set(),
    },
    "trial_systemic_therapy": {
        ("trial", "cox"): {("other treatment",)}, ("therapy_later", "cox"): {("other treatment",)},
        ("same_therapy", "cox"): set(),
        ("as_received", "cox(adjust=true)"): set(),
    },
    "trial_crossover": {
        ("by_what_was_done", "as treated, over time"): {("departure from the arm", "hidden prognosis")},
        ("by_what_was_done", "departures censored"): {("departure from the arm", "hidden prognosis"),
                                                      ("departure from the arm", "recorded prognosis")},
        ("by_arm", "intention to treat"): set(), ("by_arm", "rank-preserving"): set(),
        ("weighted", "departures censored and weighted"): {("departure from the arm", "hidden prognosis")},
        ("weighted_by_all_reasons", "departures censored and weighted"): set(),
    },
    "trial_imbalance": {
        ("unbalanced", "unadjusted"): {("recorded prognosis",)}, ("unbalanced", "weighted"): set(),
        ("unbalanced_unseen", "adjusted"): {("hidden prognosis",)}, ("by_chance", "unadjusted"): set(),
    },
    "trial_responders": {("trial_of_responders", "cox"): set(), ("trial_of_everyone", "cox"): set()},
    "literature": {("registries", "fixed effect"): {("early survival",), *ALL_BUT_IMMORTAL}, ("trials", "fixed effect"): set()},
    "every_mechanism": {
        ("registry", "adjusted"): {
            ("early survival",), ("hidden prognosis",), ("recorded prognosis",), ("response",), ("calendar year",),
            ("other treatment",), ("time zero",), (), ("complete record",), ("loss to follow-up", "hidden prognosis"),
            ("prognosis on record", "recorded prognosis"), ("eligible: referred", "hidden prognosis"),
            *SELECTED,
        },
        ("trial", "by arm"): set(),
    },
    "paradox": {
        ("registry", "crude"): {("early survival",), ("hidden prognosis",), ("recorded prognosis",), ("response",),
                                ("calendar year",), *SELECTED},
        ("registry", "matched"): {("early survival",), *ALL_BUT_IMMORTAL}, ("surgery_dates", "time-dependent"): ALL_BUT_IMMORTAL,
        ("landmark", "landmark, adjusted"): ALL_BUT_IMMORTAL, ("everything_measured", "time-dependent, all measured"): set(),
        ("trial", "by arm"): set(),
    },
}  # fmt: skip


@cache
def drawn(name: str) -> list[Diagram]:
    study = load(resolve(name))
    return diagrams(plan(study.scenarios[0], study.seed))


def ways(diagram: Diagram) -> set[tuple[str, ...]]:
    """What the paths told of go through, the ends aside."""
    return {tuple(node for node in flag.path if node not in TRIVIAL) for flag in flags(diagram) if flag.path}


@pytest.mark.parametrize("name", list(WAYS))
def test_open_paths_of_the_shipped_studies(name: str) -> None:
    found = {(one.design, label): ways(one) for one in drawn(name) for label in one.analyses}
    assert {key: found[key] for key in WAYS[name]} == WAYS[name]
    for one in drawn(name):
        assert not cyclic([arrow.ends for arrow in one.arrows])


STUDIES = sorted(Path(file).stem for file in all_studies())


@pytest.mark.parametrize("name", STUDIES)
def test_diagrams_agree_with_what_a_study_expects(name: str) -> None:
    """A design that is to show a bias has an analysis with a flag, one that is to show none an analysis without an open path."""
    study, told_of = load(resolve(name)), drawn(name)
    for design, expected in study.expect.items():
        own = [one for one in told_of if one.design == design]
        assert any(map(flags, own)) if expected != "none" else not all(one.open for one in own), (design, expected)


@pytest.mark.parametrize("name", ["immortal_time", "confounding_by_indication", "hidden_confounding", "responder_selection",
                                  "stage_migration", "publication", "analyst_freedom", "trial_early_stop"])  # fmt: skip
def test_switched_off_there_is_no_flag_and_no_open_path(name: str) -> None:
    study = load(resolve(name))
    off = switched(study, *study.switches)
    first = next(iter(off.scenarios[0].designs))
    for one in diagrams(plan(off.scenarios[0], off.seed)):
        adjusted = {"recorded prognosis"} <= one.given or ("recorded prognosis", "surgery") not in [a.ends for a in one.arrows]
        if one.design == first or adjusted:
            assert not one.open, (one.design, one.analyses, one.open)
            assert not flags(one)


def test_paradox_switched_off_keeps_what_it_has_no_switch_for() -> None:
    """Nodes are still counted in the operated alone, and crude analyses adjust for nothing."""
    study = load(resolve("paradox"))
    off = switched(study, *study.switches)
    found = {(one.design, label): ways(one) for one in diagrams(plan(off.scenarios[0], off.seed)) for label in one.analyses}
    assert found["registry", "matched"] == {("recorded prognosis",), ("prognosis on record", "recorded prognosis")}
    assert found["everything_measured", "time-dependent, all measured"] == set()


BARE = """\
study: bare
aim: a study for tests
world: two_scores
change:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.5, accrual: 10}}
designs:
  registry:
    time_zero: diagnosis
    exposure: operated_by_time_zero
    measurement: registry
    follow_up: {months: {months: 60}}
    methods: [cox, {cox: {adjust: true}}]
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {size: 500, replicates: 2, seed: 1}
"""
AT_ONCE = BARE.replace("operated_by_time_zero", "ever_operated").replace(
    "accrual: 10}}", "accrual: 10}}\n  treatment: {by_prognosis: {median_wait: 0.01, wait_spread: 0.0}}"
)


def changed(text: str = AT_ONCE, *, world: dict | None = None, view: dict | None = None) -> list[Diagram]:
    """The diagrams of a study without any bias but the parts put into it."""
    planned = plan(from_text(text, "bare.yaml").scenarios[0], 1)
    design = planned.designs[0]
    design = replace(design, view={**design.view, **(view or {})})
    worlds = tuple({**one, **(world or {})} for one in planned.worlds)
    return diagrams(Plan(scenario=0, size=planned.size, seed=1, worlds=worlds, designs=(design,)))


def told(found: list[Diagram]) -> set[tuple[str, str]]:
    """Component and the first words of each flag."""
    return {(flag.component, flag.says.partition(":")[0]) for one in found for flag in flags(one)}


def test_a_study_without_any_bias_has_no_flag() -> None:
    assert told(changed()) == set()
    assert not any(one.open for one in changed())


def test_an_odds_ratio_of_one_draws_no_arrow_and_any_other_does() -> None:
    text = AT_ONCE.replace("median_wait: 0.01", "hidden_odds_ratio: 0.7, median_wait: 0.01")
    into = {arrow.cause: arrow.strength for arrow in changed(text)[0].arrows if arrow.result == "surgery"}
    assert set(into) == {"hidden prognosis"}
    assert into["hidden prognosis"] == pytest.approx(np.log(0.7), abs=0.04)  # log odds ratio and difference in SD, near 0
    assert told(changed(text)) == {("assignment", "no assignment at time zero")}


def test_loss_that_depends_on_surgery_and_on_hidden_prognosis() -> None:
    def censoring(patients, treatment, rng, by_surgery: float = 1.0, by_hidden: float = 1.0):
        rate = 0.01 * np.exp(by_surgery * treatment.intended + by_hidden * patients.columns["hidden_score"])
        return rng.standard_exponential(patients.size) / rate

    both, alike = "loss to follow-up depends on surgery and on hidden prognosis", "loss to follow-up depends on hidden prognosis"
    for strengths, flagged in (((1.0, 1.0), {both}), ((1.0, 0.0), set()), ((0.0, 1.0), {alike})):
        part = partial(censoring, by_surgery=strengths[0], by_hidden=strengths[1])
        found = changed(world={"censoring": part})
        assert told(found) == {("follow-up", says) for says in flagged}
        assert any(one.open for one in found) == (both in flagged)


def test_loss_that_depends_on_recorded_prognosis_alike_is_flagged_where_that_is_not_adjusted_for() -> None:
    def censoring(patients, treatment, rng):
        return rng.standard_exponential(patients.size) / (0.01 * np.exp(patients.columns["recorded_score"]))

    found = changed(world={"censoring": censoring})
    assert not any(one.open for one in found)
    assert {label for one in found for label in one.analyses if flags(one)} == {"cox"}
    assert [flag.says.partition(":")[0] for one in found for flag in flags(one)] == [
        "loss to follow-up depends on recorded prognosis"
    ]


def test_time_zero_that_differs_between_the_exposed_and_the_others() -> None:
    def surgery_or_diagnosis(cohort):
        return np.where(cohort.operated, cohort.operated_at, 0.0)

    text = BARE.replace("operated_by_time_zero", "ever_operated")
    found = changed(text, view={"time_zero": surgery_or_diagnosis})
    assert told(found) == {("time zero", "time zero differs between groups"), ("strategies", IMMORTAL)}
    assert found[0].sight.zero_apart == pytest.approx(4.3, abs=0.3)


def test_eligibility_that_looks_past_time_zero() -> None:
    def survivors(cohort, rng):
        return cohort.death > 12.0

    def responders(cohort, rng):
        return cohort.course.response >= 0

    assert told(changed(view={"eligibility": (survivors,)})) == {("eligibility", "eligibility uses the future")}
    later = AT_ONCE.replace("  treatment:", "  course: {response: {responding: 0.3, progressing: 0.3}}\n  treatment:")
    assert ("eligibility", "eligibility uses the future") in told(changed(later, view={"eligibility": (responders,)}))


def test_referral_by_surgery_and_hidden_prognosis_is_a_collider() -> None:
    def referred(cohort, rng, by_surgery: float = 1.5):
        score = 0.5 + by_surgery * cohort.treatment.intended - cohort.patients.columns["hidden_score"]
        return rng.random(cohort.size) < 1.0 / (1.0 + np.exp(-score))

    found = changed(view={"eligibility": (referred,)})
    assert ways(found[0]) == {("eligible: referred", "hidden prognosis")}
    assert told(changed(view={"eligibility": (partial(referred, by_surgery=0.0),)})) == set()


def test_other_treatment_of_those_meant_for_surgery() -> None:
    def care(patients, course, treatment, rng, with_surgery: float = 1.0):
        given = rng.random(patients.size) < 0.3 + 0.4 * with_surgery * treatment.intended
        return Care(begins=1.0, log_ratio=-0.4 * given)

    assert told(changed(world={"care": care})) == {("strategies", "co-intervention")}
    assert told(changed(world={"care": partial(care, with_surgery=0.0)})) == set()


def test_surgery_that_falls_out_of_use_while_care_improves() -> None:
    def care(patients, course, treatment, rng):
        return Care(begins=0.0, log_ratio=-0.1 * (patients.diagnosed - 2000.0))

    def treatment(patients, course, rng, original):
        made = original(patients, course, rng)
        intended = rng.random(patients.size) < 0.8 - 0.06 * (patients.diagnosed - 2000.0)
        return replace(made, intended=intended, wait=np.where(intended, 0.01, np.inf))

    original = plan(from_text(AT_ONCE, "bare.yaml").scenarios[0], 1).worlds[0]["treatment"]
    found = changed(world={"care": care, "treatment": partial(treatment, original=original)})
    assert ways(found[0]) == {("calendar year", "other treatment")}


def test_an_outcome_that_is_certified_and_one_that_depends_on_surgery() -> None:
    def certified(cohort, rng, otherwise: float = 0.0):
        wrong = rng.random(cohort.size) < 0.1 + otherwise * cohort.treatment.intended
        return Outcome(at=cohort.death, event=~wrong, cause=np.ones(cohort.size, np.int8))

    assert told(changed(view={"outcome": partial(certified)})) == {("outcome", "outcome certified, not observed")}
    found = told(changed(view={"outcome": partial(certified, otherwise=0.2)}))
    assert ("outcome", "the outcome is recorded otherwise in the operated") in found


def test_a_true_effect_on_the_primary_tumour_is_no_bias() -> None:
    def local(patients, treatment, rng):
        at = rng.exponential(20.0, patients.size)

        def under(wait):
            return np.where(np.asarray(wait) < at, np.inf, at)

        return Local(operated=under(treatment.wait), under=under)

    def progression(cohort, rng, read_as="itself"):
        at = np.minimum(cohort.local.operated, cohort.death)
        return Outcome(at=at, event=cohort.local.operated <= cohort.death, cause=np.ones(cohort.size, np.int8))

    found = changed(world={"local": local}, view={"outcome": partial(progression)})
    assert found[0].effects == {("surgery", "local progression")}
    assert not found[0].open
    assert "local progression" not in changed(world={"local": local})[0].nodes  # nobody looks at it
    as_death = partial(progression, read_as="death")
    assert ways(changed(world={"local": local}, view={"outcome": as_death})[0]) == {("local progression",)}


def test_exposure_recorded_with_error_by_chance_and_by_prognosis() -> None:
    def misfiled(cohort, time_zero, rng, by_hidden: float = 0.0):
        log_odds = -2.0 + by_hidden * cohort.patients.columns["hidden_score"]
        wrong = rng.random(cohort.size) < 1.0 / (1.0 + np.exp(-log_odds))
        return Exposure(exposed=cohort.operated ^ wrong, decided=np.zeros(cohort.size))

    assert told(changed(view={"exposure": misfiled})) == {("strategies", "exposure is recorded with error")}
    found = told(changed(view={"exposure": partial(misfiled, by_hidden=1.0)}))
    assert ("strategies", "exposure is recorded with an error that depends on hidden prognosis") in found


def test_consequences_and_gaps_of_the_record() -> None:
    margins = AT_ONCE.replace("measurement: registry", "measurement: with_margins")
    found = changed(margins)
    assert ways(found[0]) == set()  # nothing adjusted for
    assert ways(found[1]) == {("clear margins", "hidden prognosis")}
    cases = AT_ONCE.replace("{cox: {adjust: true}}", "{cox_complete_cases: {adjust: true}}")
    step = "recording: {incomplete: {odds_ratio_survival: 0.4, completed_by_surgery: 0.5}}"
    holes = cases.replace("measurement: registry", f"measurement: registry\n    {step}")
    assert ways(changed(holes)[1]) == {("complete record",)}
    at_random = holes.replace("odds_ratio_survival: 0.4, completed_by_surgery: 0.5", "share: 0.3")
    assert told(changed(at_random)) == set()


def test_target_trials_have_every_component_in_the_words_of_the_parts() -> None:
    study = load(resolve("immortal_time"))
    table = list(target_trial(study.scenarios[0].designs, drawn("immortal_time")))
    assert [(row.design, row.component) for row in table] == [(d, c) for d in study.scenarios[0].designs for c in IDEAL]
    here = {(row.design, row.component): row for row in table}
    assert here["registry", "strategies"].here.startswith("Every woman operated during follow-up counts as exposed")
    assert here["registry", "strategies"].flags.startswith(IMMORTAL)
    assert here["landmark", "time zero"].here.endswith("(months 6)")
    assert not any(row.flags for row in table if row.design != "registry")


def test_flags_of_some_analyses_name_them() -> None:
    study = load(resolve("confounding_by_indication"))
    table = {(row.design, row.component): row.flags for row in target_trial(study.scenarios[0].designs, drawn(study.name))}
    first, second = sorted(table["registry", "assignment"].split("; "))
    assert "hidden prognosis" in first
    assert not first.endswith("]")
    assert second.endswith("[cox]")


def test_the_stored_table_holds_nodes_arrows_and_paths() -> None:
    table = list(rows(drawn("stage_migration")))
    assert {row.kind for row in table} == {"node", "arrow", "path"}
    nodes = {row.name for row in table if row.kind == "node"}
    assert {end for row in table if row.kind == "arrow" for end in (row.name, row.to)} <= nodes
    assert [row.says for row in table if row.kind == "path"] == [
        "who is in the study depends on surgery and on occult metastases: found by the operation, she enters"
    ] * 2
