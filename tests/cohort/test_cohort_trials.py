"""Trials with selective departures and with unbalanced arms: shares and odds, and nothing else moved."""

from __future__ import annotations

import numpy as np
import pytest

from biasim.cohort.treatment._trial import Protocol
from biasim.cohort.treatment.randomised_selectively import selected
from biasim.cohort.treatment.randomised_unbalanced import tilted
from biasim.errors import BiasimError
from biasim.kernels import logistic

SIZE = 40_000
PATIENTS = ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5})
COURSE = ("response", {"responder_hazard_ratio": 0.6, "progressor_hazard_ratio": 1.8})
PLAN = {"at": 6.0, "refusal": 0.1, "delay": 0.5, "among": "non_progressors"}
NOBODY_SELECTED = {"odds_ratio": 1.0, "hidden_odds_ratio": 1.0, "responder_odds_ratio": 1.0}


def close(value, truth, error, times=4.0):
    assert abs(value - truth) < times * error, (value, truth, error)


def share(mask, truth):
    close(np.mean(mask), truth, np.sqrt(truth * (1.0 - truth) / len(mask)))


@pytest.fixture
def trial(make_cohort):
    def made(name, size=SIZE, **parameters):
        rooms = {"patients": PATIENTS, "course": COURSE}
        return make_cohort(size=size, **rooms, treatment=(name, parameters))

    return made


def same_trial(cohort, other):
    for name in ("intended", "wait", "randomised", "randomised_at"):
        np.testing.assert_array_equal(getattr(cohort.treatment, name), getattr(other.treatment, name))
    np.testing.assert_array_equal(cohort.treatment.arms, other.treatment.arms)


def nothing_else_moved(cohort, other):
    for name, column in cohort.patients.columns.items():
        np.testing.assert_array_equal(column, other.patients.columns[name])
    np.testing.assert_array_equal(cohort.course.response, other.course.response)
    np.testing.assert_array_equal(cohort.potential.unoperated, other.potential.unoperated)
    np.testing.assert_array_equal(cohort.death, other.death)  # surgery does nothing
    np.testing.assert_array_equal(cohort.lost, other.lost)


# ---------------------------------------------------------------- selective departures


@pytest.mark.parametrize("plan", [{}, PLAN])
@pytest.mark.parametrize(("adherence", "crossover"), [(0.856, 0.168), (1.0, 0.0), (0.3, 0.3)])
def test_where_nobody_is_selected_it_is_the_trial_of_randomised_to_the_last_bit(trial, plan, adherence, crossover):
    shares = {"adherence": adherence, "crossover": crossover}
    plain = trial("randomised", size=3000, **plan, **shares)
    same_trial(trial("randomised_selectively", size=3000, protocol=Protocol(**plan), **shares, **NOBODY_SELECTED), plain)


def test_departures_have_the_shares_and_the_odds_asked_for(trial):
    odds = {"odds_ratio": 0.5, "hidden_odds_ratio": 0.7, "responder_odds_ratio": 3.0}
    cohort = trial("randomised_selectively", protocol=Protocol(**PLAN), adherence=0.8, crossover=0.25, **odds)
    treatment, patients = cohort.treatment, cohort.patients
    inside, arm, done = treatment.randomised, treatment.intended, np.isfinite(treatment.wait)
    share(arm[inside], 0.5)
    assert not done[~inside].any()
    scores = np.column_stack([patients.columns["recorded_score"], patients.columns["hidden_score"], cohort.course.response])
    scores[:, :2] /= scores[:, :2].std(axis=0)
    for members, wanted in ((inside & arm, 0.8), (inside & ~arm, 0.25)):
        share(done[members], wanted)
        fit = logistic.fit(scores[members], done[members])
        for k, truth in enumerate(odds.values(), 1):
            close(fit.coefficients[k], np.log(truth), fit.covariance[k, k] ** 0.5)


def test_the_response_counts_only_where_it_is_known_by_the_operation(trial):
    early = trial("randomised_selectively", protocol=Protocol(at=0.0), hidden_odds_ratio=1.0, odds_ratio=1.0)
    done, arm = np.isfinite(early.treatment.wait), early.treatment.intended
    fit = logistic.fit(early.course.response[arm, None].astype(float), done[arm])
    close(fit.coefficients[1], 0.0, fit.covariance[1, 1] ** 0.5)


def test_a_crossover_comes_later_by_the_months_said(trial):
    cohort = trial("randomised_selectively", size=500, protocol=Protocol(at=2.0, delay=1.0, later=4.0), crossover=0.5)
    wait, arm = cohort.treatment.wait, cohort.treatment.intended
    assert set(wait[arm]) == {3.0, np.inf}
    assert set(wait[~arm]) == {7.0, np.inf}
    assert set(cohort.treatment.arms[1]) == {7.0, np.inf}


def test_selection_moves_nothing_but_who_is_operated(trial):
    plain, some = trial("randomised", size=2000), trial("randomised_selectively", size=2000)
    nothing_else_moved(plain, some)
    np.testing.assert_array_equal(plain.treatment.intended, some.treatment.intended)
    assert (plain.treatment.wait != some.treatment.wait).any()


def test_chances_without_selection_are_the_share_itself():
    assert selected(np.zeros(3), 0.168).tolist() == [0.168] * 3
    assert selected(np.array([-1.0, 0.0, 1.0]), 0.4).mean() == pytest.approx(0.4, abs=1e-10)


# ---------------------------------------------------------------- unbalanced arms


@pytest.mark.parametrize("plan", [{}, PLAN])
def test_balanced_arms_are_those_of_randomised_to_the_last_bit(trial, plan):
    plain = trial("randomised", size=3000, **plan)
    same_trial(trial("randomised_unbalanced", size=3000, protocol=Protocol(**plan), difference=0.0, hidden_difference=0.0), plain)


@pytest.mark.parametrize(("difference", "hidden_difference"), [(-0.3, -0.3), (0.5, 0.0), (0.0, -0.8)])
def test_the_arms_differ_as_much_as_asked_for(trial, difference, hidden_difference):
    parameters = {"difference": difference, "hidden_difference": hidden_difference, "protocol": Protocol(**PLAN)}
    cohort = trial("randomised_unbalanced", **parameters)
    inside, arm = cohort.treatment.randomised, cohort.treatment.intended
    share(arm[inside], 0.5)
    for name, wanted in (("recorded_score", difference), ("hidden_score", hidden_difference)):
        score = cohort.patients.columns[name][inside]
        apart = (score[arm[inside]].mean() - score[~arm[inside]].mean()) / score.std()
        close(apart, wanted, 2.0 / inside.sum() ** 0.5)
    assert np.isfinite(cohort.treatment.wait).sum() == arm.sum()


def test_imbalance_moves_nothing_but_the_arms(trial):
    plain, some = trial("randomised", size=2000), trial("randomised_unbalanced", size=2000)
    nothing_else_moved(plain, some)
    np.testing.assert_array_equal(plain.treatment.randomised_at, some.treatment.randomised_at)
    assert (plain.treatment.intended != some.treatment.intended).any()


def test_a_larger_difference_moves_women_one_way_only(trial):
    some, more = (trial("randomised_unbalanced", difference=d, hidden_difference=0.0, size=4000) for d in (-0.2, -0.6))
    changed = some.treatment.intended != more.treatment.intended
    score = some.patients.columns["recorded_score"]
    assert changed.any()
    # who moves into the arm of surgery has the better score of those who move
    assert score[changed & more.treatment.intended].max() < score[changed & some.treatment.intended].min()


def test_tilted_chances_by_hand():
    # scores of -1 and 1: chances p and 1 - p, a difference of 2 (1 - 2 p); wanted -0.5, so p = 5/8 for the lower score
    chance = tilted(np.array([[-1.0], [1.0]]), np.array([-0.5]))
    assert chance == pytest.approx([0.625, 0.375], abs=1e-10)
    assert tilted(np.zeros((3, 2)), np.array([0.5, 0.5])).tolist() == [0.5] * 3
    twins = np.array([[-1.0, -1.0], [1.0, 1.0]])
    assert tilted(twins, np.array([0.5, 0.5])) == pytest.approx([0.375, 0.625], abs=1e-10)
    with pytest.raises(BiasimError, match="Choose smaller differences"):
        tilted(twins, np.array([0.5, -0.5]))


def test_given_the_sum_of_prognosis_every_allocation_is_as_likely_as_by_chance():
    """Four women, two in each arm: of the allocations with one sum of scores in the surgery arm none is preferred."""
    from itertools import product

    scores = np.array([-1.5, -0.5, 0.5, 1.5])  # -1.5 + 1.5 = -0.5 + 0.5
    chance = tilted(scores[:, None] / scores.std(), np.array([-0.4]))
    likely: dict[tuple[int, float], set[float]] = {}
    for arm in product((0, 1), repeat=4):
        arm = np.array(arm)
        probability = np.prod(np.where(arm == 1, chance, 1.0 - chance))
        likely.setdefault((arm.sum(), float(arm @ scores)), set()).add(round(float(probability), 12))
    assert len(likely[2, 0.0]) == 1
    assert all(len(values) == 1 for values in likely.values())
    assert len(set.union(*likely.values())) > 4
