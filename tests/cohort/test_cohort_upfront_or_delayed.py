"""treatment.upfront_or_delayed: two choices, each with its own causes, in the calibrated world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.config.load import load, resolve
from biasim.engine.streams import Streams

SIZE = 20_000


@pytest.fixture(scope="module")
def world() -> dict:
    chosen = load(resolve("paradox")).scenarios[0].world
    assert chosen["treatment"].name == "upfront_or_delayed"
    return {room: choice.function for room, choice in chosen.items()}


@pytest.fixture(scope="module")
def cohort(world):
    return generate(world, SIZE, Streams(5, 0))


def test_occult_patients_are_all_meant_for_surgery_at_once(cohort) -> None:
    occult = cohort.patients.occult
    assert occult.any()
    assert cohort.treatment.intended[occult].all()


def test_nobody_is_in_a_trial_and_the_wait_is_finite_exactly_for_the_intended(cohort) -> None:
    treatment = cohort.treatment
    assert not treatment.randomised.any()
    np.testing.assert_array_equal(np.isfinite(treatment.wait), treatment.intended)


def test_response_moves_the_second_choice_only(world, cohort) -> None:
    part = world["treatment"]
    everybody_responds = replace(cohort.course, response=np.ones(SIZE, dtype=np.int8))
    nobody_does = replace(cohort.course, response=-np.ones(SIZE, dtype=np.int8))
    more = part(cohort.patients, everybody_responds, Streams(5, 0)("treatment"))
    fewer = part(cohort.patients, nobody_does, Streams(5, 0)("treatment"))
    gained = more.intended & ~fewer.intended
    assert not (fewer.intended & ~more.intended).any()
    assert gained.any()
    # those whom response adds come with the later wait (median 6.8 against 1.2 months)
    assert np.median(more.wait[gained]) == pytest.approx(6.8, rel=0.05)


def test_unfit_patients_are_operated_on_less_often(cohort) -> None:
    unfit = (cohort.patients.columns["ps3"] == 1.0) & ~cohort.patients.occult
    fit = ~unfit & ~cohort.patients.occult
    intended = cohort.treatment.intended
    difference = intended[unfit].mean() - intended[fit].mean()
    error = np.sqrt(0.25 / unfit.sum() + 0.25 / fit.sum())
    assert difference < -4.0 * error
