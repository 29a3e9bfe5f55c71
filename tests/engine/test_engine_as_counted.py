"""Truths of outcomes that are not death: a trial of each is unbiased, null worlds are exactly 0, what has no truth says so."""

from dataclasses import replace
from functools import partial
from math import log

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.config.load import from_text
from biasim.engine.as_counted import as_counted, without_error
from biasim.engine.as_designed import as_designed, these
from biasim.engine.describe import describe
from biasim.engine.plan import plan
from biasim.engine.replicate import cohorts
from biasim.engine.run import run
from biasim.engine.streams import Streams
from biasim.engine.truth import NULL_SIZE, Question, answers
from biasim.errors import NoTruth
from biasim.estimands.conditional_log_hazard_ratio import conditional_log_hazard_ratio
from biasim.estimands.marginal_log_hazard_ratio import marginal_log_hazard_ratio
from biasim.estimands.rmst_difference import rmst_difference
from biasim.registry import find
from biasim.store.tables import read_table

STUDY = """\
study: outcomes
aim: Which ratio does a trial of another outcome tend to?
world: two_scores
change:
  patients: {{two_scores: {{recorded_log_ratio: 0.6, hidden_log_ratio: 0.6}}}}
  treatment: {{randomised: {{at: 3.0, adherence: 0.85, crossover: 0.1, delay: 2.0}}}}
  survival: {{two_causes: {{scale: 36.0, other_ratio: 0.5}}}}
  effect: {effect}
  local: {local}
designs:
{designs}
estimands: [marginal_log_hazard_ratio, conditional_log_hazard_ratio]
performance: [bias, coverage]
run: {{size: 800, replicates: {replicates}, seed: 5, truth: 100000}}
"""
DESIGN = """\
  {name}:
    eligibility: [randomised]
    time_zero: randomisation
    exposure: intended
    measurement: registry
    follow_up: {{months: {{months: 48}}}}
    outcome: {outcome}
    methods: [{methods}]
"""
RIGHT = "{death_of_the_cancer: {missed: 0, missed_odds_ratio: 1, added: 0, added_odds_ratio: 1}}"


def study(outcomes, *, effect="{constant: {hazard_ratio: 0.6}}", local="{exponential: {hazard_ratio: 0.3}}", replicates=60):
    designs = "".join(DESIGN.format(name=name, outcome=one, methods=methods) for name, (one, methods) in outcomes.items())
    return from_text(STUDY.format(designs=designs, effect=effect, local=local, replicates=replicates), "outcomes.yaml")


def biases(folder):
    rows = read_table(folder / "tables" / "performance.csv")
    return {(row["design"], row["method"]): (float(row["value"]) / float(row["mcse"]), float(row["truth"]))
            for row in rows if row["measure"] == "bias"}  # fmt: skip


def test_a_trial_of_each_outcome_is_unbiased(tmp_path):
    """By arm as assigned, with women who do not keep to theirs and die or progress before their operation."""
    asked = study({
        "deaths": ("death", "cox, {cox: {adjust: true}}"),
        "of_the_cancer": (RIGHT, "cox_cause_specific, {cox_cause_specific: {adjust: true}}"),
        "local": ("local_progression", "cox_cause_specific, cox"),
        "either": ("local_progression_or_death", "cox, {rmst: {horizon: 36}}"),
        "wrong_names": ("{death_of_the_cancer: {missed: 0.2, missed_odds_ratio: 5, added: 0}}", "cox_cause_specific"),
    })  # fmt: skip
    found = biases(run(asked, results=tmp_path, workers=1))
    for (design, method), (distance, truth) in found.items():
        print(f"{design}, {method}: {distance:+.1f} MCSE of {truth:.3f}")
        assert abs(distance) < 4.0 if design != "wrong_names" else distance < -4.0
    truths = {design: truth for (design, method), (_, truth) in found.items() if method in ("cox", "cox_cause_specific")}
    assert truths["of_the_cancer"] == truths["wrong_names"] < truths["deaths"] < -0.1
    assert truths["local"] < truths["either"] < 0.0


def test_a_description_says_how_long_they_lived_whatever_is_counted():
    asked = study({"deaths": ("death", "cox"), "local": ("local_progression", "cox")})
    facts = {(fact.design, fact.group, fact.quantity): fact.value for fact in describe(plan(asked.scenarios[0], 5), 20_000)}
    for quantity in ("survival_12", "survival_36"):
        # who has progressed before randomisation is not in the second study, and had a slightly worse prognosis
        assert 0.0 < facts["local", "all", quantity] - facts["deaths", "all", quantity] < 0.02
    assert facts["local", "all", "patients"] < facts["deaths", "all", "patients"]


def cohort_of(**rooms):
    planned = plan(study({"deaths": ("death", "cox")}, **rooms).scenarios[0], 5, size=4000)
    return cohorts(planned, Streams(5, 0))[0], planned


def outcome(name, **given):
    return {"outcome": partial(find("outcome", name), **given)}


OUTCOMES = [("death_of_the_cancer", {}), ("local_progression", {}), ("local_progression_or_death", {})]


@pytest.mark.parametrize(("name", "given"), OUTCOMES)
def test_where_surgery_does_nothing_every_contrast_is_exactly_zero(name, given):
    cohort, _ = cohort_of(effect="none", local="{exponential: {hazard_ratio: 1.0}}")
    counted = as_counted(cohort, outcome(name, **given), Streams(5, 0))
    assert not counted.effect.log_ratio.any()
    for estimand in (marginal_log_hazard_ratio, conditional_log_hazard_ratio, rmst_difference):
        truth = estimand(counted)
        assert (truth.value, truth.mcse) == (0.0, 0.0)


def test_what_happens_as_it_is_treated_is_what_the_part_sees():
    cohort, _ = cohort_of()
    for name, given in OUTCOMES:
        view = outcome(name, **given)
        counted = as_counted(cohort, view, Streams(5, 0))
        found = without_error(view["outcome"])(cohort, Streams(5, 0)("outcome"))
        np.testing.assert_array_equal(counted.potential.operated, found.at)
        np.testing.assert_array_equal(counted.potential.under(cohort.treatment.wait), np.where(found.event, found.at, np.inf))
        if counted.potential.competing is not None:
            np.testing.assert_array_equal(np.isfinite(counted.potential.competing(cohort.treatment.wait)), ~found.event)
        assert (counted.potential.competing is None) == (name == "local_progression_or_death")


def test_death_and_what_is_read_as_death_leave_the_cohort_as_it_is():
    cohort, _ = cohort_of()
    assert as_counted(cohort, outcome("death"), Streams(5, 0)) is cohort
    assert as_counted(cohort, outcome("local_progression", read_as="death"), Streams(5, 0)) is cohort


def test_causes_under_a_strategy_are_those_of_women_treated_so():
    """The world with everybody operated at month 2, generated as such, has the same deaths and the same causes."""
    cohort, planned = cohort_of()
    world = planned.worlds[0]

    def everybody(patients, course, rng):
        rng.random(1)
        return replace(cohort.treatment, wait=np.full(cohort.size, 2.0))

    made = generate({**world, "treatment": everybody}, cohort.size, Streams(5, 0))
    counted = as_counted(cohort, outcome("death_of_the_cancer"), Streams(5, 0))
    np.testing.assert_allclose(counted.potential.under(2.0), np.where(made.of_other_cause, np.inf, made.death), rtol=1e-12)


def test_the_same_women_in_part():
    cohort, _ = cohort_of()
    rows = np.arange(0, cohort.size, 3)
    counted = as_counted(cohort, outcome("local_progression"), Streams(5, 0))
    some = these(counted, rows)
    wait = np.linspace(0.0, 9.0, len(rows))
    everyone = np.full(cohort.size, np.inf)
    everyone[rows] = wait
    for name in ("under", "competing"):
        whole, part = getattr(counted.potential, name), getattr(some.potential, name)
        np.testing.assert_array_equal(part(wait), whole(everyone)[rows])
    np.testing.assert_array_equal(some.local.under(wait), counted.local.under(everyone)[rows])


def test_what_has_no_truth_says_why():
    cohort, _ = cohort_of()
    local = as_counted(cohort, outcome("local_progression"), Streams(5, 0))
    with pytest.raises(NoTruth, match="ends observation"):
        rmst_difference(local)
    either = as_counted(cohort, outcome("local_progression_or_death"), Streams(5, 0))
    assert rmst_difference(either).value > 0.0
    with pytest.raises(NoTruth, match="several hazards"):
        conditional_log_hazard_ratio(either, given="everything")
    assert conditional_log_hazard_ratio(local, given="everything").value == log(0.3)
    cancer = as_counted(cohort, outcome("death_of_the_cancer"), Streams(5, 0))
    assert conditional_log_hazard_ratio(cancer, given="everything").value == log(0.6)


def test_few_patients_only_where_nothing_differs():
    """Surgery that prolongs no life but prevents progression needs the large cohort, for that outcome alone."""
    _, planned = cohort_of(effect="none")
    view = dict(planned.designs[0].view)

    def size(**changed):
        question = Question(partial(find("estimands", "marginal_log_hazard_ratio")), view | changed, False)
        return answers(planned.worlds[0], (question,), 30_000, 1)[0]

    assert size().cohort_size == NULL_SIZE
    assert size(**outcome("local_progression", read_as="death")).cohort_size == NULL_SIZE
    found = size(**outcome("local_progression"))
    assert found.cohort_size == 30_000
    assert found.value < -0.5


def test_a_design_judges_its_own_outcome():
    cohort, planned = cohort_of()
    view = dict(planned.designs[0].view) | {"eligibility": ()} | outcome("local_progression_or_death")
    counted = as_designed(cohort, view, Streams(5, 0), measured=False)
    assert (counted.potential.operated <= cohort.death).all()
    assert (counted.potential.operated < cohort.death).any()
