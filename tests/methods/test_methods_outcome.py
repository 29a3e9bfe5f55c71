"""What is counted as an event, and hazards that are not proportional: by hand, against R, over many studies."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods.cox import cox
from biasim.methods.cox_cause_specific import cox_cause_specific
from biasim.methods.fine_gray import fine_gray
from biasim.methods.log_rank_weighted import log_rank_weighted

REFERENCE = Path(__file__).parent.parent / "reference" / "outcome"
CAUSES = ("cancer", "other")
approx = pytest.approx


@pytest.fixture(scope="module")
def r() -> dict[tuple[str, ...], float]:
    """(case, data, cause, adjust, ties, name) -> value of R."""
    with (REFERENCE / "expected.csv").open(newline="") as file:
        return {(*row[:3], row[3] == "TRUE", *row[4:6]): float(row[6]) for row in list(csv.reader(file))[1:]}


@pytest.fixture(scope="module")
def patients(make):
    """The data that R was given."""

    def read(name: str):
        with (REFERENCE / f"{name}.csv").open(newline="") as file:
            columns = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]).T
        _, entry, time, cause, exposed, *x = columns
        made = make(time, cause > 0, exposed, covariates=np.column_stack(x), names=("x0", "x1"), entry=entry)
        return replace(made, cause=cause.astype(np.int8))

    return read


every_data = pytest.mark.parametrize("data", ["patients", "tied", "late"])


@every_data
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_deaths_by_cause_are_those_of_r(r, patients, data, cause, adjust, ties):
    observed, options = patients(data), {"cause": cause, "adjust": adjust, "ties": ties}
    plain = cox_cause_specific(observed, **options)
    sandwich = cox_cause_specific(observed, robust=True, **options)
    key = ("cause_specific", data, cause, adjust, ties)
    assert plain.estimate == sandwich.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert plain.standard_error == approx(r[*key, "se"], rel=1e-9)
    assert sandwich.standard_error == approx(r[*key, "robust_se"], rel=1e-9)
    found, key = fine_gray(observed, **options), ("fine_gray", data, cause, adjust, ties)
    assert found.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert found.standard_error == approx(r[*key, "se"], rel=1e-9)


@every_data
@pytest.mark.parametrize("exponents", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 2.0)])
def test_weighted_log_rank_is_that_of_r(r, patients, data, exponents):
    found = log_rank_weighted(patients(data), rho=exponents[0], gamma=exponents[1])
    key = ("weighted", data, "", False, ";".join(f"{e:g}" for e in exponents))
    assert found.diagnostics["log_rank"] == approx(r[*key, "chisq"], rel=1e-9)
    assert found.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert found.standard_error == approx(r[*key, "se"], rel=1e-9)
    assert found.diagnostics["one_step"] == approx(r[*key, "one_step"], rel=1e-9)
    ready = ("survdiff", data, "", False, key[-1], "chisq")
    assert ready not in r or found.diagnostics["log_rank"] == approx(r[ready], rel=1e-9)
    combo = ("max_combo", data, "", False, "")
    assert found.diagnostics["max_combo"] == approx(r[*combo, "z"], rel=1e-9)
    assert found.diagnostics["max_combo_p"] == approx(r[*combo, "p"], abs=0.0015)  # R's is a mean of two million draws
