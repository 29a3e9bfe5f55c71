"""Biases with a closed form, in two_scores with constant hazards, against simulation within 3 Monte Carlo standard errors."""

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.engine.streams import Streams
from biasim.kernels import cox
from biasim.registry import find

RATE, SHARE, MEAN_WAIT = 1.0 / 36.0, 0.4, 9.0
PARTS = {
    "patients": ("two_scores", {}), "course": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}),
    "care": ("none", {}), "local": ("none", {}),
    "treatment": ("at_random", {"share": SHARE, "mean_wait": MEAN_WAIT}),
    "survival": ("weibull", {"shape": 1.0, "scale": 1.0 / RATE}), "staging": ("found_at_surgery", {}),
}  # fmt: skip


def cohorts(replicates, size, **rooms):
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    return [generate(world, size, Streams(20230130, replicate)) for replicate in range(replicates)]


def agrees(values, truth, times=3.0):
    """The mean over replicates is within 3 Monte Carlo standard errors of the closed form."""
    mcse = np.std(values, ddof=1) / len(values) ** 0.5
    assert abs(np.mean(values) - truth) < times * mcse, (np.mean(values), truth, mcse)
    return mcse


def log_rate_ratio(time, event, exposed):
    return np.log(event[exposed].sum() / time[exposed].sum()) - np.log(event[~exposed].sum() / time[~exposed].sum())


def log_hazard_ratio(time, event, exposed):
    return cox.fit(time, event, exposed.astype(float)[:, None]).coefficients[0]


def cox_limit(time, survival, density):
    """What Cox regression on exposure tends to, for any hazards.

    The root of the expected score of Struthers and Kalbfleisch (1986, doi 10.1093/biomet/73.2.363),
    the integral of f1 - (f0 + f1) S1 e^b / (S1 e^b + S0), where S and f count patients of the whole
    cohort who are exposed (1) or not (0). Rows 0 and 1 of `survival` and `density`; trapezoid over `time`.
    """
    low, high = -5.0, 5.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        exposed_share = survival[1] * np.exp(middle) / (survival[1] * np.exp(middle) + survival[0])
        score = np.trapezoid(density[1] - density.sum(axis=0) * exposed_share, time)
        low, high = (middle, high) if score > 0.0 else (low, middle)
    return 0.5 * (low + high)


# ---------------------------------------------------------------- immortal time


def immortal_rates():
    """Deaths per month of the ever and never operated, counted from diagnosis, when surgery does nothing.

    The operated waited 1 / (l + m) on average and then live 1 / l; of the others, those meant for
    surgery died first, after 1 / (l + m) on average.
    """
    both = RATE + 1.0 / MEAN_WAIT
    operated = 1.0 / (1.0 / both + 1.0 / RATE)
    died_first = SHARE * RATE / both
    never = (1.0 - SHARE + died_first) / ((1.0 - SHARE) / RATE + died_first / both)
    return operated, never


def test_immortal_time_as_a_ratio_of_rates():
    operated, never = immortal_rates()
    found = [log_rate_ratio(c.death, np.ones(c.size, bool), c.operated) for c in cohorts(60, 4000)]
    mcse = agrees(found, np.log(operated / never))
    assert np.log(operated / never) < -10.0 * mcse


def test_immortal_time_is_nothing_by_intention():
    for cohort in (cohorts(40, 2000),):
        agrees([log_rate_ratio(c.death, np.ones(c.size, bool), c.treatment.intended) for c in cohort], 0.0)


@pytest.mark.parametrize("mean_wait", [2.0, 9.0])
def test_immortal_time_as_cox_sees_it(mean_wait):
    time = np.linspace(0.0, 25.0 / RATE, 200_001)
    alive, both = np.exp(-RATE * time), RATE + 1.0 / mean_wait
    operated = SHARE * (alive - RATE / both * np.exp(-both * time))
    dies_operated = SHARE * RATE * alive * (1.0 - np.exp(-time / mean_wait))
    survival = np.array([alive - operated, operated])
    density = np.array([RATE * alive - dies_operated, dies_operated])
    truth = cox_limit(time, survival, density)
    treatment = ("at_random", {"share": SHARE, "mean_wait": mean_wait})
    found = [log_hazard_ratio(c.death, np.ones(c.size, bool), c.operated) for c in cohorts(60, 4000, treatment=treatment)]
    mcse = agrees(found, truth)
    assert truth < -10.0 * mcse


# ---------------------------------------------------------------- an omitted confounder


def omitted_normal(hidden_log_ratio, odds_ratio):
    """The limit of crude Cox when a standard normal score drives both hazard and choice."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        chosen = 1.0 / (1.0 + np.exp(-middle - np.log(odds_ratio) * nodes))
        low, high = (middle, high) if weights @ chosen < SHARE else (low, middle)
    hazard = RATE * np.exp(hidden_log_ratio * nodes)[:, None]
    # to 1/20,000 of those alive; denser where more happens
    time = np.concatenate([[0.0], np.geomspace(1e-3, 4000.0, 20_000)])
    alive = np.exp(-hazard * time)
    arms = np.array([weights * (1.0 - chosen), weights * chosen])
    return cox_limit(time, arms @ alive, arms @ (hazard * alive))


@pytest.mark.parametrize("odds_ratio", [0.5, 2.0])
def test_an_omitted_normal_confounder(odds_ratio):
    truth = omitted_normal(0.5, odds_ratio)
    found = [
        log_hazard_ratio(c.death, np.ones(c.size, bool), c.treatment.intended)
        for c in cohorts(
            60, 4000, patients=("two_scores", {"hidden_log_ratio": 0.5}),
            treatment=("by_prognosis", {"share": SHARE, "hidden_odds_ratio": odds_ratio}),
        )
    ]  # fmt: skip
    mcse = agrees(found, truth)
    assert np.sign(truth) == np.sign(np.log(odds_ratio))  # fewer of the worse are operated: favours surgery
    assert abs(truth) > 10.0 * mcse


def test_a_confounder_that_is_switched_off_leaves_nothing():
    assert abs(omitted_normal(0.5, 1.0)) < 1e-12
    assert abs(omitted_normal(0.0, 0.5)) < 1e-12
    found = [
        log_hazard_ratio(c.death, np.ones(c.size, bool), c.treatment.intended)
        for c in cohorts(
            40, 2000, patients=("two_scores", {"hidden_log_ratio": 0.5}),
            treatment=("by_prognosis", {"share": SHARE}),
        )
    ]  # fmt: skip
    agrees(found, 0.0)


# ---------------------------------------------------------------- Will Rogers


OCCULT_SHARE, OCCULT = 0.1, -0.9


def migrated(staging):
    """Cohorts in which surgery is at once, and occult metastases are found by it."""
    return cohorts(
        60, 4000, patients=("two_scores", {"occult_share": OCCULT_SHARE, "occult_log_ratio": OCCULT}),
        treatment=("by_prognosis", {"share": SHARE, "median_wait": 1e-9, "wait_spread": 0.0}), staging=(staging, {}),
    )  # fmt: skip


def test_the_will_rogers_mixture_as_rates_and_as_cox_sees_it():
    """The operated are a mixture of two exponentials, the others one exponential, and nobody's death has moved."""
    seen, occult = (1.0 - OCCULT_SHARE) * SHARE, OCCULT_SHARE
    slow = RATE * np.exp(OCCULT)
    rates = np.log((seen + occult) / (seen / RATE + occult / slow)) - np.log(RATE)
    time = np.linspace(0.0, 25.0 / slow, 200_001)
    fast_alive, slow_alive = np.exp(-RATE * time), np.exp(-slow * time)
    others = (1.0 - OCCULT_SHARE) * (1.0 - SHARE) * fast_alive
    survival = np.array([others, seen * fast_alive + occult * slow_alive])
    density = np.array([RATE * others, seen * RATE * fast_alive + occult * slow * slow_alive])
    found = [(c, np.isfinite(c.staging.known)) for c in migrated("found_at_surgery")]
    mcse = agrees([log_rate_ratio(c.death[k], np.ones(k.sum(), bool), c.operated[k]) for c, k in found], rates)
    assert rates < -10.0 * mcse
    agrees(
        [log_hazard_ratio(c.death[k], np.ones(k.sum(), bool), c.operated[k]) for c, k in found],
        cox_limit(time, survival, density),
    )


def test_without_the_migrants_nothing_is_left():
    cohort = [(c, ~c.staging.found_by_surgery) for c in migrated("found_at_surgery")]
    agrees([log_rate_ratio(c.death[k], np.ones(k.sum(), bool), c.operated[k]) for c, k in cohort], 0.0)
