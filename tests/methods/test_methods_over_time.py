"""Exposure and confounders that change over time: marginal structural Cox, sequential trials, covariates from when they are known.

By hand, against R (tests/reference/over_time), invariances, and many simulated studies in which response to therapy, known
from month 3, changes both the hazard and the chance of surgery.
"""

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.kernels import cox as kernel
from biasim.methods._checks import take
from biasim.methods._nested_trials import nested_trials
from biasim.methods._person_time import begun, records, unexposed_and_exposed, when_known
from biasim.methods._starting import chance, weights_over_time
from biasim.methods.cox import cox
from biasim.methods.cox_marginal_structural import cox_marginal_structural
from biasim.methods.cox_time_dependent import cox_time_dependent, person_time
from biasim.methods.sequential_trials import sequential_trials
from biasim.types import ObservedOverTime

approx = pytest.approx
LIMIT = 3.0  # Monte Carlo standard errors of bias where the method is right
NAMES = ("x", "responded", "marker")


# Reference values ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(make, read):
    columns = read("over_time/patients.csv")
    observed = make(
        columns["time"], columns["event"], np.isfinite(columns["started"]), entry=columns["entry"], names=NAMES,
        covariates=np.column_stack([columns[name] for name in NAMES]), exposed_from=columns["started"],
    )
    known = read("over_time/expected.csv")
    values = zip(known["estimate"].tolist(), known["standard_error"].tolist(), strict=True)
    return replace(observed, known_from=np.array([0.0, 3.0, 3.0])), dict(zip(known["case"].tolist(), values, strict=True))


CASES = {
    "msm_logistic_2": (cox_marginal_structural, {}),
    "msm_logistic_5": (cox_marginal_structural, {"interval": 5.0}),
    "msm_logistic_x": (cox_marginal_structural, {"using": ("x",)}),
    "msm_logistic_unstabilised": (cox_marginal_structural, {"stabilised": False}),
    "msm_logistic_truncated": (cox_marginal_structural, {"truncate": 0.95}),
    "msm_cox_2": (cox_marginal_structural, {"weights": "cox", "using": ("marker", "x", "responded")}),
    "msm_cox_1": (cox_marginal_structural, {"weights": "cox", "interval": 1.0}),
    "msm_cox_x": (cox_marginal_structural, {"weights": "cox", "using": ("x",)}),
    "msm_cox_unstabilised": (cox_marginal_structural, {"weights": "cox", "stabilised": False}),
    "trials_censored": (sequential_trials, {"later_exposure": "censored"}),
    "trials_weighted": (sequential_trials, {}),
    "trials_ignored": (sequential_trials, {"later_exposure": "ignored"}),
    "trials_weighted_x": (sequential_trials, {"interval": 2.0, "last": 8.0, "adjust": ("x",)}),
    "trials_weighted_crude": (sequential_trials, {"adjust": False}),
    "trials_censored_breslow": (
        sequential_trials,
        {"interval": 1.0, "last": 5.0, "adjust": ("x",), "later_exposure": "censored", "ties": "breslow"},
    ),
    "time_dependent_when_known": (cox_time_dependent, {"adjust": True, "later": "when_known"}),
    "time_dependent_when_known_robust": (
        cox_time_dependent, {"adjust": ("responded",), "later": "when_known", "robust": True},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_against_r(reference, case):
    observed, known = reference
    method, parameters = CASES[case]
    found = method(observed, **parameters)
    assert found.status is Status.OK
    assert (found.estimate, found.standard_error) == approx(known[case], rel=1e-7)
    if method is cox_marginal_structural:
        weights = (found.diagnostics["mean_weight"], found.diagnostics["largest_weight"])
        assert weights == approx(known[f"{case}_weights"], rel=1e-7)
