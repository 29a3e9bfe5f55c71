"""Progression of the primary tumour: by hand, to the last bit where surgery does nothing to it, in a stream of its own."""

from dataclasses import replace

import numpy as np
import pytest

from biasim.registry import find

exponential = find("local", "exponential")
PLAIN = {"recorded_ratio": 1.0, "hidden_ratio": 1.0}


def rng():
    return np.random.default_rng(5)


def test_inversion_by_hand(make_cohort):
    """0.02 a month, a quarter of it from month 10 on: a clock of 0.1 is used up at 5, of 0.3 at 10 + 0.1 / 0.005 = 30."""
    cohort = make_cohort(size=2)

    class Clock:
        def standard_exponential(self, size):
            return np.array([0.1, 0.3])

    made = exponential(cohort.patients, cohort.treatment, Clock(), per_month=0.02, hazard_ratio=0.25, **PLAIN)
    np.testing.assert_allclose(made.under(10.0), [5.0, 30.0], rtol=1e-14)
    np.testing.assert_allclose(made.under(np.inf), [5.0, 15.0], rtol=1e-14)
    np.testing.assert_allclose(made.under(np.array([0.0, np.inf])), [20.0, 15.0], rtol=1e-14)
    assert made.log_ratio == np.log(0.25)


def test_prognosis_multiplies_the_hazard(make_cohort):
    cohort = make_cohort(size=2)
    patients = replace(cohort.patients, recorded_log_hazard=np.array([1.0, 3.0]), hidden_log_hazard=np.array([5.0, 4.0]))
    found = exponential(patients, cohort.treatment, rng(), per_month=0.02, recorded_ratio=2.0, hidden_ratio=3.0).under(np.inf)
    rate = 0.02 * np.array([0.5 * 3.0, 2.0 / 3.0])
    np.testing.assert_allclose(found, rng().standard_exponential(2) / rate, rtol=1e-14)


def test_nothing_happens_before_surgery_and_nothing_at_all_at_a_ratio_of_one(make_cohort):
    cohort = make_cohort(local=("exponential", {}), treatment=("by_prognosis", {"median_wait": 20.0}))
    free, wait = cohort.local.under(np.inf), cohort.treatment.wait
    early = free <= wait
    assert early.any()
    np.testing.assert_array_equal(cohort.local.operated[early], free[early])
    assert (cohort.local.operated[~early] > free[~early]).all()
    same = make_cohort(local=("exponential", {"hazard_ratio": 1.0})).local
    np.testing.assert_array_equal(same.operated, same.under(np.inf))
    np.testing.assert_array_equal(same.under(0.0), same.under(np.inf))
    assert same.log_ratio == 0.0


def test_no_progression_at_a_rate_of_zero(make_cohort):
    assert np.isinf(make_cohort(local=("exponential", {"per_month": 0.0})).local.operated).all()


def test_every_other_draw_is_the_same(make_cohort):
    plain, other = make_cohort(), make_cohort(local=("exponential", {}))
    for name in ("unoperated", "operated"):
        np.testing.assert_array_equal(getattr(plain.potential, name), getattr(other.potential, name))
    np.testing.assert_array_equal(plain.treatment.wait, other.treatment.wait)
    np.testing.assert_array_equal(plain.staging.known, other.staging.known)
    np.testing.assert_array_equal(plain.lost, other.lost)


@pytest.mark.parametrize("wait", [0.0, 6.0, np.inf])
def test_the_hazard_used_up_is_unit_exponential(make_cohort, wait):
    size = 20_000
    local = make_cohort(size=size, local=("exponential", {"per_month": 0.03, "hazard_ratio": 0.4, **PLAIN})).local
    time = local.under(wait)
    used = np.sort(0.03 * (np.minimum(time, wait) + 0.4 * np.maximum(time - wait, 0.0)))
    assert np.abs(1.0 - np.exp(-used) - np.arange(size) / size).max() < 1.95 / np.sqrt(size)  # exceeded once in a thousand


def test_the_defaults_give_the_shares_of_the_trial(make_cohort):
    """E2108: 39.8 and 16.3 percent at 36 months; defaults are rounded, prognosis spreads them a little."""
    local = make_cohort(size=200_000, local=("exponential", PLAIN)).local
    assert (local.under(np.inf) <= 36.0).mean() == pytest.approx(0.398, abs=0.01)
    assert (local.under(0.0) <= 36.0).mean() == pytest.approx(0.163, abs=0.01)
