"""Survival: by hand under constant hazards, to the last bit where nothing changed, and in law."""

import numpy as np
import pytest

from biasim.cohort.survival.weibull import weibull
from biasim.registry import find
from biasim.types import Care, Course, Patients, Treatment

RATE = 1.0 / 36.0
EFFECTS = {
    "constant": {"hazard_ratio": 0.5},
    "subgroup": {"column": "recorded_score", "where": "above", "value": 0.0, "hazard_ratio": 0.5, "elsewhere": 2.0},
    "delayed": {"months": 12.0, "hazard_ratio": 0.5},
    "waning": {"hazard_ratio": 0.25, "months": 24.0, "steps": 2},
    "early_harm": {"harm": 4.0, "months": 2.0, "hazard_ratio": 0.5},
}


def hand_made(
    clock, *, effect="none", wait=np.inf, evaluated=0.0, log_ratio=0.0, shape=1.0,
    begins=0.0, care_ratio=0.0, **parameters,
):  # fmt: skip
    """Patients of log hazard 0 whose clocks are given, with an effect and a wait."""
    size = len(clock)
    zeros, nobody = np.zeros(size), np.zeros(size, bool)
    patients = Patients(
        columns={"member": np.arange(size) % 2.0}, recorded=("member",), hidden=(),
        recorded_log_hazard=zeros, hidden_log_hazard=zeros, diagnosed=zeros, occult=nobody,
    )  # fmt: skip
    course = Course(evaluated=evaluated, response=zeros.astype(np.int8), log_ratio=zeros + log_ratio)
    wait = np.broadcast_to(float(wait), size)
    never = np.full(size, np.inf)
    treatment = Treatment(intended=np.isfinite(wait), wait=wait, randomised=nobody, randomised_at=never)
    care = Care(begins=begins, log_ratio=zeros + care_ratio)
    truth = find("effect", effect)(patients, **parameters)
    return weibull(patients, course, treatment, care, truth, np.asarray(clock, float), shape=shape, scale=36.0)


def test_a_constant_hazard_uses_up_the_clock():
    np.testing.assert_allclose(hand_made([0.5, 1.0, 2.0]).unoperated, [18.0, 36.0, 72.0], rtol=1e-14)


def test_weibull_time_is_the_power_of_the_clock():
    np.testing.assert_allclose(hand_made([0.25, 4.0], shape=2.0).unoperated, [18.0, 72.0], rtol=1e-14)


def test_response_doubles_the_hazard_from_its_evaluation_on():
    potential = hand_made([0.25, 1.0], evaluated=18.0, log_ratio=np.log(2.0))
    np.testing.assert_allclose(potential.unoperated, [9.0, 18.0 + 9.0], rtol=1e-14)


@pytest.mark.parametrize(("begins", "expected"), [(9.0, [9.0, 18.0 + 13.5]), (18.0, [9.0, 27.0]), (27.0, [9.0, 22.5])])
def test_other_care_changes_the_hazard_from_its_month_on_before_and_after_the_response(begins, expected):
    """From month 18 on the response doubles the hazard, from `begins` on care halves it. The clock 0.25 is used up at 9
    months whatever follows; clock 0.75, 27 months at 1: 9 at 1, 9 at 1/2, 13.5 at 1; 18 at 1, 9 at 1; 18 at 1, 4.5 at 2."""
    potential = hand_made([0.25, 0.75], evaluated=18.0, log_ratio=np.log(2.0), begins=begins, care_ratio=np.log(0.5))
    np.testing.assert_allclose(potential.unoperated, expected, rtol=1e-14)
    assert potential.operated is potential.unoperated


@pytest.mark.parametrize(
    ("effect", "parameters", "operated"),
    [
        ("constant", {"hazard_ratio": 0.5}, [9.0, 18.0 + 36.0, 18.0 + 108.0]),
        ("delayed", {"months": 9.0, "hazard_ratio": 0.5}, [9.0, 27.0 + 18.0, 27.0 + 90.0]),
        # half the hazard for 9 months uses 4.5 months of clock, sqrt(1/2) for 9 more uses 6.364, then none
        ("waning", {"hazard_ratio": 0.5, "months": 18.0, "steps": 2},
         [9.0, 36.0 + 18.0 - 4.5 - 9.0 * 0.5**0.5, 72.0 + 18.0 - 4.5 - 9.0 * 0.5**0.5]),
        # four times the hazard for 3 months uses 12 of the 18 months left
        ("early_harm", {"harm": 4.0, "months": 3.0, "hazard_ratio": 0.5}, [9.0, 21.0 + 12.0, 21.0 + 84.0]),
        ("subgroup", {"column": "member", "hazard_ratio": 0.5}, [9.0, 18.0 + 36.0, 72.0]),
    ],
)  # fmt: skip
def test_effects_by_hand(effect, parameters, operated):
    """Clocks of 9, 36 and 72 months, surgery after 18."""
    potential = hand_made([0.25, 1.0, 2.0], effect=effect, wait=18.0, **parameters)
    np.testing.assert_allclose(potential.operated, operated, rtol=1e-13)
    np.testing.assert_allclose(potential.unoperated, [9.0, 36.0, 72.0], rtol=1e-14)


def test_early_harm_can_kill_within_its_phase():
    potential = hand_made([0.6], effect="early_harm", wait=18.0, harm=4.0, months=3.0, hazard_ratio=0.5)
    np.testing.assert_allclose(potential.operated, [18.0 + 3.6 / 4.0], rtol=1e-13)


@pytest.mark.parametrize("effect", [("none", {}), ("constant", {"hazard_ratio": 1.0}), ("waning", {"hazard_ratio": 1.0})])
def test_without_an_effect_both_times_are_one(effect, make_cohort):
    potential = make_cohort(effect=effect, survival=("weibull", {"shape": 1.3})).potential
    assert potential.operated is potential.unoperated
    np.testing.assert_array_equal(potential.under(2.0), potential.unoperated)


@pytest.mark.parametrize("effect", EFFECTS)
def test_nothing_has_changed_before_the_effect_begins(effect, make_cohort):
    cohort = make_cohort(
        course=("response", {"progressor_hazard_ratio": 3.0}), effect=(effect, EFFECTS[effect]),
        treatment=("by_prognosis", {"share": 0.7, "median_wait": 10.0}), survival=("weibull", {"shape": 1.2}),
    )  # fmt: skip
    potential, wait = cohort.potential, cohort.treatment.wait
    begins = wait + (EFFECTS[effect]["months"] if effect == "delayed" else 0.0)
    early = potential.unoperated <= begins
    assert 0 < early.sum() < cohort.size
    np.testing.assert_array_equal(potential.operated[early], potential.unoperated[early])
    assert (potential.operated[~early] != potential.unoperated[~early]).all()
    assert (potential.operated[~early] > begins[~early]).all()
    np.testing.assert_array_equal(potential.under(wait), potential.operated)
    np.testing.assert_array_equal(potential.under(np.inf), potential.unoperated)
    np.testing.assert_array_equal(potential.under(5.0), potential.under(np.full(cohort.size, 5.0)))


@pytest.mark.parametrize(("hazard_ratio", "sign"), [(0.6, -1.0), (1.7, 1.0)])
def test_a_later_operation_does_less(hazard_ratio, sign, make_cohort):
    potential = make_cohort(
        course=("response", {"responder_hazard_ratio": 0.5}), effect=("constant", {"hazard_ratio": hazard_ratio})
    ).potential
    times = np.array([potential.under(wait) for wait in (0.0, 1.0, 3.0, 10.0, 50.0, np.inf)])
    assert (sign * np.diff(times, axis=0) >= -1e-9).all()


@pytest.mark.parametrize("effect", ["none", *EFFECTS])
def test_the_hazard_used_up_at_death_is_unit_exponential(effect, make_cohort):
    """Kolmogorov's distance, with the cumulative hazard integrated here on a fine grid of its own."""
    cohort = make_cohort(
        size=3000, patients=("two_scores", {"recorded_log_ratio": 0.6, "hidden_log_ratio": 0.4}),
        course=("response", {"responder_hazard_ratio": 0.4, "progressor_hazard_ratio": 2.5, "evaluated": 3.0}),
        treatment=("by_prognosis", {"share": 0.8, "odds_ratio": 0.5, "median_wait": 4.0}),
        effect=(effect, EFFECTS.get(effect, {})), survival=("weibull", {"shape": 1.4, "scale": 30.0}),
    )  # fmt: skip
    edges = np.linspace(0.0, 1.0, 2001)[:, None] * cohort.death
    middle = 0.5 * (edges[1:] + edges[:-1])
    log_ratio = cohort.patients.log_hazard + cohort.course.log_ratio * (middle >= 3.0)
    for phase, after in enumerate(cohort.effect.after):
        until = np.append(cohort.effect.after, np.inf)[phase + 1]
        since = middle - cohort.treatment.wait
        log_ratio += cohort.effect.log_ratio[:, phase] * ((since >= after) & (since < until))
    used = np.sort((np.diff((edges / 30.0) ** 1.4, axis=0) * np.exp(log_ratio)).sum(axis=0))
    rank = np.arange(len(used)) / len(used)
    distance = np.abs(1.0 - np.exp(-used) - rank).max()
    assert distance < 1.95 / np.sqrt(len(used))  # exceeded once in a thousand
