"""Kaplan-Meier: by hand, invariances, R's survfit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import EXPECTED, MORE, ids, numbers, table

from biasim.kernels import kaplan_meier as km

KINDS = ("plain", "log", "log-log")
CLOSE = {"rtol": 1e-10, "atol": 1e-14}


def sample(seed, size=60, entry=False, weights=False):
    rng = np.random.default_rng(seed)
    start = np.round(rng.uniform(0, 3, size), 1)
    time = start + rng.integers(1, 6, size) / 2
    drawn = {"entry": start} if entry else {}
    if weights:
        drawn["weights"] = rng.exponential(size=size)
    return time, rng.random(size) < 0.6, drawn


# ---------------------------------------------------------------- by hand


def test_six_patients_by_hand():
    fitted = km.curve([6.0, 1, 3, 1, 4, 3], [True, True, False, True, True, True])
    assert_array_equal(fitted.time, [1, 3, 4, 6])
    assert_array_equal(fitted.at_risk, [6, 4, 2, 1])
    assert_array_equal(fitted.events, [2, 1, 1, 1])
    assert_array_equal(fitted.censored, [0, 1, 0, 0])
    assert_allclose(fitted.survival, [4 / 6, 1 / 2, 1 / 4, 0], rtol=1e-12, atol=1e-12)
    greenwood = np.cumsum([2 / (6 * 4), 1 / (4 * 3), 1 / (2 * 1)])
    assert_allclose(fitted.variance[:3], np.array([4 / 6, 1 / 2, 1 / 4]) ** 2 * greenwood, rtol=1e-12)
    assert np.isnan(fitted.variance[3])
    assert fitted.last == 6.0
    assert not fitted.robust


def test_steps_are_right_continuous():
    fitted = km.curve([2.0, 4, 6], [True, True, False])
    assert_allclose(km.survival_at(fitted, [0, 1.9, 2, 3.9, 4, 100]), [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3], rtol=1e-12)
    assert_allclose(km.variance_at(fitted, [1.9, 2]), [0, (2 / 3) ** 2 / 6], rtol=1e-12)
    assert_array_equal(km.at_risk_at(fitted, [0, 2, 2.1, 6, 6.1]), [3, 3, 2, 1, 0])
    assert float(km.survival_at(fitted, 2.0)) == pytest.approx(2 / 3, rel=1e-12)


def test_log_log_interval_by_hand():
    fitted = km.curve([1.0, 2], [True, False])
    low, high = km.interval(fitted, "log-log")
    z = 1.959963984540054
    width = z * np.sqrt(1 / 2) / abs(np.log(0.5))  # error of log(-log S): error of log S over |log S|
    assert_allclose([low[0], high[0]], [0.5 ** np.exp(width), 0.5 ** np.exp(-width)], rtol=1e-12)


def test_median_where_survival_is_exactly_one_half_is_the_middle_of_the_stretch():
    assert km.quantile(km.curve([1.0, 2, 3, 4], [True, True, False, True]))[0] == 3.0
    assert km.quantile(km.curve([1.0, 2, 3, 4], [True, True, False, False]))[0] == 3.0  # to the last time


def test_median_that_is_not_reached_is_infinite():
    assert km.quantile(km.curve([1.0, 2, 3], [True, False, False]))[0] == np.inf
    assert km.quantile(km.curve([1.0, 2, 3], [False, False, False])) == (np.inf, np.inf, np.inf)


def test_nobody_gives_an_empty_curve():
    fitted = km.curve(np.zeros(0), np.zeros(0, dtype=bool))
    assert len(fitted.time) == 0
    assert np.isnan(fitted.last)
    assert km.survival_at(fitted, 3.0) == 1.0
    assert not km.reaches(fitted, 0.0)
    assert np.isnan(km.quantile(fitted)).all()


def test_a_curve_reaches_its_last_time_or_for_ever_once_nobody_lives():
    assert km.reaches(km.curve([1.0, 2], [True, False]), 2.0)
    assert not km.reaches(km.curve([1.0, 2], [True, False]), 2.1)
    assert km.reaches(km.curve([1.0, 2], [False, True]), 100.0)


def test_an_interval_of_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind"):
        km.interval(km.curve([1.0], [True]), "logit")


# ---------------------------------------------------------------- invariances


@pytest.mark.parametrize("seed", range(10))
def test_order_of_rows_does_not_matter(seed):
    time, event, drawn = sample(seed, entry=seed % 2 == 0, weights=True)
    rows = np.random.default_rng(seed).permutation(len(time))
    a = km.curve(time, event, **drawn)
    b = km.curve(time[rows], event[rows], **{name: values[rows] for name, values in drawn.items()})
    assert_allclose(b.survival, a.survival, rtol=1e-12)
    assert_allclose(b.variance, a.variance, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("seed", range(10))
def test_whole_weights_equal_repeated_rows(seed):
    time, event, drawn = sample(seed, entry=seed % 2 == 0)
    weights = np.random.default_rng(seed).integers(0, 4, len(time))
    again = np.repeat(np.arange(len(time)), weights)
    a = km.curve(time, event, weights=weights, **drawn)
    b = km.curve(time[again], event[again], **{name: values[again] for name, values in drawn.items()})
    shared = np.isin(a.time, b.time)
    for name in ("at_risk", "events", "survival", "variance"):
        assert_allclose(getattr(a, name)[shared], getattr(b, name), err_msg=name, **CLOSE)


@pytest.mark.parametrize("seed", range(5))
def test_scaling_the_weights_changes_neither_curve_nor_robust_variance(seed):
    time, event, drawn = sample(seed, entry=True, weights=True)
    a = km.curve(time, event, **drawn)
    b = km.curve(time, event, entry=drawn["entry"], weights=drawn["weights"] * 17.3)
    assert_allclose(b.survival, a.survival, rtol=1e-12)
    assert_allclose(b.variance, a.variance, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_without_losses_or_entries_the_robust_variance_is_binomial(seed):
    time = np.random.default_rng(seed).integers(1, 9, 50).astype(float)
    fitted = km.curve(time, np.ones(50, dtype=bool), robust=True)
    assert_allclose(fitted.variance, fitted.survival * (1 - fitted.survival) / 50, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_robust_variance_is_the_sum_of_squared_derivatives_by_weight(seed):
    time, event, drawn = sample(seed, size=25, entry=True, weights=True)
    fitted, nudge = km.curve(time, event, **drawn), 1e-6
    total = np.zeros(len(fitted.time))
    for row in range(len(time)):
        moved = [drawn["weights"].copy() for _ in range(2)]
        moved[0][row] += nudge
        moved[1][row] -= nudge
        up, down = (km.curve(time, event, entry=drawn["entry"], weights=w, robust=False).survival for w in moved)
        total += (drawn["weights"][row] * (up - down) / (2 * nudge)) ** 2
    assert_allclose(fitted.variance, total, rtol=1e-5, atol=1e-10)


# ---------------------------------------------------------------- R


@pytest.mark.parametrize("case", MORE["km"], ids=ids(MORE["km"]))
def test_awkward_curves_equal_survfit(case):
    fitted = km.curve(
        numbers(case["time"]),
        numbers(case["event"]) == 1,
        entry=None if case["entry"] is None else numbers(case["entry"]),
        weights=None if case["weights"] is None else numbers(case["weights"]),
    )
    assert fitted.robust == case["robust"]
    assert_allclose(fitted.time, numbers(case["times"]), **CLOSE)
    assert_allclose(fitted.at_risk, numbers(case["n_risk"]), **CLOSE)
    assert_allclose(fitted.events, numbers(case["n_event"]), **CLOSE)
    assert_allclose(fitted.survival, numbers(case["surv"]), **CLOSE)
    assert_allclose(np.sqrt(fitted.variance), numbers(case["se"]), rtol=1e-10, atol=1e-12)
    for kind in KINDS:
        low, high = km.interval(fitted, kind)
        assert_allclose(low, numbers(case[kind]["lower"]), rtol=1e-10, atol=1e-12, err_msg=kind)
        assert_allclose(high, numbers(case[kind]["upper"]), rtol=1e-10, atol=1e-12, err_msg=kind)
        found = np.array([km.quantile(fitted, p, kind=kind) for p in (0.1, 0.25, 0.5, 0.75, 0.9)])
        for column, name in enumerate(("q", "q_lower", "q_upper")):
            assert_allclose(found[:, column], numbers(case[kind][name], np.inf), err_msg=f"{kind} {name}", **CLOSE)


@pytest.mark.parametrize("case", EXPECTED["km"], ids=ids(EXPECTED["km"]))
def test_published_curves_equal_survfit(case):
    data = table(case["file"])
    rows = np.ones(len(data[case["time"]]), dtype=bool)
    for name, value in case.get("subset", {}).items():
        rows &= data[name] == value
    entry, weights = (data[case[name]][rows] if case[name] else None for name in ("start", "weights"))
    fitted = km.curve(data[case["time"]][rows], data[case["event"]][rows] == 1, entry=entry, weights=weights)
    times = numbers(case["times"])
    assert_allclose(km.survival_at(fitted, times), numbers(case["surv"]), **CLOSE)
    assert_allclose(np.sqrt(km.variance_at(fitted, times)), numbers(case["std_err"]), **CLOSE)
    assert_allclose(km.at_risk_at(fitted, times), numbers(case["n_risk"]), **CLOSE)
    for kind in KINDS:
        for limit, name in zip(km.interval(fitted, kind), ("lower", "upper"), strict=True):
            expected = numbers(case[f"ci_{kind}"][name])
            assert_allclose(km.at(fitted, limit, times, before=1.0), expected, err_msg=f"{kind} {name}", **CLOSE)
        quantiles = case[f"quantiles_{kind}"]
        found = np.array([km.quantile(fitted, p, kind=kind) for p in quantiles["p"]])
        for column, name in enumerate(("q", "lower", "upper")):
            assert_allclose(found[:, column], numbers(quantiles[name], np.inf), err_msg=f"{kind} {name}", **CLOSE)
    if "std_err_greenwood" in case:
        plain = km.curve(data[case["time"]][rows], data[case["event"]][rows] == 1, weights=weights, robust=False)
        assert_allclose(np.sqrt(km.variance_at(plain, times)), numbers(case["std_err_greenwood"]), **CLOSE)
