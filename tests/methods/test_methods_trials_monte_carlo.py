"""Analyses of randomised trials over 2,000 simulated trials each: right where they say so, wrong as they say.

Survival is exponential, with a true hazard ratio of 0.6 from the operation on. Each patient has one clock, an exponential draw;
x is what could be known of it, so that x carries prognosis while marginal hazards stay exactly proportional.
"""

from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods.trial_as_treated import trial_as_treated
from biasim.methods.trial_crossover_censored import trial_crossover_censored
from biasim.methods.trial_intention_to_treat import trial_intention_to_treat
from biasim.methods.trial_interim import trial_interim
from biasim.methods.trial_per_protocol import trial_per_protocol
from biasim.methods.trial_rank_preserving import trial_rank_preserving
from biasim.types import ObservedTrial

TRUTH = log(0.6)
RATE = 0.04  # per month
REPLICATES = 2000
BY_CHANCE, BY_PROGNOSIS = {"crossing": 0.008}, {"crossing": 0.008, "by": 0.7}  # per month: a fifth of the control arm


def trial(
    size, seed, *, effect=TRUTH, crossing=0.0, at_once=0.0, by=0.0, hidden=False, adherence=1.0, wait=0.0, late_effect=True,
    closing=72.0,
):  # fmt: skip
    """Accrual over two years, closing after six unless said otherwise (in months).

    `crossing` is the monthly hazard of crossing over, `at_once` the share who do at randomisation (cloglog), `adherence` the
    share of the surgery arm who are operated (logit), all at x = 0; `by` is the log hazard or odds ratio per unit of x. `wait`
    is the mean months before the operation in the surgery arm.
    """
    rng = np.random.default_rng(seed)
    clock = rng.standard_exponential(size)
    x = (np.log(clock) + 0.5772 + 1.2825 * rng.standard_normal(size)) / 1.814  # mean 0, variance 1
    other, arm, started = rng.standard_normal(size), rng.random(size) < 0.5, rng.uniform(0, 24, size)
    odds, wanted = np.exp(by * x), rng.standard_exponential(size) / np.exp(by * x)
    later, first = (wanted / crossing if crossing else np.full(size, np.inf)), wanted < -log(1 - at_once)
    adheres = rng.random(size) * (1 - adherence + adherence * odds) < adherence * odds
    planned = np.where(adheres, wait * rng.standard_exponential(size), 1e9)
    operation = np.where(arm, planned, np.where(first, 0.0, np.minimum(later, 1e9)))
    ratio = np.where(arm | late_effect, np.exp(effect), 1.0)
    death = np.where(clock > RATE * operation, operation + (clock - RATE * operation) / (RATE * ratio), clock / RATE)
    time = np.minimum(death, closing - started)
    done = operation < time
    return ObservedTrial(
        names=("other",) if hidden else ("x", "other"), covariates=np.column_stack([other] if hidden else [x, other]),
        exposed=done, entry=np.zeros(size), time=time, event=death <= closing - started, patient=np.arange(size),
        started=2005 + started / 12, exposed_from=np.where(done, operation, np.inf), assigned=arm,
    )  # fmt: skip


def repeat(method, *, replicates=REPLICATES, size=300, seed, parameters=None, **world):
    """Every estimate; all must be usable."""
    found = [method(trial(size, 100_000 * seed + r, **world), **(parameters or {})) for r in range(replicates)]
    assert {one.status for one in found} == {Status.OK}
    return found


def bias(found, truth=TRUTH):
    """In Monte Carlo standard errors."""
    estimate = np.array([one.estimate for one in found])
    return (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(len(estimate)))


def coverage(found, truth=TRUTH):
    """Less 95%, in Monte Carlo standard errors."""
    return (np.mean([one.low <= truth <= one.high for one in found]) - 0.95) / sqrt(0.95 * 0.05 / len(found))


def right(found, truth=TRUTH):
    assert abs(bias(found, truth)) < 3
    assert abs(coverage(found, truth)) < 4


@pytest.mark.long
def test_intention_to_treat():
    right(repeat(trial_intention_to_treat, seed=1))
    assert bias(repeat(trial_intention_to_treat, seed=1, **BY_CHANCE)) > 10  # diluted
    right(repeat(trial_intention_to_treat, seed=2, effect=0.0, **BY_PROGNOSIS), 0.0)  # and yet a valid test of no effect


@pytest.mark.long
def test_per_protocol():
    right(repeat(trial_per_protocol, seed=3, at_once=0.2, adherence=0.8))
    right(repeat(trial_per_protocol, seed=4, parameters={"deviations": "censored"}, **BY_CHANCE))
    assert bias(repeat(trial_per_protocol, seed=4, **BY_CHANCE)) < -10  # who lives long enough to cross over is left out
    assert bias(repeat(trial_per_protocol, seed=3, wait=3.0)) < -10  # deaths while waiting are left out
    assert bias(repeat(trial_per_protocol, seed=3, at_once=0.2, adherence=0.8, by=0.7)) < -10
    assert bias(repeat(trial_per_protocol, seed=4, parameters={"deviations": "censored"}, **BY_PROGNOSIS)) < -10


@pytest.mark.long
def test_as_treated():
    right(repeat(trial_as_treated, seed=5, at_once=0.2, adherence=0.8))
    right(repeat(trial_as_treated, seed=6, parameters={"operation": "over_time"}, **BY_CHANCE))
    assert bias(repeat(trial_as_treated, seed=6, **BY_CHANCE)) < -10  # immortal time
    assert bias(repeat(trial_as_treated, seed=5, at_once=0.2, adherence=0.8, by=0.7)) < -10
    assert bias(repeat(trial_as_treated, seed=6, parameters={"operation": "over_time"}, **BY_PROGNOSIS)) < -10


@pytest.mark.long
def test_crossing_over_censored_with_weights():
    right(repeat(trial_crossover_censored, size=600, seed=7, **BY_PROGNOSIS))
    assert bias(repeat(trial_crossover_censored, size=600, seed=7, hidden=True, **BY_PROGNOSIS)) < -10
    assert bias(repeat(trial_crossover_censored, size=600, seed=7, parameters={"weights": "none"}, **BY_PROGNOSIS)) < -10


@pytest.mark.long
def test_never_operated_and_crossing_at_randomisation_with_weights():
    at_zero = {"size": 600, "at_once": 0.2, "adherence": 0.8, "by": 0.7}
    right(repeat(trial_crossover_censored, seed=8, parameters={"window": 0.0}, **at_zero))
    assert bias(repeat(trial_crossover_censored, seed=8, parameters={"window": 0.0, "weights": "none"}, **at_zero)) < -10


@pytest.mark.long
@pytest.mark.parametrize("effect", [TRUTH, 0.0])
def test_rank_preserving(effect):
    """What decides who crosses over is hidden, and does not matter."""
    right(repeat(trial_rank_preserving, seed=9, effect=effect, hidden=True, **BY_PROGNOSIS), effect)


@pytest.mark.long
def test_rank_preserving_needs_to_censor_anew():
    early = {"closing": 36.0, "crossing": 0.03, "by": 1.5}
    assert abs(bias(repeat(trial_rank_preserving, seed=13, size=400, **early))) < 3
    assert bias(repeat(trial_rank_preserving, seed=13, size=400, parameters={"recensor": False}, **early)) < -10


@pytest.mark.long
def test_rank_preserving_without_a_common_effect():
    assert bias(repeat(trial_rank_preserving, seed=10, late_effect=False, **BY_PROGNOSIS)) < -10


@pytest.mark.long
def test_interim_looks():
    right(repeat(trial_interim, seed=11, parameters={"looks": 1}))
    found = repeat(trial_interim, seed=11)
    assert bias(found) < -10
    early, late = ([one for one in found if bool(one.diagnostics["stopped"]) is stopped] for stopped in (True, False))
    assert bias(early) < -10  # trials stopped early overstate the effect
    assert bias(late) > 3  # those that go on understate it
    assert len(early) > 300


@pytest.mark.long
def test_interim_looks_keep_the_level_and_lose_coverage():
    found = repeat(trial_interim, seed=12, effect=0.0, parameters={"boundary": "pocock", "stop_for": "either"})
    crossed = np.mean([one.diagnostics["crossed"] for one in found])
    assert abs(crossed - 0.05) < 4 * sqrt(0.05 * 0.95 / len(found))
    assert coverage(found, 0.0) < -4
