"""Pooling and small-study tests: published figures, R's metafor, by hand."""

import csv
from collections import defaultdict
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.kernels.pooling import HETEROGENEITY, pool
from biasim.kernels.small_studies import begg, egger, trim_and_fill

FOLDER = Path(__file__).parents[1] / "reference" / "robust"


def rows(name):
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


SETS, VALUES = defaultdict(list), defaultdict(dict)
for row in rows("studies.csv"):
    SETS[row["set"]].append((float(row["estimate"]), float(row["standard_error"])))
for row in rows("pooling.csv"):
    VALUES[row["set"]][row["quantity"]] = float(row["value"])
every_set = pytest.mark.parametrize("name", list(SETS))


def studies(name):
    return np.array(SETS[name]).T


@every_set
@pytest.mark.parametrize("hartung_knapp", [False, True])
@pytest.mark.parametrize("heterogeneity", list(HETEROGENEITY))
def test_metafor(name, heterogeneity, hartung_knapp):
    label = heterogeneity + "_hk." * hartung_knapp or heterogeneity
    label = label if label.endswith(".") else label + "."
    wanted = {key.removeprefix(label): value for key, value in VALUES[name].items() if key.startswith(label)}
    assert wanted or (heterogeneity == "none" and hartung_knapp)
    found = pool(*studies(name), heterogeneity=heterogeneity, hartung_knapp=hartung_knapp)
    for quantity, value in wanted.items():
        assert getattr(found, quantity) == pytest.approx(value, rel=2e-7, abs=1e-9), quantity
    assert found.i2 == pytest.approx(VALUES[name]["i2"], rel=1e-9, abs=1e-12)
    assert found.studies == len(SETS[name])


def test_the_printed_values_of_the_bcg_trials():
    """Thirteen trials of BCG vaccine (Colditz 1994): risk ratio 0.49 (0.34 to 0.70), Q 152.23."""
    found = pool(*studies("bcg"), heterogeneity="dersimonian_laird")
    assert [round(exp(value), 2) for value in (found.estimate, found.low, found.high)] == [0.49, 0.34, 0.70]
    assert round(found.q, 2) == 152.23


def test_two_studies_by_hand():
    """Estimates 0 and 1, errors 1: mean 1/2, error 1/sqrt 2, Q 1/2, so no heterogeneity; t on 1 degree of freedom."""
    found = pool(np.array([0.0, 1.0]), np.ones(2), heterogeneity="dersimonian_laird")
    assert (found.estimate, found.q, found.tau2, found.i2) == pytest.approx((0.5, 0.5, 0.0, 0.0))
    assert found.standard_error == pytest.approx(1 / sqrt(2))
    scaled = pool(np.array([0.0, 1.0]), np.ones(2), hartung_knapp=True)
    assert scaled.standard_error == pytest.approx(0.5)  # sqrt(Q / (k - 1) / sum of weights)
    assert scaled.high == pytest.approx(0.5 + 0.5 * 12.706204736432095)
    assert np.isnan(found.prediction_low)


def test_three_equal_errors_have_tau2_in_closed_form():
    """With equal errors all estimators are the sample variance less the sampling variance."""
    y = np.array([-1.0, 0.5, 2.0])
    for heterogeneity in ("dersimonian_laird", "paule_mandel", "reml"):
        assert pool(y, np.full(3, 0.4), heterogeneity=heterogeneity).tau2 == pytest.approx(y.var(ddof=1) - 0.16, rel=1e-9)


@pytest.mark.parametrize("heterogeneity", list(HETEROGENEITY))
def test_invariances(heterogeneity):
    y, s = studies("bcg")
    plain = pool(y, s, heterogeneity=heterogeneity)
    moved, flipped = pool(y + 3, s, heterogeneity=heterogeneity), pool(-y[::-1], s[::-1], heterogeneity=heterogeneity)
    scaled = pool(10 * y, 10 * s, heterogeneity=heterogeneity)
    assert moved.estimate - 3 == pytest.approx(plain.estimate, rel=1e-9)
    assert (flipped.low, flipped.high) == pytest.approx((-plain.high, -plain.low), rel=1e-9)
    assert (scaled.tau2, scaled.q, scaled.i2) == pytest.approx((100 * plain.tau2, plain.q, plain.i2), rel=1e-9, abs=1e-12)


def test_few_studies():
    nothing, one = pool(np.zeros(0), np.zeros(0)), pool(np.array([0.3]), np.array([0.1]))
    assert nothing.studies == 0
    assert np.isnan(nothing.estimate)
    assert (one.estimate, one.standard_error, one.tau2, one.q) == (0.3, pytest.approx(0.1), 0.0, 0.0)
    assert np.isnan(pool(np.array([0.3]), np.array([0.1]), hartung_knapp=True).standard_error)
    for size in (0, 1, 2):
        for test in (egger, begg):
            assert np.isnan(test(np.zeros(size), np.ones(size)).p)
        assert not trim_and_fill(np.zeros(size), np.ones(size)).filled.any()


@every_set
def test_egger_and_begg_of_metafor(name):
    wanted = VALUES[name]
    if "egger.p" not in wanted:
        return
    slope, rank = egger(*studies(name)), begg(*studies(name))
    assert (slope.value, slope.statistic, slope.p) == pytest.approx(
        (wanted["egger.value"], wanted["egger.statistic"], wanted["egger.p"]), rel=1e-8
    )
    assert rank.value == pytest.approx(wanted["begg.value"], rel=1e-10)
    assert rank.p == pytest.approx(wanted["begg.p"], rel=1e-8)


def test_studies_of_one_size_have_no_slope():
    assert np.isnan(egger(np.array([0.1, 0.2, 0.4, 0.3]), np.full(4, 0.2)).p)
    assert np.isnan(begg(np.array([0.1, 0.2, 0.4, 0.3]), np.full(4, 0.2)).p)


def test_begg_by_hand():
    """Three studies in perfect order: 1 of 6 orders is as far on either side."""
    found = begg(np.array([0.0, 1.0, 5.0]), np.array([1.0, 1.1, 1.2]))
    assert (found.value, found.statistic, found.p) == (1.0, 3.0, pytest.approx(1 / 3))


@every_set
@pytest.mark.parametrize("heterogeneity", ["none", "dersimonian_laird", "reml"])
@pytest.mark.parametrize("right", [False, True])
def test_trim_and_fill_of_metafor(name, heterogeneity, right):
    label = f"trim.{heterogeneity}.{'right' if right else 'left'}."
    wanted = {key.removeprefix(label): value for key, value in VALUES[name].items() if key.startswith(label)}
    filled = trim_and_fill(*studies(name), heterogeneity=heterogeneity, missing_right=right)
    if not wanted:
        return  # two studies, or metafor found no end
    assert filled.filled.sum() == wanted["images"]
    found = pool(filled.estimate, filled.standard_error, heterogeneity=heterogeneity)
    assert (found.estimate, found.standard_error) == pytest.approx((wanted["estimate"], wanted["standard_error"]), rel=1e-6)


def test_images_go_where_the_funnel_is_empty():
    """Small studies lie to the left, so that images lie to the right and draw the estimate there."""
    y, s = studies("lopsided")
    filled = trim_and_fill(y, s)
    assert filled.missing_right
    assert filled.filled.any()
    assert pool(filled.estimate, filled.standard_error).estimate > pool(y, s).estimate


@pytest.mark.long
def test_coverage_where_effects_differ():
    """Ten studies, effects spread as much as they are uncertain: Hartung-Knapp holds 95 %, normal intervals do not."""
    rng = np.random.default_rng(20234)
    errors = np.geomspace(0.1, 0.4, 10)

    def covered(**parameters):
        found = [pool(y, errors, **parameters) for y in estimates]
        distance = np.mean([one.low <= 0.3 <= one.high for one in found]) - 0.95
        return distance / sqrt(0.95 * 0.05 / len(found))

    estimates = 0.3 + rng.normal(0.0, np.sqrt(errors**2 + 0.04), (2000, 10))
    assert abs(covered(hartung_knapp=True)) < 4.0
    assert covered(heterogeneity="dersimonian_laird") < -4.0
    assert covered(heterogeneity="none") < -20.0
