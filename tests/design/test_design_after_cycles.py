"""Exposure that asks for cycles of systemic therapy: by hand, as bias switched on and off, and its closed form."""

from __future__ import annotations

from functools import partial
from math import exp, log, sqrt

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design.exposure.after_cycles import after_cycles
from biasim.design.exposure.ever_operated import ever_operated
from biasim.design.exposure.intended import intended
from biasim.design.measurement.registry import registry
from biasim.design.observe import observe
from biasim.design.time_zero.landmark import landmark
from biasim.engine.streams import Streams
from biasim.methods.cox import cox
from biasim.registry import find

INF = np.inf
SEED, SHARE, MEAN = 20270106, 0.4, 30.0
PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.0, "hidden_log_ratio": 0.0}), "course": ("none", {}),
    "care": ("none", {}), "effect": ("none", {}), "censoring": ("none", {}), "local": ("none", {}),
    "staging": ("known_at_diagnosis", {}), "treatment": ("at_random", {"share": SHARE, "mean_wait": 1e-9}),
    "survival": ("weibull", {"shape": 1.0, "scale": MEAN}),
}  # fmt: skip


def world(size, replicate=0):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    return generate(parts, size, Streams(SEED, replicate))


def mean_and_mcse(design, replicates=200, size=1000):
    streams = [Streams(SEED, number) for number in range(replicates)]
    found = [cox(observe(world(size, n), design, one)).estimate for n, one in enumerate(streams)]
    return float(np.mean(found)), float(np.std(found, ddof=1)) / sqrt(replicates)


def limit(months, share=SHARE, rate=1 / MEAN):
    """Log hazard ratio to which Cox regression tends: the root of its expected score, solved by halving.

    Constant hazard, surgery at once, everybody followed until she dies. With r the hazard ratio and d = 1 + share (r - 1):
    (1 - share)(1 - r) / d = r log((exp(rate months) + d - 1) / d). Left are the deaths after the cycles, right those in them.
    """
    low, high = -5.0, 0.0
    for _ in range(60):
        middle = (low + high) / 2
        r = exp(middle)
        d = 1 + share * (r - 1)
        score = (1 - share) * (1 - r) / d - r * log((exp(rate * months) + d - 1) / d)
        low, high = (middle, high) if score > 0 else (low, middle)
    return (low + high) / 2


def rng():
    return np.random.default_rng(5)


# ---------------------------------------------------------------- by hand


@pytest.fixture
def six(make_cohort):
    # through; dead at 3.9; lost at 3.9; operated late; meant for surgery and dead before it; never meant for it
    return make_cohort(death=[10, 3.9, 9, 20, 5, 8], lost=[INF, INF, 3.9, INF, INF, INF], wait=[1, 1, 1, 7, 6, INF])


def test_who_lived_and_was_followed_through_the_cycles_by_hand(six):
    four = partial(after_cycles, six, np.zeros(6), rng(), cycles=4, every=1.0)
    assert four().exposed.tolist() == [True, False, False, True, False, False]
    assert four().decided.tolist() == [4, INF, INF, 7, INF, INF]
    assert four(of="intended").exposed.tolist() == [True, False, False, True, True, False]
    assert four(of="intended").decided.tolist() == [4, INF, INF, 4, 4, 0]
    assert not four(cycles=30).exposed.any()


@pytest.mark.parametrize("part", [ever_operated, intended])
def test_without_cycles_it_is_what_it_is_of_to_the_last_bit(six, part):
    for cohort in (six, world(500)):
        truly, none = part(cohort, np.zeros(cohort.size), rng()), partial(after_cycles, of=part.__name__, cycles=0)
        assert none(cohort, np.zeros(cohort.size), rng()).exposed.tobytes() == truly.exposed.tobytes()
        assert none(cohort, np.zeros(cohort.size), rng()).decided.tobytes() == truly.decided.tobytes()


def test_only_cycles_times_their_length_counts_and_more_of_it_leaves_fewer():
    cohort = world(2000)
    exposed = [after_cycles(cohort, np.zeros(2000), rng(), cycles=k, every=m).exposed for k, m in ((4, 3.0), (6, 2.0), (8, 2.0))]
    assert exposed[0].tobytes() == exposed[1].tobytes()
    assert exposed[2].sum() < exposed[1].sum()
    assert not (exposed[2] & ~exposed[1]).any()


def test_nothing_else_is_drawn_anew(make_design):
    """Nobody enters or leaves, and nobody's months, fate or covariates change: only who is called exposed."""
    cohort, used = world(500), rng()
    after_cycles(cohort, np.zeros(500), used)
    assert used.bit_generator.state == rng().bit_generator.state
    designs = [make_design(measurement=registry, exposure=part) for part in (ever_operated, after_cycles)]
    without, with_cycles = (observe(cohort, design, Streams(SEED, 0)) for design in designs)
    for field in ("patient", "entry", "time", "event", "covariates"):
        assert getattr(without, field).tobytes() == getattr(with_cycles, field).tobytes(), field
    assert without.exposed.sum() > with_cycles.exposed.sum()


# ---------------------------------------------------------------- on, off, and by calculation


@pytest.mark.parametrize("of", ["ever_operated", "intended"])
def test_guarantee_time_is_switched_off_and_on(make_design, of):
    off, off_mcse = mean_and_mcse(make_design(exposure=partial(after_cycles, of=of, cycles=0)))
    assert abs(off) < 4 * off_mcse
    on, on_mcse = mean_and_mcse(make_design(exposure=partial(after_cycles, of=of)))
    assert on < -10 * on_mcse


@pytest.mark.parametrize(("cycles", "every"), [(3, 0.69), (6, 0.69), (8, 1.5)])
def test_the_closed_form(make_design, cycles, every):
    found, mcse = mean_and_mcse(make_design(exposure=partial(after_cycles, cycles=cycles, every=every)))
    assert abs(found - limit(cycles * every)) < 3 * mcse


def test_the_closed_form_is_nothing_without_cycles_and_grows_with_them():
    assert limit(0.0) == pytest.approx(0.0, abs=1e-12)
    assert 0.0 > limit(1.0) > limit(4.0) > limit(12.0)


def test_a_clock_that_starts_when_the_cycles_end_mends_it(make_design):
    found, mcse = mean_and_mcse(make_design(exposure=after_cycles, time_zero=partial(landmark, months=6 * 0.69)))
    assert abs(found) < 4 * mcse
