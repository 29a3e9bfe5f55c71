"""The baseline hazard and the augmentation term, by hand."""

import numpy as np
import pytest

from biasim.kernels import augmentation, baseline_hazard


def test_nelson_and_aalen_by_hand():
    """Five patients, a death at 1, two at 3, a loss at 3, a death at 4."""
    time, event = np.array([3.0, 1.0, 3.0, 4.0, 3.0]), np.array([True, True, False, True, True])
    times, jumps = baseline_hazard.jumps(time, event, np.ones(5), ties="breslow")
    assert times.tolist() == [1.0, 3.0, 4.0]
    assert jumps == pytest.approx([1 / 5, 2 / 4, 1.0])
    assert baseline_hazard.jumps(time, event, np.ones(5))[1] == pytest.approx([1 / 5, 1 / 4 + 1 / 3, 1.0])


def test_ratios_weight_the_risk_set():
    """Efron: at 2 the risk set weighs 2 + 3 + 5, the two deaths 2 + 3; the second is met by half of them gone."""
    time, event, risk = np.array([2.0, 2.0, 9.0]), np.array([True, True, False]), np.array([2.0, 3.0, 5.0])
    assert baseline_hazard.jumps(time, event, risk)[1] == pytest.approx([1 / 10 + 1 / 7.5])
    assert baseline_hazard.jumps(time, event, risk, ties="breslow")[1] == pytest.approx([2 / 10])


def test_nobody_dies():
    times, jumps = baseline_hazard.jumps(np.array([1.0, 2.0]), np.zeros(2, dtype=bool), np.ones(2))
    assert len(times) == len(jumps) == 0
    model = augmentation.steps(times, jumps, 10.0, restricted_mean=True, most=5)
    assert augmentation.expectation(model, np.ones(3)).tolist() == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("restricted", [False, True])
def test_watched_to_the_end_the_correction_leaves_what_was_seen(restricted):
    """Expectation less correction is the outcome itself where nobody is lost, whatever the model and its coarseness."""
    rng = np.random.default_rng(1)
    time, risk = rng.exponential(10.0, 50), np.exp(rng.standard_normal(50))
    died = time <= 12.0
    for most in (3, 100):
        model = augmentation.steps(
            *baseline_hazard.jumps(time, died, risk), 12.0, restricted_mean=restricted, most=most
        )
        nothing = {"lost": np.zeros(len(model.times)), "lost_by_end": np.zeros(50)}
        corrected = augmentation.correction(model, risk, np.minimum(time, 12.0), died, **nothing)
        seen = np.minimum(time, 12.0) if restricted else (time > 12.0) * 1.0
        assert augmentation.expectation(model, risk) - corrected == pytest.approx(seen, abs=1e-12)


def test_jumps_are_gathered_at_their_own_times():
    times, jumps = np.arange(1.0, 11.0), np.full(10, 0.1)
    model = augmentation.steps(times, jumps, 7.5, restricted_mean=True, most=3)
    assert model.times.tolist() == [2.0, 4.0, 7.0]
    assert model.jumps == pytest.approx([0.2, 0.2, 0.3])
    assert model.gains == pytest.approx([2.0, 2.0, 3.0, 0.5])
    survival = augmentation.steps(times, jumps, 7.5, restricted_mean=False, most=100)
    assert survival.gains.tolist() == [0.0] * 7 + [1.0]
    assert augmentation.expectation(survival, np.array([1.0, 2.0])) == pytest.approx(np.exp([-0.7, -1.4]))
