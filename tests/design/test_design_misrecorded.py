"""A record of surgery that errs: by hand, in the shares asked for, and as bias switched on and off."""

from __future__ import annotations

from functools import partial
from math import log

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design._chance import standardised
from biasim.design.exposure.ever_operated import ever_operated
from biasim.design.exposure.misrecorded import misrecorded
from biasim.design.exposure.operated_by_time_zero import operated_by_time_zero
from biasim.design.observe import observe
from biasim.design.time_zero.landmark import landmark
from biasim.engine.streams import Streams
from biasim.methods.cox import cox
from biasim.registry import find

INF = np.inf
PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}), "course": ("none", {}),
    "care": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}), "local": ("none", {}),
    "staging": ("known_at_diagnosis", {}), "treatment": ("at_random", {"share": 0.4, "mean_wait": 1e-9}),
    "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip
BY_CHANCE = {"odds_ratio_missed": 1.0, "odds_ratio_added": 1.0}
RIGHT = {"sensitivity": 1.0, "specificity": 1.0}


def world(size, replicate=0, **rooms):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    return generate(parts, size, Streams(20270106, replicate))


def fitted(cohort, design):
    return cox(observe(cohort, design, Streams(20270106, 0)))


def in_standard_errors(cohort, design):
    found = fitted(cohort, design)
    return found.estimate / found.standard_error


def rng():
    return np.random.default_rng(5)


# ---------------------------------------------------------------- by hand


@pytest.fixture
def four(make_cohort):
    return make_cohort(death=[10, 3, 8, 20], wait=[2, 5, INF, 7])


def test_all_wrong_and_all_right_by_hand(four):
    zero = np.zeros(4)
    for of, part in (("ever_operated", ever_operated), ("operated_by_time_zero", operated_by_time_zero)):
        for time_zero in (zero, zero + 6.0):
            right, truly = misrecorded(four, time_zero, rng(), of=of, **RIGHT), part(four, time_zero, rng())
            assert right.exposed.tobytes() == truly.exposed.tobytes()
            assert right.decided.tobytes() == truly.decided.tobytes()
            wrong = misrecorded(four, time_zero, rng(), of=of, sensitivity=0.0, specificity=0.0)
            assert wrong.exposed.tolist() == (~truly.exposed).tolist()
            assert (wrong.decided[wrong.exposed] == time_zero[wrong.exposed]).all()
    missed = misrecorded(four, zero, rng(), sensitivity=0.0, specificity=1.0)
    assert not missed.exposed.any()
    added = misrecorded(four, zero + 1.0, rng(), sensitivity=1.0, specificity=0.0)
    assert added.exposed.all()
    assert added.decided.tolist() == [2, 1, 1, 7]


def test_nobody_without_a_time_zero_is_taken_for_operated(four):
    nowhere = np.array([0.0, INF, INF, 0.0])
    found = misrecorded(four, nowhere, rng(), specificity=0.0, sensitivity=1.0)
    assert found.exposed.tolist() == [True, False, False, True]


def test_errors_come_in_the_shares_and_with_the_odds_asked_for():
    from statsmodels.api import Logit, add_constant

    cohort = world(20_000)
    worse, operated = standardised(cohort.patients.log_hazard), cohort.operated
    seen = misrecorded(cohort, np.zeros(cohort.size), rng(), sensitivity=0.7, specificity=0.8, odds_ratio_missed=2.0,
                       odds_ratio_added=0.5).exposed  # fmt: skip
    for wrong, among, share, ratio in ((~seen, operated, 0.3, 2.0), (seen, ~operated, 0.2, 0.5)):
        fit = Logit(wrong[among].astype(float), add_constant(worse[among])).fit(disp=0)
        assert np.abs((fit.params - [log(share / (1 - share)), log(ratio)]) / fit.bse).max() < 4.0


def test_a_better_record_errs_in_some_of_the_same_women():
    cohort = world(5000)
    zero, truth = np.zeros(cohort.size), cohort.operated
    poor, good = (
        misrecorded(cohort, zero, rng(), sensitivity=right, specificity=right).exposed != truth for right in (0.7, 0.9)
    )
    assert good.sum() < poor.sum()
    assert not (good & ~poor).any()


# ---------------------------------------------------------------- on and off


@pytest.mark.long
@pytest.mark.parametrize("of", ["ever_operated", "operated_by_time_zero"])
def test_errors_that_go_with_prognosis_are_switched_off_and_on(make_design, of):
    """Nobody waits here, so that the landmark of month 1 finds everybody operated who ever is."""
    cohort = world(400_000)
    start = {"time_zero": partial(landmark, months=1.0 if of == "operated_by_time_zero" else 0.0)}

    def study(**parameters):
        return make_design(exposure=partial(misrecorded, of=of, **parameters), **start)

    assert abs(in_standard_errors(cohort, study(**RIGHT))) < 4
    assert abs(in_standard_errors(cohort, study(**BY_CHANCE))) < 4  # by chance alone no effect is made
    assert in_standard_errors(cohort, study()) < -10
    assert in_standard_errors(cohort, study(odds_ratio_missed=0.4)) > 10
    assert in_standard_errors(cohort, study(odds_ratio_missed=1.0, odds_ratio_added=2.5)) > 10
    assert in_standard_errors(cohort, study(odds_ratio_missed=1.0, odds_ratio_added=0.4)) < -10


@pytest.mark.long
def test_by_chance_a_true_effect_and_immortal_time_are_pulled_towards_none(make_design):
    works = world(200_000, effect=("constant", {"hazard_ratio": 0.6}))
    waits = world(200_000, treatment=("at_random", {"share": 0.4, "mean_wait": 9.0}))
    for cohort in (works, waits):
        estimates = []
        for right in (1.0, 0.9, 0.75):
            part = partial(misrecorded, sensitivity=right, specificity=right, **BY_CHANCE)
            found = fitted(cohort, make_design(exposure=part))
            estimates.append(found.estimate)
            error = found.standard_error
        assert estimates[0] < estimates[1] - 4 * error < estimates[2] - 8 * error < -12 * error
