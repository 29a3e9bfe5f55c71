"""Other treatment than surgery: who gets it, what it does to her hazard, and what it leaves alone."""

import numpy as np
import pytest

from biasim.cohort.care.improving import improving
from biasim.cohort.care.with_surgery import with_surgery
from biasim.kernels import cox, logistic
from biasim.registry import find
from biasim.types import Care, Course, Patients, Treatment

SIZE = 40_000
AT_ONCE = ("by_prognosis", {"share": 0.4, "median_wait": 1e-9, "wait_spread": 0.0})


def people(size, log_hazard=0.0, diagnosed=2000.5):
    zeros = np.zeros(size)
    return Patients(
        columns={}, recorded=(), hidden=(), recorded_log_hazard=zeros + log_hazard, hidden_log_hazard=zeros,
        diagnosed=zeros + diagnosed, occult=np.zeros(size, bool),
    )  # fmt: skip


def plan(intended):
    intended = np.asarray(intended, bool)
    nobody = np.zeros(len(intended), bool)
    return Treatment(intended=intended, wait=np.where(intended, 1.0, np.inf), randomised=nobody, randomised_at=nobody + np.inf)


def none(size, evaluated=0.0, log_ratio=0.0):
    return Course(evaluated=evaluated, response=np.zeros(size, np.int8), log_ratio=np.zeros(size) + log_ratio)


def given(intended, seed=1, log_hazard=0.0, **parameters):
    size = len(intended)
    return with_surgery(people(size, log_hazard), none(size), plan(intended), np.random.default_rng(seed), **parameters)


# ---------------------------------------------------------------- who gets it


@pytest.mark.parametrize(("share", "odds_ratio"), [(0.7, 3.6), (0.936, 0.215), (0.5, 1.0)])
def test_shares_and_odds_are_those_asked_for(share, odds_ratio):
    intended = np.arange(SIZE) % 2 == 0
    received = given(intended, share=share, odds_ratio=odds_ratio).received
    fit = logistic.fit(intended.astype(float)[:, None], received)
    error = np.sqrt(fit.covariance[1, 1])
    assert abs(fit.coefficients[1] - np.log(odds_ratio)) < 4 * error
    assert abs(received[~intended].mean() - share) < 4 * np.sqrt(share * (1 - share) * 2 / SIZE)


def test_the_shares_of_the_defaults_are_those_of_the_table():
    """69.6 and 89.1 % had HER2-targeted therapy (hotton2021_esme)."""
    intended = np.arange(SIZE) % 2 == 0
    received = given(intended).received
    assert abs(received[intended].mean() - 0.891) < 0.01
    assert abs(received[~intended].mean() - 0.696) < 0.01


@pytest.mark.parametrize("prognosis_odds_ratio", [0.5, 1.0])
def test_it_may_go_by_prognosis(prognosis_odds_ratio):
    worse = np.random.default_rng(3).standard_normal(SIZE)
    received = given(np.zeros(SIZE, bool), log_hazard=0.7 * worse, prognosis_odds_ratio=prognosis_odds_ratio).received
    fit = logistic.fit(worse[:, None], received)
    assert abs(fit.coefficients[1] - np.log(prognosis_odds_ratio)) < 4 * np.sqrt(fit.covariance[1, 1])


def test_a_larger_share_keeps_everyone_already_treated():
    intended = np.zeros(2000, bool)
    few, many = (given(intended, share=share).received for share in (0.3, 0.6))
    assert many[few].all()
    assert many.sum() > few.sum()


def test_it_begins_later_in_those_meant_for_surgery():
    care = given([True, False, True], begins=2.0, later=5.0)
    assert care.begins.tolist() == [7.0, 2.0, 7.0]


def test_therapy_of_her_year():
    care = improving(
        people(3, diagnosed=[2000.2, 2003.9, 2010.0]), none(3), plan([True, False, True]), np.random.default_rng(0),
        hazard_ratio_per_year=0.9, reference_year=2003.0,
    )  # fmt: skip
    np.testing.assert_allclose(np.exp(care.log_ratio), [0.9**-3, 1.0, 0.9**7], rtol=1e-14)
    assert care.received is None


# ---------------------------------------------------------------- what it does


@pytest.mark.parametrize("survival", ["weibull", "two_causes"])
def test_by_hand_it_begins_before_or_after_the_evaluation(survival):
    """A hazard of 1 in 36 months, doubled by progression at month 9, tripled by a bad treatment from month 3 or 18 on.

    A clock of 3/36 + 6/36 x 3 = 21/36 is used up at month 9 by the first woman, who then needs 1/6 of a month for 1/36;
    the second has used 9/36 by month 9 and 27/36 by month 18, and then needs as much. A third never gets any.
    """
    parameters = {"other_ratio": 1e-13} if survival == "two_causes" else {}
    treatment = plan([True, True, False])
    care = Care(begins=np.array([3.0, 18.0, 18.0]), log_ratio=np.log([3.0, 3.0, 1.0]))
    clock = np.array([22.0, 28.0, 29.0]) / 36.0
    patients = people(3)
    potential = find("survival", survival)(
        patients, none(3, evaluated=9.0, log_ratio=np.log(2.0)), treatment, care, find("effect", "none")(patients), clock,
        scale=36.0, **parameters,
    )  # fmt: skip
    np.testing.assert_allclose(potential.operated, [9.0 + 1 / 6, 18.0 + 1 / 6, 19.0], rtol=1e-11)
    assert np.array_equal(potential.operated, potential.unoperated)


def test_begins_may_be_one_number_for_all_to_the_last_bit():
    clock, intended = np.random.default_rng(5).standard_exponential(500), np.arange(500) % 2 == 0
    care, patients = given(intended, begins=4.0), people(500)
    course = none(500, evaluated=3.0, log_ratio=-0.5)
    effect = find("effect", "none")(patients)
    one, each = (
        find("survival", "weibull")(
            patients, course, plan(intended), Care(begins=begins, log_ratio=care.log_ratio), effect, clock
        ).operated
        for begins in (4.0, np.full(500, 4.0))
    )  # fmt: skip
    assert np.array_equal(one, each)


PARTS = [
    ("with_surgery", {}), ("with_surgery", {"later": 6.0}), ("with_surgery", {"odds_ratio": 0.3, "prognosis_odds_ratio": 0.6}),
    ("improving", {}),
]  # fmt: skip
OVER_YEARS = ("two_scores_over_years", {"hidden_log_ratio": 0.5})


@pytest.mark.parametrize("care", PARTS)
def test_no_other_draw_moves_and_surgery_still_does_nothing(care, make_cohort):
    plain = make_cohort(patients=OVER_YEARS, treatment=AT_ONCE)
    other = make_cohort(patients=OVER_YEARS, treatment=AT_ONCE, care=care)
    for name, column in plain.patients.columns.items():
        assert np.array_equal(column, other.patients.columns[name])
    assert np.array_equal(plain.treatment.wait, other.treatment.wait)
    assert np.array_equal(plain.lost, other.lost)
    assert np.array_equal(plain.staging.known, other.staging.known)
    assert np.array_equal(other.potential.operated, other.potential.unoperated)
    assert np.array_equal(other.potential.under(2.0), other.potential.unoperated)
    untouched = other.care.log_ratio == 0.0
    np.testing.assert_allclose(plain.death[untouched], other.death[untouched], rtol=1e-12)
    assert (plain.death != other.death)[~untouched].any()


def test_switched_off_every_death_is_where_it_was(make_cohort):
    plain = make_cohort(patients=OVER_YEARS, treatment=AT_ONCE)
    for care in (("with_surgery", {"hazard_ratio": 1.0}), ("improving", {"hazard_ratio_per_year": 1.0})):
        assert np.array_equal(plain.death, make_cohort(patients=OVER_YEARS, treatment=AT_ONCE, care=care).death)


def test_a_true_effect_of_surgery_multiplies_that_of_other_care(make_cohort):
    cohort = make_cohort(
        size=SIZE, treatment=("by_prognosis", {"share": 0.5, "median_wait": 1e-9, "wait_spread": 0.0}),
        care=("with_surgery", {"odds_ratio": 5.0}), effect=("constant", {"hazard_ratio": 0.8}),
    )  # fmt: skip
    columns = np.column_stack([cohort.care.received, cohort.treatment.intended]).astype(float)
    fit = cox.fit(cohort.death, np.ones(SIZE, bool), columns)
    np.testing.assert_array_less(np.abs(fit.coefficients - np.log([0.6, 0.8])), 4 * np.sqrt(np.diag(fit.covariance)))


# ---------------------------------------------------------------- the switch, in Monte Carlo standard errors of one large cohort


def crude(cohort, rows=slice(None), columns=None):
    """Log hazard ratio of being meant for surgery within 60 months, and its error."""
    exposed = cohort.treatment.intended.astype(float)[:, None]
    design = (np.column_stack([columns, exposed]) if columns is not None else exposed)[rows]
    fit = cox.fit(np.minimum(cohort.death, 60.0)[rows], (cohort.death < 60.0)[rows], design)
    return fit.coefficients[-1], np.sqrt(fit.covariance[-1, -1])


ON_OFF = [  # care, treatment, its switch, sign
    (("with_surgery", {}), AT_ONCE, {"odds_ratio": 1.0}, -1),
    (("with_surgery", {}), AT_ONCE, {"hazard_ratio": 1.0}, -1),
    (("with_surgery", {"share": 0.936, "odds_ratio": 0.215}), ("randomised", {}), {"odds_ratio": 1.0}, 1),
    (("with_surgery", {"odds_ratio": 1.0, "later": 6.0}), ("randomised", {}), {"later": 0.0}, 1),
    (("improving", {}), ("by_year", {}), {"hazard_ratio_per_year": 1.0}, 1),
    (("improving", {}), ("by_year", {"odds_ratio_per_year": 1.14}), {"hazard_ratio_per_year": 1.0}, -1),
]


@pytest.mark.parametrize(("care", "treatment", "off", "sign"), ON_OFF)
def test_the_switch(care, treatment, off, sign, make_cohort):
    name, parameters = care
    patients = ("two_scores_over_years", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5})
    on = make_cohort(size=250_000, patients=patients, treatment=treatment, care=care)
    value, error = crude(on)
    assert sign * value > 10 * error
    value, error = crude(make_cohort(size=250_000, patients=patients, treatment=treatment, care=(name, parameters | off)))
    assert abs(value) < 4 * error


def test_even_years_undo_calendar_time_too(make_cohort):
    treatment = ("by_year", {"odds_ratio_per_year": 1.0})
    value, error = crude(make_cohort(size=250_000, patients=OVER_YEARS, treatment=treatment, care=("improving", {})))
    assert abs(value) < 4 * error


def test_adjusting_for_other_care_works_where_chance_gives_it_and_fails_where_prognosis_does(make_cohort):
    """Within those who got it or not, prognosis still differs between the groups, in favour of no surgery here."""
    patients = ("two_scores", {"hidden_log_ratio": 0.8})
    for prognosis, biased in ((1.0, False), (0.3, True)):
        care = ("with_surgery", {"odds_ratio": 10.0, "prognosis_odds_ratio": prognosis})
        cohort = make_cohort(size=250_000, patients=patients, treatment=AT_ONCE, care=care)
        value, error = crude(cohort, columns=cohort.care.received.astype(float)[:, None])
        assert value > 10 * error if biased else abs(value) < 4 * error
