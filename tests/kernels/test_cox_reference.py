"""Cox fits against values of R's survival package, to 1e-8 relative: tests/reference and tests/reference/more."""

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from cox_cases import PATHS, errors, fit_on

FOLDER = Path(__file__).parents[1] / "reference"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
PUBLIC = [case for case in EXPECTED["cox"] if case["ties"] != "exact"]
MORE = json.loads((FOLDER / "more" / "cases.json").read_text())


@cache
def table(path):
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def numbers(data, names):
    return np.column_stack([data[name].astype(float) for name in names])


def options(data, case):
    weights = data[case["weights"]].astype(float) if case["weights"] else None
    strata = data[case["strata"]] if case["strata"] else None
    cluster = data[case["cluster"]] if case["cluster"] else None
    return {"weights": weights, "strata": strata, "cluster": cluster, "ties": case["ties"]}


def same(value, expected, tolerance=1e-8):
    wanted = np.array([np.nan if x is None else x for x in np.atleast_1d(expected)], dtype=float)
    np.testing.assert_allclose(np.atleast_1d(value), wanted, rtol=tolerance, atol=0)


def check(fit, case, coefficients, se_model, se_robust):
    same(fit.coefficients, coefficients)
    same(errors(fit.covariance), se_model)
    same(fit.log_likelihood, case["loglik"], 1e-10)
    same(fit.log_likelihood_null, case["loglik_null"], 1e-10)
    same(fit.score_test, case["score_test"])
    if se_robust is not None:
        same(errors(fit.robust_covariance), se_robust)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", PUBLIC, ids=[case["id"] for case in PUBLIC])
def test_public_data(path, case):
    data, names = table(FOLDER / case["file"]), case["map"]
    time = data[names.get("time") or names["stop"]].astype(float)
    entry = data[names["start"]].astype(float) if "start" in names else None
    event, robust = data[names["event"]] == "1", case.get("se_robust")
    fit = fit_on(
        path, time, event, numbers(data, names["x"]), entry=entry, robust=robust is not None, **options(data, case)
    )
    check(fit, case, *[None if v is None else list(v.values()) for v in (case["coef"], case["se_model"], robust)])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", MORE, ids=[case["id"] for case in MORE])
def test_made_data(path, case):
    data = table(FOLDER / "more" / case["file"])
    names = [case["x"]] if isinstance(case["x"], str) else case["x"]
    entry = data["entry"].astype(float) if case["entry"] else None
    time, event = data["time"].astype(float), data["event"] == "1"
    fit = fit_on(path, time, event, numbers(data, names), entry=entry, robust=case["robust"], **options(data, case))
    check(fit, case, case["coef"], case["se_model"], case["se_robust"])


def stanford(path, data, time, event, names, **more):
    return fit_on(path, time, event, numbers(data, names), **more)


def agrees(fit, expected, names):
    same(fit.coefficients, [expected["coef"][name] for name in names])
    same(errors(fit.covariance), [expected["se"][name] for name in names])
    same(fit.log_likelihood, expected["loglik"], 1e-10)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("adjusted", [False, True])
def test_stanford_heart_transplants(path, adjusted):
    """Ever transplanted, transplanted so far, and transplanted by a landmark, on the same patients."""
    expected, tag = EXPECTED["stanford"], "adjusted" if adjusted else "unadjusted"
    others = ["age48", "surgery", "year"] if adjusted else []
    jasa, heart, split = (table(FOLDER / f"{name}.csv") for name in ("jasa", "heart", "jasa_split"))
    time, dead, names = jasa["futime"].astype(float), jasa["fustat"] == "1", ["transplant", *others]
    agrees(fit_on(path, time, dead, numbers(jasa, names)), expected[f"naive_ever_{tag}"], names)
    for data, key in ((heart, "timedep"), (split, "own_split_timedep")):
        stop, start = data["stop"].astype(float), data["start"].astype(float)
        agrees(
            fit_on(path, stop, data["event"] == "1", numbers(data, names), entry=start), expected[f"{key}_{tag}"], names
        )
    wait = np.array([float(x) if x else np.inf for x in jasa["wait_time"]])
    for landmark in (15, 30, 60, 90):
        rows = time > landmark
        x = np.column_stack([wait <= landmark, *[jasa[name].astype(float) for name in others]])
        agrees(fit_on(path, time[rows], dead[rows], x[rows]), expected[f"landmark_{landmark}_{tag}"], ["tx", *others])
