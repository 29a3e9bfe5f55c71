"""Closed forms of what is counted and of who is lost, in two_scores with constant hazards, within 3 standard errors."""

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design.observe import observe
from biasim.engine.as_counted import as_counted
from biasim.engine.streams import Streams
from biasim.estimands.marginal_log_hazard_ratio import marginal_log_hazard_ratio
from biasim.kernels import cox
from biasim.methods.cox import cox as cox_regression
from biasim.methods.cox_cause_specific import cox_cause_specific
from biasim.registry import find

from .test_closed_forms import cox_limit

RATE, END, SIZE = 1.0 / 36.0, 60.0, 1_000_000


def part(room, name, **given):
    return partial(find(room, name), **given)


def cohort_of(size=SIZE, **rooms):
    """Half meant for surgery by a coin, on the first day."""
    parts = {
        "patients": ("two_scores", {}), "course": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}),
        "care": ("none", {}), "local": ("none", {}), "staging": ("known_at_diagnosis", {}),
        "treatment": ("by_prognosis", {"median_wait": 1e-6, "wait_spread": 0.0}),
        "survival": ("weibull", {"shape": 1.0, "scale": 1.0 / RATE}),
    } | rooms  # fmt: skip
    return generate({room: part(room, name, **given) for room, (name, given) in parts.items()}, size, Streams(20230130, 1))


def seen(cohort, outcome):
    view = {
        "eligibility": (), "recording": (), "time_zero": part("time_zero", "diagnosis"), "exposure": part("exposure", "intended"),
        "measurement": part("measurement", "nothing"), "follow_up": part("follow_up", "months", months=END), "outcome": outcome,
    }  # fmt: skip
    return observe(cohort, view, Streams(20230130, 1))


def agrees(found, truth):
    print(f"found {found.estimate:+.5f} ({found.standard_error:.5f}), closed form {truth:+.5f}")
    assert abs(found.estimate - truth) < 3.0 * found.standard_error


# ---------------------------------------------------------------- informative loss


def loss(sd_ratio, meant_ratio, log_hazard=0.5, per_month=0.02):
    """The limit of crude Cox when a normal score z drives death, e^(b z), and loss, r^z, with r of either group its own.

    Given z a woman of group a is watched to t with probability exp(-(l e^(b z) + m r_a^z) t) and dies there at l e^(b z); the
    groups hold the same z at the start, and from then on lose different ones. Gauss-Hermite over z.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum() / 2.0
    time, death = np.linspace(0.0, END, 4001), RATE * np.exp(log_hazard * nodes)[:, None]
    watched = [np.exp(-(death + per_month * ratio ** nodes[:, None]) * time) for ratio in (sd_ratio, meant_ratio)]
    return cox_limit(time, np.array([weights @ one for one in watched]), np.array([weights @ (death * one) for one in watched]))


@pytest.mark.parametrize("score", ["recorded", "hidden"])
@pytest.mark.parametrize("ratios", [(0.5, 1.0), (1.0, 2.0), (0.5, 2.0), (2.0, 0.5)])
def test_loss_by_prognosis(score, ratios):
    truth = loss(*ratios)
    given = {"per_month": 0.02, "hidden_ratio": 1.0, "intended_hidden_ratio": 1.0}
    given |= {f"{score}_ratio": ratios[0], f"intended_{score}_ratio": ratios[1]}
    cohort = cohort_of(patients=("two_scores", {f"{score}_log_ratio": 0.5}), censoring=("by_prognosis", given))
    agrees(found := cox_regression(seen(cohort, part("outcome", "death"))), truth)
    assert abs(truth) > 10.0 * found.standard_error


def test_loss_that_is_the_same_in_both_groups_leaves_nothing():
    assert abs(loss(2.0, 2.0)) < 1e-12
    assert abs(loss(0.5, 2.0, log_hazard=0.0)) < 1e-12


# ---------------------------------------------------------------- names of deaths


def certified(given, other):
    """Among the dying the share named as of the cancer is (1 - m_a) + q r_a for every 1 + q deaths, in every month and at every
    prognosis (which bears on both causes alike), and the groups die alike: the cause-specific hazards are proportional.
    """
    def odds(chance, ratio):
        return chance * ratio / (1.0 - chance + chance * ratio)

    named = [1.0 - odds(given["missed"], m) + other * odds(given["added"], r)
             for m, r in ((1.0, 1.0), (given["missed_odds_ratio"], given["added_odds_ratio"]))]  # fmt: skip
    return np.log(named[1] / named[0])


@pytest.mark.parametrize(
    "given",
    [
        {"missed": 0.05, "missed_odds_ratio": 3.0, "added": 0.5, "added_odds_ratio": 0.5},
        {"missed": 0.2, "missed_odds_ratio": 2.0, "added": 0.0, "added_odds_ratio": 1.0},
        {"missed": 0.0, "missed_odds_ratio": 1.0, "added": 0.5, "added_odds_ratio": 0.25},
    ],
)
def test_wrong_certificates(given):
    cohort = cohort_of(
        patients=("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}),
        survival=("two_causes", {"scale": 1.0 / RATE, "other_ratio": 0.4}),
    )
    agrees(found := cox_cause_specific(seen(cohort, part("outcome", "death_of_the_cancer", **given))), certified(given, 0.4))
    assert certified(given, 0.4) < -10.0 * found.standard_error


# ---------------------------------------------------------------- local progression

LOCAL = {"per_month": 0.02, "recorded_ratio": 1.0, "hidden_ratio": 1.0, "hazard_ratio": 0.35}


def test_a_composite_is_the_average_of_its_hazards():
    """Death at l and progression at m, m x 0.35 when operated: hazards l + m and l + 0.35 m, so a constant ratio."""
    truth = np.log((RATE + 0.02 * 0.35) / (RATE + 0.02))
    cohort = cohort_of(local=("exponential", LOCAL))
    agrees(cox_regression(seen(cohort, part("outcome", "local_progression_or_death"))), truth)
    agrees(cox_cause_specific(seen(cohort, part("outcome", "local_progression"))), np.log(0.35))
    agrees(cox_regression(seen(cohort, part("outcome", "death"))), 0.0)


def subdistribution():
    """The limit of the subdistribution ratio: who dies first stays at risk of progression until the end of the study.

    Without progression by t: F'_a(t) = m_a exp(-(l + m_a) t), at risk 1 - F_a(t); loss is none before the end.
    """
    time, local = np.linspace(0.0, END, 8001), np.array([0.02, 0.02 * 0.35])[:, None]
    density = local * np.exp(-(RATE + local) * time)
    return cox_limit(time, (1.0 - local / (RATE + local) * (1.0 - np.exp(-(RATE + local) * time))) / 2.0, density / 2.0)


def test_the_subdistribution_ratio_is_nearer_to_one():
    from biasim.methods.fine_gray import fine_gray

    cohort = cohort_of(size=100_000, local=("exponential", LOCAL))
    agrees(found := fine_gray(seen(cohort, part("outcome", "local_progression"))), subdistribution())
    assert subdistribution() - np.log(0.35) > 2.0 * found.standard_error


@pytest.mark.parametrize(
    ("outcome", "truth"),
    [
        (("local_progression", {}), np.log(0.35)),
        (("local_progression_or_death", {}), np.log((RATE + 0.02 * 0.35) / (RATE + 0.02))),
        (("local_progression_or_death", {"read_as": "death"}), 0.0),
        (("death", {}), 0.0),
    ],
)
def test_truths_of_outcomes(outcome, truth):
    cohort = cohort_of(size=100_000, local=("exponential", LOCAL))
    counted = as_counted(cohort, {"outcome": part("outcome", outcome[0], **outcome[1])}, Streams(20230130, 1))
    found = marginal_log_hazard_ratio(counted, grace=0.0, horizon=END)
    assert abs(found.value - truth) <= 3.0 * found.mcse


@pytest.mark.parametrize("given", [{}, {"missed": 0.3, "added": 0.6}])
def test_the_truth_of_deaths_of_the_cancer_is_the_worlds_ratio_whatever_the_certificates(given):
    """Constant hazards and no prognosis: 1 and 0.4 for every death of the cancer, the first halved by surgery."""
    cohort = cohort_of(size=100_000, effect=("constant", {"hazard_ratio": 0.5}),
                       survival=("two_causes", {"scale": 1.0 / RATE, "other_ratio": 0.4}))  # fmt: skip
    counted = as_counted(cohort, {"outcome": part("outcome", "death_of_the_cancer", **given)}, Streams(20230130, 1))
    found = marginal_log_hazard_ratio(counted, grace=0.0, horizon=END)
    assert abs(found.value - np.log(0.5)) < 3.0 * found.mcse
    every = marginal_log_hazard_ratio(cohort, grace=0.0, horizon=END)
    assert abs(every.value - np.log(0.9 / 1.4)) < 3.0 * every.mcse


def test_the_limit_is_that_of_the_kernel():
    """The helper of the file beside this one, on exponential times of ratio 0.5: Cox is consistent."""
    rng = np.random.default_rng(1)
    exposed = rng.random(200_000) < 0.5
    time = rng.exponential(30.0, 200_000) / np.where(exposed, 0.5, 1.0)
    fit = cox.fit(time, np.ones(200_000, bool), exposed[:, None].astype(float))
    assert abs(fit.coefficients[0] - np.log(0.5)) < 4.0 * fit.covariance[0, 0] ** 0.5
