"""Proportional hazards: by hand, by derivative, invariances, R's cox.zph and plot.cox.zph."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import EXPECTED, ids, table

from biasim.answers import Status
from biasim.kernels import backend
from biasim.kernels.proportionality import proportionality, smoothed

TRANSFORMS = ("km", "identity", "rank", "log")


def sample(seed, size=120, *, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((size, 3))
    x[:, 2] = x[:, 2] > 0
    time = rng.exponential(10.0, size) * np.exp(-0.4 * x[:, 0]) + 0.01
    entry = rng.uniform(0.0, 3.0, size) * (rng.random(size) < 0.5)
    time += entry
    if ties:
        time, entry = np.ceil(time / 2) * 2, np.floor(entry / 2) * 2
    return time, rng.random(size) < 0.7, x, entry


@pytest.mark.parametrize("case", EXPECTED["zph"], ids=ids(EXPECTED["zph"]))
def test_chi_squared_of_cox_zph(case):
    data, names = table(case["file"]), case["map"]
    columns = np.column_stack([data[name] for name in names["x"]])
    event = data[names["event"]] == data[names["event"]].max()
    entry = data[names["start"]] if "start" in names else None
    strata = data[names["strata"]] if "strata" in names else None
    time = data[names.get("time", names.get("stop"))]
    found = proportionality(time, event, columns, entry=entry, strata=strata, transform=case["transform"], ties=case["ties"])
    assert_allclose(found.chi2, [case["chisq"][name] for name in names["x"]], rtol=1e-7)
    assert_allclose(found.p, [case["p"][name] for name in names["x"]], rtol=1e-6)
    assert found.all_chi2 == pytest.approx(case["chisq"]["GLOBAL"], rel=1e-7)
    assert found.all_p == pytest.approx(case["p"]["GLOBAL"], rel=1e-6)
    assert found.all_degrees == case["df"]["GLOBAL"]


def test_three_deaths_by_hand():
    """Times 1, 2, 3, x = 1, 0, 1, and one who is censored last with x = 0. At ratio r: risk sets 2r + 2, r + 2, r + 1."""
    found = proportionality([1.0, 2, 3, 4], [True, True, True, False], np.array([[1.0], [0], [1], [0]]), transform="identity")
    # score 1 - r/(1 + r) - r/(r + 2) + 1 - r/(r + 1) = 0, so r^2 - r - 4 = 0
    r = (1 + np.sqrt(17)) / 2
    means = np.array([r / (1 + r), r / (r + 2), r / (r + 1)])
    residuals, variance, g = np.array([1.0, 0, 1]) - means, means * (1 - means), np.array([-1.0, 0, 1])
    left = (g**2 @ variance) - (g @ variance) ** 2 / variance.sum()
    assert residuals.sum() == pytest.approx(0.0, abs=1e-12)
    assert found.chi2[0] == pytest.approx((g @ residuals) ** 2 / left, rel=1e-10)
    assert found.slope[0] == pytest.approx((g @ residuals) / left, rel=1e-10)
    assert_allclose(found.residuals[:, 0], np.log(r) + 3 * residuals / variance.sum(), rtol=1e-9)
    assert found.all_chi2 == pytest.approx(found.chi2[0], rel=1e-12)
    assert found.moment.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [False, True])
def test_the_score_test_is_that_of_a_covariate_times_time(seed, ties):
    """Breslow's likelihood with a term more, b x + c x g(t): its slope and curvature in (b, c), by differences, at c = 0."""
    time, event, x, entry = sample(seed, 60, ties=ties)
    found = proportionality(time, event, x, entry=entry, transform="identity", ties="breslow")
    when = time[event & (entry < time)]
    centre = when.mean()

    def likelihood(b, c):
        total = 0.0
        for i in np.flatnonzero(event):
            at_risk = (entry < time[i]) & (time >= time[i])
            score = x @ b + (x @ c) * (time[i] - centre)
            total += score[i] - np.log(np.exp(score[at_risk]).sum())
        return total

    from scipy.optimize import minimize

    b = minimize(lambda b: -likelihood(b, np.zeros(3)), np.zeros(3), tol=1e-12).x
    step, both = 5e-4, np.concatenate((b, np.zeros(3)))

    def at(*moves):
        moved = both + step * sum((sign * np.eye(6)[k] for k, sign in moves), np.zeros(6))
        return likelihood(moved[:3], moved[3:])

    slope = np.array([(at((k, 1)) - at((k, -1))) / (2 * step) for k in range(6)])
    curvature = np.array([
        [(at((j, 1), (k, 1)) - at((j, 1), (k, -1)) - at((j, -1), (k, 1)) + at((j, -1), (k, -1))) / (4 * step**2)
         for j in range(6)] for k in range(6)
    ])  # fmt: skip
    expected = slope[3:] @ np.linalg.inv(-curvature)[3:, 3:] @ slope[3:]
    assert found.all_chi2 == pytest.approx(expected, rel=2e-3)
    for k in range(3):
        asked = [0, 1, 2, 3 + k]
        left = np.linalg.inv(-curvature[np.ix_(asked, asked)])[-1, -1]
        assert found.chi2[k] == pytest.approx(slope[3 + k] ** 2 * left, rel=2e-3)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("ties", [False, True])
def test_order_of_rows_units_and_origin_of_covariates_change_nothing(transform, ties):
    time, event, x, entry = sample(4, ties=ties)
    a = proportionality(time, event, x, entry=entry, transform=transform)
    rows = np.random.default_rng(4).permutation(len(time))
    scaled = (x * [1e3, -1e-4, 2.0] + 5.0)[rows]
    b = proportionality(time[rows], event[rows], scaled, entry=entry[rows], transform=transform)
    assert_allclose(b.chi2, a.chi2, rtol=1e-7)
    assert b.all_chi2 == pytest.approx(a.all_chi2, rel=1e-7)
    assert_allclose(b.slope * [1e3, -1e-4, 2.0], a.slope, rtol=1e-7)
    month = np.linspace(1.0, 10.0, 5)
    (first, error), (second, other) = smoothed(a, 0, month), smoothed(b, 0, month)
    assert_allclose(second * 1e3, first, rtol=1e-7, atol=1e-9)
    assert_allclose(other * 1e3, error, rtol=1e-7)


@pytest.mark.parametrize("transform", ["km", "rank"])
def test_a_monotone_change_of_time_changes_nothing(transform):
    time, event, x, _ = sample(5)
    a = proportionality(time, event, x, transform=transform)
    b = proportionality(np.exp(time / 9), event, x, transform=transform)
    assert_allclose(b.chi2, a.chi2, rtol=1e-9)


def test_both_paths_of_the_fit_agree():
    time, event, x, entry = sample(6, ties=True)
    with backend.using("numpy"):
        plain = proportionality(time, event, x, entry=entry)
    assert_allclose(proportionality(time, event, x, entry=entry).chi2, plain.chi2, rtol=1e-8)


def test_residuals_average_to_the_coefficient_and_a_straight_line_is_kept():
    """The curve is least squares on the residuals, so that the mean of its values at the deaths is the coefficient."""
    from biasim.kernels import cox

    time, event, x, _ = sample(7)
    found, fit = proportionality(time, event, x), cox.fit(time, event, x)
    assert_allclose(found.residuals.mean(axis=0), fit.coefficients, rtol=1e-9)
    value, _ = smoothed(found, 2, found.month)
    assert value.mean() == pytest.approx(fit.coefficients[2], rel=1e-9)


def test_aliased_columns_and_fits_without_an_answer():
    time, event, x, _ = sample(8)
    twice = np.column_stack((x, x[:, 0], np.ones(len(x))))
    found, plain = proportionality(time, event, twice), proportionality(time, event, x)
    assert_allclose(found.chi2[:3], plain.chi2, rtol=1e-9)
    assert np.isnan(found.chi2[3:]).all()
    assert found.all_degrees == 3
    assert smoothed(found, 3, np.array([1.0])) is None
    assert proportionality(time, np.zeros(len(time), bool), x).status is Status.NO_EVENTS
    assert proportionality(time, event, np.ones((len(time), 1))).status is Status.SINGULAR
    once = np.full(len(time), 5.0)
    tied = proportionality(once, event, x)  # one time of death: nothing can change with time
    assert tied.status is Status.OK
    assert np.isnan(tied.chi2).all()
    assert smoothed(tied, 0, np.array([5.0])) is None
