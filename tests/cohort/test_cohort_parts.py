"""Each part by itself: shares and odds in standard errors, and every switch."""

import numpy as np
import pytest

from biasim.errors import BiasimError
from biasim.kernels import logistic
from biasim.registry import find

SIZE = 40_000


def close(value, truth, error, times=4.0):
    assert abs(value - truth) < times * error, (value, truth, error)


def share(mask, truth):
    close(np.mean(mask), truth, np.sqrt(truth * (1.0 - truth) / len(mask)))


def test_two_scores_are_normal_and_correlated(make_cohort):
    patients = make_cohort(size=SIZE, patients=("two_scores", {"correlation": 0.6, "hidden_log_ratio": 0.4})).patients
    recorded, hidden = patients.columns["recorded_score"], patients.columns["hidden_score"]
    for score in (recorded, hidden):
        close(score.mean(), 0.0, SIZE**-0.5)
        close(score.std(), 1.0, (2 * SIZE) ** -0.5)
    close(np.corrcoef(recorded, hidden)[0, 1], 0.6, (1.0 - 0.36) / SIZE**0.5)
    np.testing.assert_allclose(patients.log_hazard, 0.4 * hidden)
    assert not patients.recorded_log_hazard.any()
    assert not patients.occult.any()


def test_occult_patients_have_their_own_hazard(make_cohort):
    patients = make_cohort(size=SIZE, patients=("two_scores", {"occult_share": 0.1, "occult_log_ratio": -0.7})).patients
    share(patients.occult, 0.1)
    np.testing.assert_array_equal(patients.hidden_log_hazard, np.where(patients.occult, -0.7, 0.0))


def test_accrual_spreads_diagnoses(make_cohort):
    assert np.unique(make_cohort().patients.diagnosed).tolist() == [2000.0]
    diagnosed = make_cohort(patients=("two_scores", {"accrual": 4.0})).patients.diagnosed
    assert diagnosed.min() >= 2000.0
    assert 2003.9 < diagnosed.max() < 2004.0


def test_response_shares_and_ratios(make_cohort):
    chosen = {"responding": 0.3, "progressing": 0.2, "responder_hazard_ratio": 0.5, "progressor_hazard_ratio": 2.0}
    course = make_cohort(size=SIZE, course=("response", chosen)).course
    share(course.response == 1, 0.3)
    share(course.response == -1, 0.2)
    np.testing.assert_allclose(course.log_ratio, -np.log(2.0) * course.response)
    assert not make_cohort(course=("response", {})).course.log_ratio.any()


@pytest.mark.parametrize(("odds_ratio", "hidden_odds_ratio"), [(1.0, 1.0), (0.6, 1.0), (1.0, 0.5), (0.5, 2.0)])
def test_choice_by_prognosis_has_the_share_and_the_odds_asked_for(odds_ratio, hidden_odds_ratio, make_cohort):
    cohort = make_cohort(
        size=SIZE, patients=("two_scores", {"recorded_log_ratio": 0.3, "hidden_log_ratio": 0.9}),
        treatment=("by_prognosis",
                   {"share": 0.35, "odds_ratio": odds_ratio, "hidden_odds_ratio": hidden_odds_ratio}),
    )  # fmt: skip
    share(cohort.treatment.intended, 0.35)
    scores = np.column_stack([cohort.patients.columns["recorded_score"], cohort.patients.columns["hidden_score"]])
    fit = logistic.fit(scores / scores.std(axis=0), cohort.treatment.intended)
    for k, truth in ((1, odds_ratio), (2, hidden_odds_ratio)):
        close(fit.coefficients[k], np.log(truth), fit.covariance[k, k] ** 0.5)


def test_choice_by_prognosis_waits_lognormally(make_cohort):
    wait = make_cohort(size=SIZE, treatment=("by_prognosis", {"share": 1.0, "wait_spread": 0.5})).treatment.wait
    close(np.log(wait).mean(), np.log(4.0), 0.5 / SIZE**0.5)
    close(np.log(wait).std(), 0.5, 0.5 / (2 * SIZE) ** 0.5)
    assert (make_cohort(treatment=("by_prognosis", {"share": 0.0})).treatment.wait == np.inf).all()


def test_response_counts_only_once_it_is_known(make_cohort):
    treatment, course = {"responder_odds_ratio": 4.0, "median_wait": 3.0}, ("response", {"evaluated": 3.0})
    cohort = make_cohort(size=SIZE, course=course, treatment=("by_prognosis", treatment))
    wait = make_cohort(size=SIZE, course=course, treatment=("by_prognosis", treatment | {"share": 1.0})).treatment.wait
    for known in (True, False):
        among = (wait >= 3.0) == known
        fit = logistic.fit(cohort.course.response[among, None].astype(float), cohort.treatment.intended[among])
        close(fit.coefficients[1], np.log(4.0) if known else 0.0, fit.covariance[1, 1] ** 0.5)


def test_patients_with_occult_metastases_are_all_meant_for_surgery(make_cohort):
    cohort = make_cohort(
        size=SIZE, patients=("two_scores", {"occult_share": 0.2}), treatment=("by_prognosis", {"share": 0.3})
    )
    assert cohort.treatment.intended[cohort.patients.occult].all()
    share(cohort.treatment.intended[~cohort.patients.occult], 0.3)


def test_at_random_share_and_wait(make_cohort):
    treatment = make_cohort(size=SIZE, treatment=("at_random", {"share": 0.4, "mean_wait": 6.0})).treatment
    share(treatment.intended, 0.4)
    wait = treatment.wait[treatment.intended]
    close(wait.mean(), 6.0, 6.0 / len(wait) ** 0.5)
    assert not np.isfinite(treatment.wait[~treatment.intended]).any()


def test_a_trial_randomises_operates_and_lets_cross_over(make_cohort):
    chosen = {"at": 6.0, "refusal": 0.1, "adherence": 0.85, "crossover": 0.2, "delay": 0.5}
    treatment = make_cohort(size=SIZE, treatment=("randomised", chosen)).treatment
    inside, arm = treatment.randomised, treatment.intended
    share(inside, 0.9)
    share(arm[inside], 0.5)
    share(np.isfinite(treatment.wait[arm]), 0.85)
    share(np.isfinite(treatment.wait[inside & ~arm]), 0.2)
    assert not (np.isfinite(treatment.wait) | arm)[~inside].any()
    assert set(treatment.wait) == {6.5, np.inf}
    np.testing.assert_array_equal(np.isfinite(treatment.randomised_at), inside)


def test_a_trial_without_departures_operates_its_arm(make_cohort):
    treatment = make_cohort(treatment=("randomised", {"at": 3.0})).treatment
    assert treatment.randomised.all()
    np.testing.assert_array_equal(treatment.wait, np.where(treatment.intended, 3.0, np.inf))


@pytest.mark.parametrize(("among", "least"), [("non_progressors", 0), ("responders", 1)])
def test_a_trial_takes_those_who_qualify(make_cohort, among, least):
    cohort = make_cohort(
        patients=("two_scores", {"occult_share": 0.2}), course=("response", {}),
        treatment=("randomised", {"at": 6.0, "among": among}),
    )  # fmt: skip
    np.testing.assert_array_equal(
        cohort.treatment.randomised, (cohort.course.response >= least) & ~cohort.patients.occult
    )


def test_a_trial_of_fit_women_leaves_out_poor_performance(calibrated):
    patients = calibrated.patients
    trial = find("treatment", "randomised")
    treatment = trial(patients, calibrated.course, np.random.default_rng(1), among="fit_non_progressors")
    fit = (patients.columns["ps2"] + patients.columns["ps3"]) == 0.0
    np.testing.assert_array_equal(treatment.randomised, fit & (calibrated.course.response >= 0) & ~patients.occult)


def test_loss_is_exponential_and_can_be_switched_off(make_cohort):
    lost = make_cohort(size=SIZE, censoring=("exponential", {"per_month": 0.01})).lost
    close(lost.mean(), 100.0, 100.0 / SIZE**0.5)
    assert (make_cohort(censoring=("exponential", {})).lost == np.inf).all()


def test_staging_can_know_everything_at_diagnosis(make_cohort):
    staging = make_cohort(patients=("two_scores", {"occult_share": 0.3}), staging=("known_at_diagnosis", {})).staging
    assert not staging.known.any()
    assert not staging.found_by_surgery.any()


def test_an_unknown_subgroup_is_named(make_cohort):
    with pytest.raises(BiasimError, match="Did you mean 'hidden_score'"):
        make_cohort(effect=("subgroup", {"column": "hiden_score"}))


def test_calibrated_choices_need_calibrated_patients(make_cohort, calibrated_world):
    course = calibrated_world["course"]
    with pytest.raises(BiasimError, match=r"course.first_line needs .* patients.de_novo"):
        course(make_cohort(size=10).patients, np.random.default_rng(1))
