"""Selection into the study: by hand, in the shares asked for, and as bias switched on and off."""

from __future__ import annotations

from functools import partial
from math import log

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design._chance import standardised
from biasim.design.eligibility.alive_at import alive_at
from biasim.design.eligibility.complete_follow_up import complete_follow_up
from biasim.design.eligibility.referred import referred
from biasim.design.exposure.intended import intended
from biasim.design.measurement.everything import everything
from biasim.design.measurement.registry import registry
from biasim.design.observe import observe
from biasim.engine.streams import Streams
from biasim.errors import UnknownColumn
from biasim.methods.cox import cox
from biasim.registry import find

INF = np.inf
PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}), "course": ("none", {}),
    "care": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}), "local": ("none", {}),
    "staging": ("known_at_diagnosis", {}), "treatment": ("at_random", {"share": 0.4, "mean_wait": 1e-9}),
    "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip


def world(size, replicate=0, **rooms):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    return generate(parts, size, Streams(20270106, replicate))


def lost_more_often(operated, others):
    """Loss at one rate in those meant for surgery and at another in all others."""

    def part(patients, treatment, rng):
        return rng.standard_exponential(patients.size) / np.where(treatment.intended, operated, others)

    return part


def in_standard_errors(cohort, design, **keywords):
    found = cox(observe(cohort, design, Streams(20270106, 0)), **keywords)
    return found.estimate / found.standard_error


def rng():
    return np.random.default_rng(5)


# ---------------------------------------------------------------- complete follow-up


def test_whose_fate_is_known_by_hand(make_cohort):
    # dead at 4; lost at 5; dead at 40 before her loss; lost at 70; nobody knows of her after 59
    cohort = make_cohort(death=[4, 20, 40, 90, 61], lost=[INF, 5, 50, 70, 59])
    assert complete_follow_up(cohort, rng()).tolist() == [True, False, True, True, False]
    assert complete_follow_up(cohort, rng(), months=5.0).tolist() == [True] * 5
    assert complete_follow_up(cohort, rng(), months=6.0).tolist() == [True, False, True, True, True]
    assert complete_follow_up(cohort, rng(), months=0.0).all()


def test_survival_looks_shorter_than_it_is(make_design):
    cohort = world(20_000, censoring=("exponential", {"per_month": 0.02}))
    streams = Streams(20270106, 0)
    every, some = (observe(cohort, make_design(eligibility=(part,)), streams) for part in
                   (find("eligibility", "everyone"), complete_follow_up))  # fmt: skip
    assert every.event.sum() == some.event.sum()  # only the living go
    assert some.size < every.size
    assert (some.event & (some.time < 12)).mean() > 1.3 * (every.event & (every.time < 12)).mean()


@pytest.mark.long
@pytest.mark.parametrize(("operated", "others", "sign"), [(0.005, 0.03, -1), (0.03, 0.005, 1), (0.02, 0.02, 0)])
def test_complete_follow_up_is_switched_off_and_on(make_design, operated, others, sign):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    parts |= {"censoring": lost_more_often(operated, others), "patients": find("patients", "two_scores")}
    cohort = generate(parts, 200_000, Streams(20270106, 0))
    for exposure in (intended, find("exposure", "ever_operated")):
        off = make_design(eligibility=(partial(complete_follow_up, months=0.0),), exposure=exposure)
        assert abs(in_standard_errors(cohort, off)) < 4
        deviate = in_standard_errors(cohort, off | {"eligibility": (complete_follow_up,)})
        assert sign * deviate > 10 if sign else abs(deviate) < 4


# ---------------------------------------------------------------- referral


def test_entry_depends_on_what_it_is_asked_to():
    from statsmodels.api import Logit, add_constant

    cohort = world(20_000)
    patients = cohort.patients
    scores = [standardised(values) for values in (patients.recorded_log_hazard, patients.hidden_log_hazard)]
    entered = referred(cohort, rng(), share=0.3, odds_ratio_by=3.0, odds_ratio_recorded=0.7, odds_ratio_hidden=2.0)
    fit = Logit(entered.astype(float), add_constant(np.column_stack([cohort.operated.astype(float), *scores]))).fit(disp=0)
    asked = [log(0.3 / 0.7), log(3.0), log(0.7), log(2.0)]
    assert np.abs((fit.params - asked) / fit.bse).max() < 4.0


def test_everybody_or_nobody_enters(make_cohort):
    cohort = make_cohort(death=[5, 6, 7], wait=[1, INF, INF])
    assert referred(cohort, rng(), share=1.0).all()
    assert not referred(cohort, rng(), share=0.0).any()


def test_a_greater_chance_adds_women_to_those_who_enter():
    cohort = world(5000)
    few, many = (referred(cohort, rng(), share=share) for share in (0.2, 0.4))
    assert few.sum() < many.sum()
    assert not (few & ~many).any()


def test_the_preference_of_the_centre_needs_a_world_that_has_it():
    with pytest.raises(UnknownColumn, match=r"referred\.by: these patients have no column 'preference'"):
        referred(world(50), rng(), by="preference")


@pytest.mark.long
def test_the_collider_is_switched_off_and_on(make_design):
    """Both arrows into entry are needed; their signs say the direction; the region, or knowing the prognosis, sets it right."""
    cohort = world(400_000)

    def study(**parameters):
        return make_design(eligibility=(partial(referred, **parameters),), measurement=registry)

    assert in_standard_errors(cohort, study()) < -10
    assert in_standard_errors(cohort, study(odds_ratio_hidden=0.4)) > 10
    assert in_standard_errors(cohort, study(share=0.6, odds_ratio_by=1 / 6, odds_ratio_hidden=0.4)) < -10
    assert abs(in_standard_errors(cohort, study(odds_ratio_by=1.0))) < 4
    assert abs(in_standard_errors(cohort, study(odds_ratio_hidden=1.0))) < 4
    assert abs(in_standard_errors(cohort, make_design())) < 4
    assert in_standard_errors(cohort, study(), adjust=True) < -10  # the recorded score is not what entry depends on
    assert abs(in_standard_errors(cohort, study() | {"measurement": everything}, adjust=("hidden_score",))) < 4
    by_recorded = study(odds_ratio_hidden=1.0, odds_ratio_recorded=2.5)
    assert in_standard_errors(cohort, by_recorded) < -10
    assert abs(in_standard_errors(cohort, by_recorded, adjust=("recorded_score",))) < 4


@pytest.mark.long
def test_the_m_of_a_cause_of_surgery_is_weaker_and_on_and_off(make_design):
    surgery = ("by_preference", {"share": 0.4, "preference_odds_ratio": 3.0, "median_wait": 1e-6, "wait_spread": 0.0})
    patients = ("two_scores_with_marks", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5})
    cohort = world(1_000_000, treatment=surgery, patients=patients)

    def study(**parameters):
        return make_design(eligibility=(partial(referred, by="preference", share=0.4, **parameters),))

    through_cause = in_standard_errors(cohort, study(odds_ratio_by=6.0))
    assert through_cause < -10
    assert abs(in_standard_errors(cohort, study(odds_ratio_by=1.0))) < 4
    operation = make_design(eligibility=(partial(referred, share=0.4),))
    assert in_standard_errors(cohort, operation) < through_cause


def test_survivors_alike_in_both_groups_are_no_bias_without_an_effect(make_design):
    design = make_design(eligibility=(partial(alive_at, months=12.0),), exposure=intended)
    assert abs(in_standard_errors(world(60_000), design)) < 4
