"""Loss that depends on prognosis: by hand, to the last bit where it does not, in its own stream, on and off."""

from dataclasses import replace

import numpy as np
import pytest

from biasim.kernels import cox
from biasim.registry import find

by_prognosis, exponential = find("censoring", "by_prognosis"), find("censoring", "exponential")
OFF = {"recorded_ratio": 1.0, "hidden_ratio": 1.0, "intended_recorded_ratio": 1.0, "intended_hidden_ratio": 1.0}
WORLD = {"patients": ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}),
         "treatment": ("by_prognosis", {"median_wait": 0.01, "wait_spread": 0.0})}  # fmt: skip


def rng():
    return np.random.default_rng(3)


def crude(cohort):
    """Log hazard ratio of those meant for surgery over 60 months, and its standard error."""
    stop = np.minimum(np.minimum(cohort.death, cohort.lost), 60.0)
    fit = cox.fit(stop, cohort.death <= stop, cohort.treatment.intended[:, None].astype(float))
    return fit.coefficients[0], np.sqrt(fit.covariance[0, 0])


def test_rates_by_hand(make_cohort):
    """Scores at -1 and 1 standard deviation, one woman of either kind meant for surgery."""
    cohort = make_cohort(size=4)
    score, meant = np.array([-1.0, 1.0, -1.0, 1.0]), np.array([False, False, True, True])
    patients = replace(cohort.patients, recorded_log_hazard=0.3 * score, hidden_log_hazard=np.zeros(4))
    treatment = replace(cohort.treatment, intended=meant)
    lost = by_prognosis(patients, treatment, rng(), per_month=0.02, recorded_ratio=0.5, intended_ratio=3.0,
                        intended_recorded_ratio=2.0, hidden_ratio=7.0)  # fmt: skip
    rate = 0.02 * np.array([2.0, 0.5, 3.0 / 2.0, 3.0 * 2.0])  # a hidden prognosis that is the same for all says nothing
    np.testing.assert_allclose(lost, rng().standard_exponential(4) / rate, rtol=1e-14)


def test_switched_off_it_is_exponential_to_the_last_bit(make_cohort):
    for per_month in (0.013, 0.0):
        plain = make_cohort(censoring=("exponential", {"per_month": per_month}), **WORLD)
        off = make_cohort(censoring=("by_prognosis", {"per_month": per_month, **OFF}), **WORLD)
        np.testing.assert_array_equal(plain.lost, off.lost)
    assert np.isinf(off.lost).all()


def test_a_longer_loss_is_the_same_loss_stretched(make_cohort):
    one, two = (make_cohort(censoring=("by_prognosis", {"per_month": rate}), **WORLD).lost for rate in (0.01, 0.02))
    np.testing.assert_allclose(one, 2.0 * two, rtol=1e-14)


def test_every_other_draw_is_the_same(make_cohort):
    plain, other = make_cohort(**WORLD), make_cohort(censoring=("by_prognosis", {}), **WORLD)
    for name in ("unoperated", "operated"):
        np.testing.assert_array_equal(getattr(plain.potential, name), getattr(other.potential, name))
    np.testing.assert_array_equal(plain.treatment.wait, other.treatment.wait)
    np.testing.assert_array_equal(plain.local.operated, other.local.operated)
    np.testing.assert_array_equal(plain.staging.known, other.staging.known)
    assert not np.array_equal(plain.lost, other.lost)


@pytest.mark.parametrize(
    ("ratios", "sign"),
    [
        ({}, 0),  # off
        ({"intended_ratio": 4.0}, 0),  # more loss in one group, whatever the prognosis
        ({"recorded_ratio": 2.0, "intended_recorded_ratio": 2.0}, 0),  # both groups alike
        ({"hidden_ratio": 0.5}, -1),  # of the unoperated those who do well stop coming
        ({"intended_hidden_ratio": 2.0}, -1),  # of the operated those who do badly are lost
        ({"recorded_ratio": 0.5, "intended_recorded_ratio": 2.0}, -1),
        ({"hidden_ratio": 2.0, "intended_hidden_ratio": 0.5}, 1),
    ],
)
def test_direction(make_cohort, ratios, sign):
    """One cohort of 200,000, with the standard error of its log hazard ratio."""
    cohort = make_cohort(size=200_000, censoring=("by_prognosis", {"per_month": 0.02, **OFF, **ratios}), **WORLD)
    value, error = crude(cohort)
    print(f"{value:+.4f} ({error:.4f})")
    if sign == 0:
        assert abs(value) < 4.0 * error
    else:
        assert sign * value > 10.0 * error


def test_the_defaults_are_visible_and_favour_surgery(make_cohort):
    value, error = crude(make_cohort(size=200_000, censoring=("by_prognosis", {}), **WORLD))
    assert value < -10.0 * error


def test_exponential_loses_nobody_by_default(make_cohort):
    cohort = make_cohort()
    assert np.isinf(exponential(cohort.patients, cohort.treatment, rng())).all()
