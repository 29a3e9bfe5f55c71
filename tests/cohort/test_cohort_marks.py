"""Worlds with an instrument and a decoy: `two_scores_with_marks` and `by_preference`."""

import numpy as np
import pytest

from biasim.cohort.course.none import none
from biasim.cohort.patients.two_scores import two_scores
from biasim.cohort.patients.two_scores_with_marks import two_scores_with_marks
from biasim.cohort.treatment.by_preference import by_preference
from biasim.cohort.treatment.by_prognosis import by_prognosis
from biasim.errors import UnknownColumn
from biasim.kernels import logistic

SIZE = 40_000


def patients(size=SIZE, seed=1, **parameters):
    return two_scores_with_marks(size, np.random.default_rng(seed), hidden_log_ratio=0.5, **parameters)


def choice(people, seed=2, part=by_preference, **parameters):
    rng = np.random.default_rng(seed)
    return part(people, none(people, np.random.default_rng(0)), rng, **parameters)


def log_odds_ratio(outcome, score):
    """The slope of a logistic regression on one score, and its error."""
    fit = logistic.fit(score[:, None], outcome.astype(bool))
    return fit.coefficients[1], np.sqrt(fit.covariance[1, 1])


def test_scores_are_those_of_two_scores():
    plain = two_scores(500, np.random.default_rng(1), recorded_log_ratio=0.3, correlation=0.4)
    marked = two_scores_with_marks(500, np.random.default_rng(1), recorded_log_ratio=0.3, correlation=0.4)
    for name, column in plain.columns.items():
        np.testing.assert_array_equal(column, marked.columns[name])
    np.testing.assert_array_equal(plain.log_hazard, marked.log_hazard)
    assert set(marked.recorded) == {"recorded_score", "preference", "decoy"}


def test_marks_bear_on_nothing_unless_told_to():
    people = patients(decoy_odds_ratio=0.4)
    np.testing.assert_array_equal(people.log_hazard, 0.5 * people.columns["hidden_score"])
    biased = patients(decoy_odds_ratio=0.4, preference_log_ratio=-0.3)
    np.testing.assert_allclose(biased.log_hazard, people.log_hazard - 0.3 * people.columns["preference"])
    preference = people.columns["preference"]
    assert abs(np.corrcoef(preference, people.columns["hidden_score"])[0, 1]) < 4 / np.sqrt(SIZE)
    assert abs(preference.std() - 1) < 4 / np.sqrt(2 * SIZE)


@pytest.mark.parametrize("odds_ratio", [0.4, 1.0, 2.5])
def test_decoy_goes_with_the_hidden_score(odds_ratio):
    people = patients(decoy_odds_ratio=odds_ratio, decoy_share=0.3)
    slope, error = log_odds_ratio(people.columns["decoy"], people.columns["hidden_score"])
    assert abs(slope - np.log(odds_ratio)) < 4 * error


def test_without_a_preference_it_is_the_choice_by_prognosis():
    people = patients()
    shared = {"share": 0.3, "odds_ratio": 1.2, "hidden_odds_ratio": 0.6}
    one, other = choice(people, **shared), choice(people, part=by_prognosis, **shared)
    np.testing.assert_array_equal(one.intended, other.intended)
    np.testing.assert_array_equal(one.wait, other.wait)


def test_preference_has_its_odds_ratio_and_leaves_the_others_alone():
    people = patients()
    treatment = choice(people, share=0.4, hidden_odds_ratio=0.6, preference_odds_ratio=3.0)
    assert abs(treatment.intended.mean() - 0.4) < 4 * np.sqrt(0.24 / SIZE)
    columns = np.column_stack([people.columns["hidden_score"], people.columns["preference"]])
    fit = logistic.fit(columns, treatment.intended)
    errors = np.sqrt(np.diag(fit.covariance))[1:]
    assert (np.abs(fit.coefficients[1:] - np.log([0.6, 3.0])) < 4 * errors).all()


def test_a_preference_that_nobody_has_is_refused():
    people = two_scores(50, np.random.default_rng(1))
    with pytest.raises(UnknownColumn, match="two_scores_with_marks"):
        choice(people, preference_odds_ratio=2.0)
    assert choice(people, preference_odds_ratio=1.0).intended.size == 50
