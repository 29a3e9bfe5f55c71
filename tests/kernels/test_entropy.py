"""Entropy balancing: by hand, against a general optimiser, and where there is no solution."""

import warnings

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from biasim.answers import Status
from biasim.kernels.entropy import entropy_weights

approx = pytest.approx


def test_a_two_valued_column_by_hand():
    # three rows at 0, one at 1, target 3/4: the one weighs 3/4, the others share 1/4
    weights, status = entropy_weights(np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0.75]))
    assert status is Status.OK
    assert weights == approx([1 / 12, 1 / 12, 1 / 12, 3 / 4], rel=1e-9)


def test_three_values_by_hand():
    # 0, 1, 2 with mean 4/3: weights 1, t, t^2 over their sum, where (t + 2 t^2) / (1 + t + t^2) = 4/3, so 2 t^2 - t - 4 = 0
    tilt = (1 + np.sqrt(33)) / 4
    weights, _ = entropy_weights(np.array([[0.0], [1.0], [2.0]]), np.array([4 / 3]))
    assert weights == approx(np.array([1, tilt, tilt**2]) / (1 + tilt + tilt**2), rel=1e-9)


def test_the_primal_by_a_general_optimiser():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((30, 3))
    target = np.array([0.3, -0.2, 0.1])
    weights, status = entropy_weights(values, target)
    assert status is Status.OK
    assert weights @ values == approx(target, abs=1e-9)
    found = minimize(
        lambda w: np.sum(w * np.log(w)), np.full(30, 1 / 30), jac=lambda w: np.log(w) + 1, bounds=[(1e-9, 1)] * 30,
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1}, {"type": "eq", "fun": lambda w: w @ values - target}],
        method="SLSQP", options={"maxiter": 500, "ftol": 1e-14},
    )  # fmt: skip
    assert weights == approx(found.x, abs=2e-6)
    assert np.sum(weights * np.log(weights)) <= found.fun + 1e-9


def test_units_order_and_spare_columns_do_not_matter():
    rng = np.random.default_rng(2)
    values, target = rng.standard_normal((50, 2)), np.array([0.4, 0.1])
    weights, _ = entropy_weights(values, target)
    scale, shift = np.array([1e6, 1e-3]), np.array([5.0, -2.0])
    assert entropy_weights(values * scale + shift, target * scale + shift)[0] == approx(weights, rel=1e-6)
    order = rng.permutation(50)
    assert entropy_weights(values[order], target)[0] == approx(weights[order], rel=1e-9)
    spare = np.column_stack((values, values.sum(axis=1), np.full(50, 3.0)))
    found, status = entropy_weights(spare, np.append(target, (target.sum(), 3.0)))
    assert status is Status.OK
    assert found == approx(weights, rel=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_no_solution_is_said_exactly_where_there_is_none(seed):
    """Whether any weights exist is a linear programme."""
    rng = np.random.default_rng(seed)
    size, width = rng.integers(3, 40), rng.integers(1, 8)
    values = np.round(rng.standard_normal((size, width)), 1 if seed % 2 else 6)
    target = rng.standard_normal(width) * 0.7
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        weights, status = entropy_weights(values, target)
    ones = np.vstack((np.ones(size), values.T))
    exists = linprog(np.zeros(size), A_eq=ones, b_eq=np.append(1.0, target), bounds=(0, None)).status == 0
    assert status is (Status.OK if exists else Status.SEPARATION)
    if exists:
        assert weights @ values == approx(target, abs=1e-8)
        assert weights.sum() == approx(1.0)


def test_a_target_on_the_edge_leaves_weights_near_zero():
    weights, status = entropy_weights(np.array([[0.0], [1.0], [1.0]]), np.array([1.0]))
    assert status is Status.OK
    assert weights == approx([0, 0.5, 0.5], abs=1e-8)


def test_nobody_and_nothing_to_balance():
    assert entropy_weights(np.empty((0, 2)), np.zeros(2))[1] is Status.NO_PATIENTS
    assert entropy_weights(np.full((4, 1), 2.0), np.array([2.0]))[0] == approx(0.25)
    assert entropy_weights(np.full((4, 1), 2.0), np.array([3.0]))[1] is Status.SEPARATION
