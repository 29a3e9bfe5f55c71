"""Trials whose arms were left, or unbalanced: what Cox regression tends to, against simulation within 3 MCSE.

Constant hazards, everybody followed until she dies, surgery at randomisation and without effect; one hidden normal score.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.cohort.treatment.randomised_unbalanced import tilted
from biasim.engine.streams import Streams
from biasim.kernels import cox
from biasim.registry import find

from .cox_limits import NODES, RATE, WEIGHTS, chosen, limit

LOG_RATIO, ODDS_RATIO, ADHERENCE, CROSSOVER = 0.7, 0.4, 0.8, 0.25
PARTS = {
    "course": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}), "care": ("none", {}), "local": ("none", {}),
    "staging": ("known_at_diagnosis", {}), "survival": ("weibull", {"shape": 1.0, "scale": 1.0 / RATE}),
}  # fmt: skip
LEAVING = {"adherence": ADHERENCE, "crossover": CROSSOVER, "odds_ratio": 1.0, "responder_odds_ratio": 1.0}


def cohorts(treatment, patients, replicates=60, size=4000):
    world = PARTS | {"treatment": treatment, "patients": ("two_scores", patients)}
    bound = {room: partial(find(room, name), **parameters) for room, (name, parameters) in world.items()}
    return [generate(bound, size, Streams(20230130, replicate)) for replicate in range(replicates)]


def agrees(values, truth, times=3.0):
    values = np.array(values)
    mcse = values.std(ddof=1) / len(values) ** 0.5
    assert abs(values.mean() - truth) < times * mcse, (values.mean(), truth, mcse)
    return mcse


def log_hazard_ratio(cohort, exposed, kept=slice(None), covariates=()):
    columns = np.column_stack([*(cohort.patients.columns[name] for name in covariates), exposed.astype(float)])[kept]
    death = cohort.death[kept]
    return cox.fit(death, np.ones(len(death), bool), columns).coefficients[-1]


def kinds(chance_of_exposure, chance_of_non_exposure):
    """Women by score, exposed or not, with the chances of being in the analysis as the one or the other."""
    weight = np.concatenate([WEIGHTS * chance_of_non_exposure, WEIGHTS * chance_of_exposure])
    return weight, RATE * np.exp(LOG_RATIO * np.tile(NODES, 2)), np.repeat([0.0, 1.0], len(NODES))[:, None]


@pytest.fixture(scope="module")
def left():
    return cohorts(("randomised_selectively", LEAVING | {"hidden_odds_ratio": ODDS_RATIO}), {"hidden_log_ratio": LOG_RATIO})


def chances(odds_ratio=ODDS_RATIO):
    """Of being operated in the surgery arm and in the control arm, at each score."""
    return chosen(NODES, odds_ratio, ADHERENCE), chosen(NODES, odds_ratio, CROSSOVER)


def test_as_treated_is_an_observational_study(left):
    """Half of the women are operated with one chance and half with the other: an omitted confounder of the average chance."""
    operated = np.mean(chances(), axis=0)
    truth = limit(*kinds(operated, 1.0 - operated))
    mcse = agrees([log_hazard_ratio(c, c.operated) for c in left], truth)
    assert truth < -10.0 * mcse
    assert abs(limit(*kinds(*(one := np.mean(chances(1.0), axis=0), 1.0 - one)))) < 1e-9


def test_per_protocol_compares_those_who_stayed(left):
    """The surgery arm keeps those operated, the control arm those who are not: both lose the women who did not fit."""
    with_surgery, crossed = chances()
    truth = limit(*kinds(with_surgery, 1.0 - crossed))
    stayed = [c.operated == c.treatment.intended for c in left]
    mcse = agrees([log_hazard_ratio(c, c.treatment.intended, kept) for c, kept in zip(left, stayed, strict=True)], truth)
    assert truth < -10.0 * mcse


def test_the_arms_as_chance_made_them_are_alike(left):
    agrees([log_hazard_ratio(c, c.treatment.intended) for c in left], 0.0)


def test_departures_that_select_nobody_bias_no_analysis():
    cohort = cohorts(("randomised_selectively", LEAVING | {"hidden_odds_ratio": 1.0}), {"hidden_log_ratio": LOG_RATIO}, 40, 2000)
    agrees([log_hazard_ratio(c, c.operated) for c in cohort], 0.0)
    agrees([log_hazard_ratio(c, c.treatment.intended, c.operated == c.treatment.intended) for c in cohort], 0.0)


# ---------------------------------------------------------------- unbalanced arms


@pytest.mark.parametrize("difference", [-0.3, 0.5])
def test_unbalanced_arms_bias_by_what_they_differ_in(difference):
    """The arms are an exposure chosen by a logistic model of the score, with the slope that gives the difference in means.

    For small effects the bias is the log ratio times the difference; over a long follow-up it is less.
    """
    many = np.repeat(NODES, np.round(WEIGHTS * 1e6).astype(int))
    slopes = tilted(((many - many.mean()) / many.std())[:, None], np.array([difference]))
    slope = np.log(slopes[-1] / (1.0 - slopes[-1])) / many[-1]
    surgery = 1.0 / (1.0 + np.exp(-slope * NODES))
    truth = limit(*kinds(surgery, 1.0 - surgery))
    parts = {"difference": 0.0, "hidden_difference": difference}
    found = [log_hazard_ratio(c, c.treatment.intended) for c in
             cohorts(("randomised_unbalanced", parts), {"hidden_log_ratio": LOG_RATIO})]  # fmt: skip
    mcse = agrees(found, truth)
    assert abs(truth) > 10.0 * mcse
    assert np.sign(truth) == np.sign(difference)
    weight, _, record = kinds(surgery, 1.0 - surgery)
    early = limit(weight, RATE * np.exp(0.05 * np.tile(NODES, 2)), record, 1.0)
    assert early == pytest.approx(0.05 * difference, rel=0.02)


def test_adjusting_for_what_the_arms_differ_in_leaves_nothing():
    parts = {"difference": -0.5, "hidden_difference": 0.0}
    cohort = cohorts(("randomised_unbalanced", parts), {"recorded_log_ratio": LOG_RATIO}, 40, 2000)
    agrees([log_hazard_ratio(c, c.treatment.intended, covariates=("recorded_score",)) for c in cohort], 0.0)


def test_chance_imbalance_averages_out_and_biases_each_trial_by_its_own():
    """Small trials allocated by chance: no bias over all of them; on the difference that each happened to have, a slope.

    With everybody followed until she dies, the estimates fall on the line through 0 whose slope is what the limit above has at
    small differences: d(bias) / d(difference).
    """
    estimates, apart = [], []
    for c in cohorts(("randomised", {}), {"hidden_log_ratio": LOG_RATIO}, 1500, 100):
        score, arm = c.patients.columns["hidden_score"], c.treatment.intended
        estimates.append(log_hazard_ratio(c, arm))
        apart.append((score[arm].mean() - score[~arm].mean()) / score.std())
    estimates, apart = np.array(estimates), np.array(apart)
    agrees(estimates, 0.0)
    design = np.column_stack([np.ones(len(apart)), apart])
    coefficients, residual = np.linalg.lstsq(design, estimates, rcond=None)[:2]
    error = np.sqrt(residual[0] / (len(apart) - 2) * np.linalg.inv(design.T @ design)[1, 1])
    surgery = 1.0 / (1.0 + np.exp(-0.1 * NODES))
    small = 4.0 * WEIGHTS @ ((surgery - 0.5) * NODES)
    slope = limit(*kinds(surgery, 1.0 - surgery)) / small
    assert abs(coefficients[1] - slope) < 3.0 * error, (coefficients, slope, error)
    assert coefficients[1] > 10.0 * error
    worse = apart < -0.2
    assert estimates[worse].mean() < -0.05
