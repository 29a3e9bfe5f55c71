"""The subdistribution hazard: by hand, against the start-stop data that it stands for, special cases, statuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from biasim.answers import Status
from biasim.kernels import backend, cox
from biasim.kernels.fine_gray import fit, under_observation


def sample(seed, size=80, *, ties=False, late=False):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((size, 2))
    entry = rng.uniform(0.0, 4.0, size) * (rng.random(size) < 0.6) * late
    entry[:4] = 0.0
    time = entry + rng.exponential(10.0, size) * np.exp(-0.5 * x[:, 0]) + 0.01
    if ties:
        time, entry = np.ceil(time), np.floor(entry)
    cause = rng.choice(3, size, p=[0.3, 0.4, 0.3])
    return time, cause == 1, cause == 2, x, entry if late else None


def weight_by_hand(time, died, entry, month):
    """The chance of being under observation just before `month`: losses and entries taken one after the other."""
    entry = np.zeros(len(time)) if entry is None else entry
    chance = 1.0
    for c in np.unique(time[~died]):
        if c < month:
            at_risk = sum(e < c and (t > c or (t == c and not d)) for e, t, d in zip(entry, time, died, strict=True))
            chance *= 1 - np.sum((time == c) & ~died) / at_risk
    for e in np.unique(entry):
        if e >= month:
            chance *= 1 - np.sum(entry == e) / np.sum((entry <= e) & (time > e))
    return chance


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_chance_of_being_under_observation(seed, late, ties):
    time, event, other, _, entry = sample(seed, 30, ties=ties, late=late)
    months = np.unique(time)
    hand = [weight_by_hand(time, event | other, entry, month) for month in months]
    assert_allclose(under_observation(time, event | other, entry, months), hand, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("ties", "late"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("efron", [True, False])
def test_equals_cox_on_one_row_per_patient_and_death_time(seed, ties, late, efron):
    """After another death a row for each later death of the cause, weighted; the robust error clusters by patient."""
    time, event, other, x, entry = sample(seed, ties=ties, late=late)
    found = fit(time, event, other, x, entry=entry, efron=efron)
    starts = np.zeros(len(time)) if entry is None else entry
    moments, rows = np.unique(time[event]), []
    for i in range(len(time)):
        rows.append((i, starts[i], time[i], event[i], 1.0))
        before = time[i]
        for month in moments[(moments > time[i]) & other[i]]:
            ratio = np.divide(*(weight_by_hand(time, event | other, entry, m) for m in (month, time[i])))
            rows.append((i, before, month, False, ratio))
            before = month
    i, start, stop, died, weight = (np.array(column) for column in zip(*rows, strict=True))
    long = cox.fit(stop, died, x[i], entry=start, weights=weight, cluster=i, ties="efron" if efron else "breslow")
    assert_allclose(found.coefficients, long.coefficients, rtol=1e-8, atol=1e-10)
    assert_allclose(found.robust_covariance, long.robust_covariance, rtol=1e-8)
    assert_allclose(found.covariance, long.covariance, rtol=1e-8)


def test_without_other_deaths_it_is_cox():
    time, event, _, x, entry = sample(5, ties=True, late=True)
    found = fit(time, event, np.zeros(len(time), bool), x, entry=entry)
    plain = cox.fit(time, event, x, entry=entry, robust=True)
    assert_allclose(found.coefficients, plain.coefficients, rtol=1e-9)
    assert_allclose(found.robust_covariance, plain.robust_covariance, rtol=1e-8)


def test_without_losses_other_deaths_never_leave():
    time, event, other, x, _ = sample(6)
    event = event | ~other
    found = fit(time, event, other, x)
    never = cox.fit(np.where(other, 1e6, time), event, x, robust=True)
    assert_allclose(found.coefficients, never.coefficients, rtol=1e-9)
    assert_allclose(found.robust_covariance, never.robust_covariance, rtol=1e-8)


@pytest.mark.parametrize("late", [False, True])
def test_order_of_rows_units_and_paths_change_nothing(late):
    time, event, other, x, entry = sample(7, ties=True, late=late)
    a = fit(time, event, other, x, entry=entry)
    rows = np.random.default_rng(7).permutation(len(time))
    with backend.using("numpy"):
        b = fit(time[rows], event[rows], other[rows], (x * 1e4 + 3.0)[rows], entry=None if entry is None else entry[rows])
    assert_allclose(b.coefficients * 1e4, a.coefficients, rtol=1e-8)
    assert_allclose(b.robust_covariance * 1e8, a.robust_covariance, rtol=1e-7)


def test_statuses():
    time, event, other, x, _ = sample(8)
    assert fit(time, np.zeros(len(time), bool), other, x).status is Status.NO_EVENTS
    assert fit(time[:0], event[:0], other[:0], x[:0]).status is Status.NO_PATIENTS
    assert fit(time, event, other, np.ones((len(time), 1))).status is Status.SINGULAR
    first = np.where(event, 1.0, 0.0)[:, None]  # whoever dies of the cause has it, nobody else
    assert fit(time, event, other, first).status is Status.SEPARATION
    assert fit(time, event, other, np.column_stack((x, x[:, 0]))).aliased.tolist() == [False, False, True]
    # the first patient was alone under observation, and dies of another cause before the second one enters
    alone = fit([1.0, 5.0, 6.0, 7.0], [False, True, False, True], [True, False, False, False], [[0.0], [1.0], [0.0], [2.0]],
                entry=[0.0, 2.0, 2.0, 3.0])  # fmt: skip
    assert alone.status is Status.SINGULAR
    assert not alone.aliased.any()  # nothing is wrong with the covariate: there is no weight


def test_times_that_are_one_on_a_part_of_the_scale_only():
    """Deaths 1e-5 apart at month 1000 are two among times of mean 500, and would be one among those of the cause alone."""
    time = np.array([1000.0, 1000.0 + 1e-5, 1001.0, 1.0, 2.0, 3.0])
    cause, x = np.array([1, 1, 1, 2, 2, 0]), np.array([[0.3], [-1.0], [0.5], [1.0], [-0.2], [0.1]])
    near, apart = (fit(at, cause == 1, cause == 2, x) for at in (time, time + np.array([0.0, 0.1, 0.0, 0.0, 0.0, 0.0])))
    assert near.status is Status.OK
    assert_allclose(near.coefficients, apart.coefficients, rtol=1e-10)
