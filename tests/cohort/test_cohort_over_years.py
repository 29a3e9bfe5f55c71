"""Worlds with calendar years: `two_scores_over_years`, `by_year`, and the year in the calibrated world."""

import numpy as np
import pytest

from biasim.cohort.course.none import none
from biasim.cohort.generate import generate
from biasim.cohort.levels import logit
from biasim.cohort.patients.two_scores import two_scores
from biasim.cohort.patients.two_scores_over_years import Imaging, two_scores_over_years
from biasim.cohort.treatment.by_prognosis import by_prognosis
from biasim.cohort.treatment.by_year import Wait, by_year
from biasim.engine.streams import Streams
from biasim.kernels import cox, logistic

SIZE = 60_000
IMAGING = Imaging(small_share=0.3, small_log_ratio=-0.9, seen_first_year=0.1, seen_last_year=0.9)
AT_ONCE = Wait(median=1e-9, spread=0.0)


def people(size=SIZE, seed=1, **parameters):
    return two_scores_over_years(size, np.random.default_rng(seed), hidden_log_ratio=0.5, **parameters)


def choice(patients, seed=2, part=by_year, **parameters):
    return part(patients, none(patients, np.random.default_rng(0)), np.random.default_rng(seed), **parameters)


def test_scores_and_dates_are_those_of_two_scores():
    plain = two_scores(500, np.random.default_rng(1), recorded_log_ratio=0.3, correlation=0.4, accrual=8.0)
    dated = two_scores_over_years(500, np.random.default_rng(1), recorded_log_ratio=0.3, correlation=0.4, years=8.0)
    for name in ("recorded_score", "hidden_score", "occult"):
        assert np.array_equal(plain.columns[name], dated.columns[name])
    assert np.array_equal(plain.log_hazard, dated.log_hazard)
    assert np.array_equal(plain.diagnosed, dated.diagnosed)
    assert dated.recorded == ("recorded_score", "year")


def test_the_year_is_whole_and_every_year_alike():
    patients = people(years=12.0)
    year = patients.columns["year"]
    assert set(year) == set(range(12))
    assert np.array_equal(year, np.floor(patients.diagnosed) - 2000.0)
    expected = SIZE / 12
    assert (np.abs(np.bincount(year.astype(int)) - expected) < 4.5 * np.sqrt(expected)).all()
    assert not people(size=50, years=0.0).columns["year"].any()


def test_imaging_sees_more_from_year_to_year_and_moves_no_draw():
    plain, patients = people(), people(imaging=IMAGING)
    small, occult, year = (patients.columns[name] for name in ("small", "occult", "year"))
    assert np.array_equal(plain.columns["hidden_score"], patients.columns["hidden_score"])
    assert np.array_equal(plain.diagnosed, patients.diagnosed)
    assert abs(small.mean() - 0.3) < 4 * np.sqrt(0.21 / SIZE)
    assert not occult[small == 0.0].any()
    for which, wanted in ((0, 0.1), (7, 0.5), (14, 0.9)):
        among = (small == 1.0) & (year == which)
        assert abs(1.0 - occult[among].mean() - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / among.sum())
    np.testing.assert_allclose(patients.hidden_log_hazard, plain.hidden_log_hazard - 0.9 * small)
    off = people(imaging=Imaging(small_share=0.0))
    assert np.array_equal(off.log_hazard, plain.log_hazard)
    assert not off.occult.any()


def test_without_a_trend_it_is_the_choice_by_prognosis():
    """The same draws; the shares differ because the intercept is not solved for."""
    patients = people(imaging=IMAGING)
    dated = choice(patients, odds_ratio_per_year=1.0, hidden_odds_ratio=0.6, share=0.3)
    plain = choice(patients, part=by_prognosis, share=float(dated.intended[~patients.occult].mean()), hidden_odds_ratio=0.6)
    assert np.mean(dated.intended == plain.intended) > 0.99
    both = dated.intended & plain.intended
    assert np.array_equal(dated.wait[both], plain.wait[both])
    assert dated.intended[patients.occult].all()


@pytest.mark.parametrize("odds_ratio_per_year", [0.88, 1.14])
def test_odds_by_year_and_by_prognosis_are_those_asked_for(odds_ratio_per_year):
    patients = people()
    chosen = choice(patients, odds_ratio_per_year=odds_ratio_per_year, hidden_odds_ratio=0.6, share=0.4, reference_year=2005.0)
    columns = np.column_stack([patients.columns["year"] - 5.0, patients.columns["hidden_score"]])
    fit = logistic.fit(columns, chosen.intended)
    wanted = [logit(0.4), np.log(odds_ratio_per_year), np.log(0.6)]
    np.testing.assert_array_less(np.abs(fit.coefficients - wanted), 4 * np.sqrt(np.diag(fit.covariance)))


def test_a_new_policy_leaves_no_year_with_both():
    patients = people()
    chosen = choice(patients, odds_ratio_per_year=1e6, share=0.999, reference_year=2007.0).intended
    after = patients.columns["year"] >= 7.0
    assert chosen[after].mean() > 0.999
    assert chosen[~after].mean() < 0.001


def test_unseen_women_never_enter_unless_operated(make_cohort):
    cohort = make_cohort(
        size=SIZE, patients=("two_scores_over_years", {"imaging": IMAGING}), treatment=("by_year", {"wait": AT_ONCE})
    )
    entered = np.isfinite(cohort.staging.known)
    assert np.array_equal(cohort.staging.found_by_surgery, cohort.patients.occult & cohort.operated)
    assert (cohort.staging.known[~cohort.patients.occult] == 0.0).all()
    assert entered[cohort.operated].all()


def small_at_diagnosis(make_cohort, imaging, **treatment):
    """Log hazard ratio, crude and by year, among women known at diagnosis, surgery at once; with errors."""
    patients = ("two_scores_over_years", {"recorded_log_ratio": 0.3, "imaging": imaging})
    cohort = make_cohort(size=400_000, patients=patients, treatment=("by_year", {"wait": AT_ONCE, **treatment}))
    rows = cohort.staging.known == 0.0
    time, event = np.minimum(cohort.death, 60.0)[rows], (cohort.death < 60.0)[rows]
    exposed, year = cohort.operated.astype(float)[rows, None], cohort.patients.columns["year"][rows].astype(int)
    fits = [cox.fit(time, event, exposed), cox.fit(time, event, exposed, strata=year)]
    return [(fit.coefficients[0], np.sqrt(fit.covariance[0, 0])) for fit in fits]


@pytest.mark.parametrize(("odds_ratio_per_year", "sign"), [(0.8, 1), (1.25, -1)])
def test_imaging_biases_a_comparison_across_years_and_not_within_them(odds_ratio_per_year, sign, make_cohort):
    imaging = Imaging(small_share=0.3, small_log_ratio=-0.9)
    (crude, error), (within, own) = small_at_diagnosis(make_cohort, imaging, odds_ratio_per_year=odds_ratio_per_year)
    assert sign * crude > 10 * error
    assert abs(within) < 4 * own


@pytest.mark.parametrize(
    ("imaging", "odds_ratio_per_year"),
    [(None, 0.8), (Imaging(small_share=0.3, small_log_ratio=-0.9), 1.0), (Imaging(small_share=0.3, small_log_ratio=0.0), 0.8)],
)
def test_imaging_switched_off(imaging, odds_ratio_per_year, make_cohort):
    (crude, error), _ = small_at_diagnosis(make_cohort, imaging, odds_ratio_per_year=odds_ratio_per_year)
    assert abs(crude) < 4 * error


def test_the_calibrated_world_has_the_year_in_prognosis_and_in_treatment(calibrated_world):
    """Left out of the record, the year makes the operated look worse: they are of the earlier years.

    All else that the log hazard holds is adjusted for as one column, so that what the year adds stands alone; surgery counts
    as meant, so that nobody is immortal.
    """
    cohort = generate(calibrated_world, 400_000, Streams(20230130, 0))
    patients, course = cohort.patients, cohort.course
    slope = -0.015
    year = slope * patients.columns["year"]
    rest = np.column_stack([patients.log_hazard - year, course.response == 1, course.response == -1, patients.occult])
    intended = cohort.treatment.intended.astype(float)[:, None]

    def fitted(*columns):
        fit = cox.fit(cohort.death, np.ones(cohort.size, bool), np.column_stack([*columns, intended]).astype(float))
        return fit.coefficients[-1], np.sqrt(fit.covariance[-1, -1])

    with_year, error = fitted(rest, year)
    without = fitted(rest)[0]
    meant, others = cohort.treatment.intended.sum(), (~cohort.treatment.intended).sum()
    chance = year.std() * np.sqrt(1 / meant + 1 / others)  # of the difference that the year makes, on the same women
    assert abs(with_year) < 4 * error
    assert without - with_year > 10 * chance
    assert without - with_year < 0.03  # a small bias: 0.98 a year, and half a year between the groups
