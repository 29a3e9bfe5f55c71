"""Methods: whatever the data, an Estimate with a status; never an exception, never NaN under `ok`."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

from biasim.answers import Estimate, Status
from biasim.config.designs import takes
from biasim.registry import names
from biasim.types import Observed, ObservedOverTime, ObservedTrial

METHODS = names("methods")



def data(kit, name: str, size: int = 200, columns: int = 3, **changed):
    return kit.observed(size, columns, kind=takes(name) or Observed, **changed)


def degenerate(kit, name: str):
    """Data that no analysis was made for, each with a word for it."""
    rng = kit.stream("degenerate")
    n = 60
    yield "nobody", data(kit, name, 0)
    yield "one patient", data(kit, name, 1)
    yield "two patients", data(kit, name, 2, exposed=np.array([True, False]))
    yield "nobody exposed", data(kit, name, n, exposed=np.zeros(n, bool))
    yield "all exposed", data(kit, name, n, exposed=np.ones(n, bool))
    yield "one exposed", data(kit, name, n, exposed=np.arange(n) == 7)
    yield "no events", data(kit, name, n, event=np.zeros(n, bool))
    yield "one event", data(kit, name, n, event=np.arange(n) == 7)
    yield "all die", data(kit, name, n, event=np.ones(n, bool))
    yield "events among the exposed only", with_events_where_exposed(data(kit, name, n))
    yield "ties everywhere", data(kit, name, n, time=np.full(n, 5.0), event=np.ones(n, bool))
    yield "monthly ties", data(kit, name, n, time=np.ceil(data(kit, name, n).time))
    yield "a constant covariate", data(kit, name, n, covariates=np.ones((n, 3)))
    yield "a covariate twice", data(kit, name, n, covariates=np.repeat(rng.standard_normal((n, 1)), 3, axis=1))
    missing = np.array(data(kit, name, n).covariates)
    missing[3, 1] = np.nan
    yield "a missing value", data(kit, name, n, covariates=missing)
    yield "no covariates", data(kit, name, n, 0)
    yield "40 covariates on 60 patients", data(kit, name, n, 40)
    yield "more covariates than patients", data(kit, name, 20, 40)
    yield "covariates of any size", data(kit, name, n, covariates=rng.standard_normal((n, 3)) * [1e-9, 1.0, 1e9])
    exposed = rng.random(n) < 0.5
    yield "separation", data(kit, name, n, exposed=exposed, covariates=np.where(exposed, 1.0, -1.0)[:, None] * np.ones((n, 3)))
    yield "very short times", data(kit, name, n, time=data(kit, name, n).time * 1e-9)
    yield "very long times", data(kit, name, n, time=data(kit, name, n).time * 1e9)


def with_events_where_exposed(observed):
    return replace(observed, event=observed.exposed.copy())


def is_sound(estimate: Estimate, what: str) -> None:
    """What must hold of every estimate."""
    assert isinstance(estimate, Estimate), what
    assert isinstance(estimate.status, Status), what
    assert estimate.estimand.partition("(")[0] in names("estimands"), what
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in estimate.diagnostics), (what, estimate.diagnostics)
    assert all(isinstance(value, float | int) for value in estimate.diagnostics.values()), what
    numbers = (estimate.estimate, estimate.standard_error, estimate.low, estimate.high)
    if estimate.status is Status.OK:
        assert np.isfinite(numbers).all(), (what, estimate)
        assert estimate.standard_error >= 0, (what, estimate)
        assert estimate.low <= estimate.estimate <= estimate.high, (what, estimate)
    else:
        assert np.isnan(estimate.estimate), (what, estimate)
        assert estimate.message, (what, estimate)


@pytest.mark.parametrize("name", METHODS)
def test_degenerate_data_give_a_status(kit, name: str) -> None:
    for what, observed in degenerate(kit, name):
        for label, method in kit.variants("methods", name):
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                is_sound(method(observed), f"{name}({label}): {what}")


@pytest.mark.parametrize("name", METHODS)
def test_plain_data_give_an_estimate(kit, name: str) -> None:
    for label, method in kit.variants("methods", name):
        estimate = method(data(kit, name))
        is_sound(estimate, label)
        if estimate.status is Status.NOT_WRITTEN_UP:
            continue  # there was an estimate: a journal did not take it
        assert estimate.status is Status.OK, (label, estimate)
        assert estimate.standard_error > 0, label
        assert estimate.diagnostics["size"] > 0, label


@pytest.mark.parametrize("name", METHODS)
def test_what_cannot_be_estimated_says_why(kit, name: str) -> None:
    wanted = {
        "nobody": {Status.NO_PATIENTS},
        "nobody exposed": {Status.NOBODY_EXPOSED},
        "all exposed": {Status.NOBODY_UNEXPOSED},
        "no events": {Status.NO_EVENTS, Status.SEPARATION, Status.OK},
    }
    for what, observed in degenerate(kit, name):
        if isinstance(observed, ObservedOverTime) and what == "all exposed":
            continue  # everybody has unexposed months before
        if isinstance(observed, ObservedTrial) and what == "nobody exposed":
            continue  # there are arms to compare, although nobody was operated in either
        for label, method in kit.variants("methods", name):
            status = method(observed).status
            assert status in wanted.get(what, set(Status)), (label, what, status)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_data_give_the_same_answer(kit, name: str) -> None:
    for label, method in kit.variants("methods", name):
        assert kit.same(method(data(kit, name)), method(data(kit, name))), label


@pytest.mark.parametrize("name", METHODS)
def test_the_order_of_rows_does_not_matter(kit, name: str) -> None:
    observed = data(kit, name)
    order = kit.stream("rows").permutation(observed.size)
    for label, method in kit.variants("methods", name):
        if label == "order=data":
            continue  # matching in the order of the rows depends on it by its definition
        first, second = method(observed), method(kit.rows(observed, order))
        assert first.status is second.status, label
        numbers = [(e.estimate, e.standard_error, e.low, e.high) for e in (first, second)]
        assert np.allclose(*numbers, rtol=1e-8, atol=1e-10, equal_nan=True), label


@pytest.mark.parametrize("name", METHODS)
def test_who_a_patient_is_does_not_matter(kit, name: str) -> None:
    """The row of the cohort is identity only: it could say which patient was simulated first, nothing else."""
    observed = data(kit, name)
    other = replace(observed, patient=observed.patient[::-1] * 3 + 1000)
    for label, method in kit.variants("methods", name):
        first, second = method(observed), method(other)
        numbers = [(e.estimate, e.standard_error, e.low, e.high) for e in (first, second)]
        assert np.allclose(*numbers, rtol=1e-8, atol=1e-10, equal_nan=True), label
