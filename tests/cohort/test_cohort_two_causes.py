"""Two causes of death: by hand under constant hazards, in law, and to the last bit where nothing changed."""

import numpy as np
import pytest

from biasim.cohort.survival.two_causes import two_causes
from biasim.registry import find
from biasim.types import Care, Course, Patients, Treatment

EFFECTS = {
    "none": {},
    "constant": {"hazard_ratio": 0.5},
    "delayed": {"months": 6.0, "hazard_ratio": 0.5},
    "waning": {"hazard_ratio": 0.25, "months": 24.0, "steps": 3},
    "early_harm": {"harm": 4.0, "months": 2.0, "hazard_ratio": 0.5},
}


def hand_made(
    clock, *, log_hazard=0.0, wait=np.inf, effect="none", evaluated=0.0, log_ratio=0.0,
    begins=0.0, care_ratio=0.0, **parameters,
):  # fmt: skip
    size = len(clock)
    zeros, nobody = np.zeros(size), np.zeros(size, bool)
    patients = Patients(
        columns={}, recorded=(), hidden=(), recorded_log_hazard=zeros + log_hazard, hidden_log_hazard=zeros,
        diagnosed=zeros, occult=nobody,
    )  # fmt: skip
    course = Course(evaluated=evaluated, response=zeros.astype(np.int8), log_ratio=zeros + log_ratio)
    treatment = Treatment(
        intended=nobody, wait=np.broadcast_to(float(wait), size), randomised=nobody, randomised_at=zeros + np.inf
    )
    care = Care(begins=begins, log_ratio=zeros + care_ratio)
    truth = find("effect", effect)(patients, **EFFECTS[effect])
    return two_causes(patients, course, treatment, care, truth, np.asarray(clock, float), scale=36.0, **parameters)


def test_two_constant_hazards_add_up():
    potential = hand_made([0.5, 1.5], other_ratio=0.5)
    np.testing.assert_allclose(potential.unoperated, [12.0, 36.0], rtol=1e-14)
    np.testing.assert_allclose(potential.other_share, 1 / 3, rtol=1e-14)


def test_surgery_and_response_change_one_of_them():
    """Rates per 36 months: 1 + 1, from month 9 on 2 + 1 (progression), from month 18 on 1 + 1 (surgery halves 2)."""
    potential = hand_made(
        [0.25, 1.0, 2.25], evaluated=9.0, log_ratio=np.log(2.0), wait=18.0, effect="constant", other_ratio=1.0
    )
    np.testing.assert_allclose(potential.operated, [4.5, 15.0, 18.0 + 18.0], rtol=1e-13)
    np.testing.assert_allclose(potential.other_share, [1 / 2, 1 / 3, 1 / 2], rtol=1e-13)
    np.testing.assert_allclose(potential.unoperated, [4.5, 15.0, 18.0 + 12.0], rtol=1e-13)


def test_other_care_changes_the_death_from_the_cancer_alone():
    """Rates per 36 months: 1 + 1, from month 18 on 1/3 + 1, with or without an operation that does nothing."""
    potential = hand_made([0.5, 1.0 + 4.0 / 3.0], begins=18.0, care_ratio=-np.log(3.0), wait=20.0, other_ratio=1.0)
    np.testing.assert_allclose(potential.operated, [9.0, 18.0 + 36.0], rtol=1e-13)
    np.testing.assert_allclose(potential.other_share, [1 / 2, 3 / 4], rtol=1e-13)
    assert np.array_equal(potential.operated, potential.unoperated)


def test_prognosis_bears_on_other_causes_as_far_as_asked():
    for share, expected in ((0.0, 1 / 5), (1.0, 1 / 2)):
        found = hand_made([1.0], log_hazard=np.log(4.0), other_ratio=1.0, other_prognosis=share).other_share
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_hazard_used_up_at_death_is_unit_exponential_and_the_cause_is_its_share(effect, make_cohort):
    """Both hazards integrated here on a fine grid; the compensators of the two causes equal their counts."""
    cohort = make_cohort(
        size=4000, patients=("two_scores", {"recorded_log_ratio": 0.6, "hidden_log_ratio": 0.4}),
        course=("response", {"responder_hazard_ratio": 0.4, "progressor_hazard_ratio": 2.5, "evaluated": 3.0}),
        treatment=("by_prognosis", {"share": 0.8, "odds_ratio": 0.5, "median_wait": 4.0}),
        effect=(effect, EFFECTS[effect]),
        survival=("two_causes", {"shape": 1.4, "scale": 30.0, "other_ratio": 0.7, "other_prognosis": 0.5}),
    )  # fmt: skip
    edges = np.linspace(0.0, 1.0, 2001)[:, None] * cohort.death
    middle = 0.5 * (edges[1:] + edges[:-1])
    log_ratio = cohort.patients.log_hazard + cohort.course.log_ratio * (middle >= 3.0)
    for phase, after in enumerate(cohort.effect.after):
        until = np.append(cohort.effect.after, np.inf)[phase + 1]
        since = middle - cohort.treatment.wait
        log_ratio += cohort.effect.log_ratio[:, phase] * ((since >= after) & (since < until))
    width = np.diff((edges / 30.0) ** 1.4, axis=0)
    cancer = (width * np.exp(log_ratio)).sum(axis=0)
    other = (width * 0.7 * np.exp(0.5 * cohort.patients.log_hazard)).sum(axis=0)
    used = np.sort(cancer + other)
    distance = np.abs(1.0 - np.exp(-used) - np.arange(len(used)) / len(used)).max()
    assert distance < 1.95 / np.sqrt(len(used))  # exceeded once in a thousand
    for died, expected in ((~cohort.of_other_cause, cancer), (cohort.of_other_cause, other)):
        surplus = died - expected  # a martingale at its end: mean 0
        assert abs(surplus.mean()) < 4 * surplus.std() / np.sqrt(cohort.size)


def test_other_causes_shift_no_other_draw(make_cohort):
    plain = make_cohort(survival=("weibull", {"shape": 1.2}))
    both = make_cohort(survival=("two_causes", {"shape": 1.2, "other_ratio": 1e-12}))
    np.testing.assert_array_equal(plain.treatment.wait, both.treatment.wait)
    np.testing.assert_allclose(plain.death, both.death, rtol=1e-11)
    assert plain.of_other_cause is None
    assert not both.of_other_cause.any()
