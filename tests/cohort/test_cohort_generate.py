"""Stages and their streams: shared draws, reuse, and what happened of what was planned."""

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import CAUSES, equal, generate
from biasim.engine.streams import Streams
from biasim.registry import WORLD

STREAMS = Streams(7, 3)
OTHER = {  # for each room, another choice than the neutral one
    "patients": ("two_scores", {"recorded_log_ratio": 0.8, "accrual": 5.0}),
    "course": ("response", {"responder_hazard_ratio": 0.5}),
    "treatment": ("by_prognosis", {"share": 0.2, "median_wait": 9.0}),
    "effect": ("constant", {"hazard_ratio": 0.7}),
    "survival": ("weibull", {"shape": 1.3, "scale": 20.0}),
    "staging": ("known_at_diagnosis", {}),
    "censoring": ("by_prognosis", {"per_month": 0.01, "intended_ratio": 2.0}),
    "local": ("exponential", {"per_month": 0.02}),
    "care": ("with_surgery", {}),
}


def arrays(cohort, room):
    """What a stage made, as arrays by name."""
    patients, course, treatment, potential = cohort.patients, cohort.course, cohort.treatment, cohort.potential
    return {
        "patients": {**patients.columns, "recorded": patients.recorded_log_hazard, "diagnosed": patients.diagnosed},
        "course": {"response": course.response, "log_ratio": course.log_ratio},
        "treatment": {"intended": treatment.intended, "wait": treatment.wait},
        "effect": {"log_ratio": cohort.effect.log_ratio},
        "survival": {"unoperated": potential.unoperated, "operated": potential.operated},
        "staging": {"known": cohort.staging.known},
        "censoring": {"lost": cohort.lost},
        "care": {"log_ratio": cohort.care.log_ratio},
        "local": {"operated": cohort.local.operated},
    }[room]


def same(cohort, other, room):
    made, again = arrays(cohort, room), arrays(other, room)
    return made.keys() == again.keys() and all(np.array_equal(made[name], again[name]) for name in made)


def downstream(room):
    """The room and every stage that depends on it."""
    found = {room}
    for stage, causes in CAUSES.items():
        if found & set(causes):
            found.add(stage)
    return found


def test_the_stages_are_the_rooms_of_the_world():
    assert set(CAUSES) == set(WORLD)


@pytest.mark.parametrize("room", OTHER)
def test_another_part_leaves_what_does_not_depend_on_it_to_the_last_bit(room, make_world):
    before = generate(make_world(), 500, STREAMS)
    after = generate(make_world(**{room: OTHER[room]}), 500, STREAMS)
    for other in set(WORLD) - downstream(room):
        assert same(before, after, other), other
    if room != "staging":  # without occult patients staging cannot differ
        assert not same(before, after, room)


@pytest.mark.parametrize("room", OTHER)
def test_taking_over_stages_gives_the_same_cohort(room, make_world):
    world, changed = make_world(), make_world(**{room: OTHER[room]})
    old = generate(world, 500, STREAMS)
    fresh, reused = generate(changed, 500, STREAMS), generate(changed, 500, STREAMS, like=(world, old))
    assert all(same(fresh, reused, other) for other in WORLD)
    assert (reused.patients is old.patients) == (room != "patients")
    assert (reused.potential is old.potential) == (room in ("staging", "censoring", "local"))


def test_a_cohort_of_another_size_is_not_taken_over(make_world):
    world = make_world()
    assert generate(world, 400, STREAMS, like=(world, generate(world, 500, STREAMS))).size == 400


def test_parts_are_equal_when_function_and_parameters_are():
    def other(size, rng, *, k):
        return None

    assert equal(partial(other, k=1), partial(other, k=1))
    assert not equal(partial(other, k=1), partial(other, k=2))
    assert not equal(partial(other, k=1), other)


def test_a_longer_wait_is_the_same_wait_stretched(make_cohort):
    short = make_cohort(treatment=("by_prognosis", {"median_wait": 2.0})).treatment
    long = make_cohort(treatment=("by_prognosis", {"median_wait": 6.0})).treatment
    np.testing.assert_array_equal(short.intended, long.intended)
    np.testing.assert_allclose(3.0 * short.wait, long.wait, rtol=1e-14)


def test_a_larger_share_keeps_everyone_already_chosen(make_cohort):
    few = make_cohort(treatment=("by_prognosis", {"share": 0.2, "odds_ratio": 0.5})).treatment.intended
    many = make_cohort(treatment=("by_prognosis", {"share": 0.6, "odds_ratio": 0.5})).treatment.intended
    assert many[few].all()
    assert many.sum() > few.sum()


def test_only_operations_that_took_place_find_metastases(make_cohort):
    cohort = make_cohort(
        size=20_000,
        patients=("two_scores", {"occult_share": 0.3}),
        treatment=("by_prognosis", {"median_wait": 20.0}),
        censoring=("exponential", {"per_month": 0.02}),
    )
    occult, operated = cohort.patients.occult, cohort.operated
    assert (occult & ~operated).any()
    np.testing.assert_array_equal(cohort.staging.found_by_surgery, occult & operated)
    np.testing.assert_array_equal(cohort.staging.known[occult], cohort.operated_at[occult])
    assert not cohort.staging.known[~occult].any()
