"""Degenerate data gives a row with a status and a message: never an exception, never NaN with status OK."""

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.methods._propensity import balance_table
from biasim.methods.cox import cox
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst

METHODS = {
    "kaplan_meier": (kaplan_meier, {"at": 12.0}),
    "rmst": (rmst, {"horizon": 12.0}),
    "cox": (cox, {}),
    "cox_breslow": (cox, {"ties": "breslow"}),
    "cox_robust": (cox, {"adjust": True, "robust": True}),
    "cox_adjusted": (cox, {"adjust": True}),
    "cox_strata": (cox, {"strata": ("x1",)}),
    "cox_matched": (cox_matched, {}),
    "cox_matched_2": (cox_matched, {"ratio": 2, "scale": "pooled"}),
    "cox_matched_replace": (cox_matched, {"replace": True, "caliper": None}),
    "cox_weighted": (cox_weighted, {}),
    "cox_weighted_att": (cox_weighted, {"target": "att", "truncate": 0.95}),
    "cox_weighted_overlap": (cox_weighted, {"target": "overlap"}),
    "cox_time_dependent": (cox_time_dependent, {}),
    "cox_time_dependent_adjusted": (cox_time_dependent, {"adjust": True, "robust": True}),
    "cox_landmark": (cox_landmark, {}),
    "cox_landmark_adjusted": (cox_landmark, {"adjust": True}),
}
PROPENSITY = [name for name in METHODS if name.startswith(("cox_matched", "cox_weighted"))]
HAZARD_RATIOS = [name for name in METHODS if name.startswith("cox")]
COX = [name for name in HAZARD_RATIOS if name not in PROPENSITY]


def run(name, observed):
    method, parameters = METHODS[name]
    found = method(observed, **parameters)
    numbers = (found.estimate, found.standard_error, found.low, found.high)
    if found.status is Status.OK:
        assert all(map(isfinite, numbers))
        assert found.standard_error > 0
    else:
        assert found.message
        assert all(map(np.isnan, numbers))
    assert found.estimand
    assert all(isinstance(value, float) and not np.isnan(value) for value in found.diagnostics.values())
    return found


def exposed_whole(observed, exposed):
    """The same patients, exposed from the start or never."""
    exposed = np.asarray(exposed, dtype=bool)
    return replace(observed, exposed=exposed, exposed_from=np.where(exposed, 0.0, np.inf))


@pytest.fixture
def ordinary(simulated):
    observed = simulated(120, 3, over_time=True)
    return exposed_whole(observed, observed.exposed)


@pytest.mark.parametrize("name", METHODS)
def test_ordinary_data_is_ok(name, ordinary):
    observed = ordinary
    if name == "cox_strata":
        observed = replace(ordinary, covariates=np.round(ordinary.covariates))
    assert run(name, observed).status is Status.OK


@pytest.mark.parametrize("name", METHODS)
def test_no_patients(name, make):
    empty = make([], [], [], covariates=np.empty((0, 2)), exposed_from=[])
    assert run(name, empty).status is Status.NO_PATIENTS


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("exposed", "status"), [(1, Status.NOBODY_UNEXPOSED), (0, Status.NOBODY_EXPOSED)])
def test_one_patient(name, make, exposed, status):
    start = 0.0 if exposed else np.inf
    one = make([20.0], [1], [exposed], covariates=[[0.5, 1.0]], exposed_from=[start])
    assert run(name, one).status is status


@pytest.mark.parametrize("name", METHODS)
def test_one_of_each(name, make):
    two = make([20.0, 30.0], [1, 1], [1, 0], covariates=[[0.5, 1.0], [0.2, 1.0]], exposed_from=[0.0, np.inf])
    run(name, two)


@pytest.mark.parametrize("name", METHODS)
def test_an_empty_arm(name, ordinary):
    size = ordinary.size
    assert run(name, exposed_whole(ordinary, np.zeros(size))).status is Status.NOBODY_EXPOSED
    assert run(name, exposed_whole(ordinary, np.ones(size))).status is Status.NOBODY_UNEXPOSED


@pytest.mark.parametrize("name", METHODS)
def test_no_deaths(name, ordinary):
    assert run(name, replace(ordinary, event=np.zeros(ordinary.size, dtype=bool))).status is Status.NO_EVENTS


@pytest.mark.parametrize("name", HAZARD_RATIOS)
@pytest.mark.parametrize("spared", [True, False])
def test_no_deaths_in_an_arm(name, ordinary, spared):
    found = run(name, replace(ordinary, event=ordinary.event & (ordinary.exposed != spared)))
    assert found.status is Status.SEPARATION
    assert ("no death among the exposed" in found.message) is spared


@pytest.mark.parametrize("name", COX)
def test_exposed_die_only_once_the_others_are_gone(name, make):
    values = np.tile([[0.0, 1.0], [1.0, 1.0]], (10, 1))
    exposed = np.repeat([True, False], 10)
    late = make(
        np.concatenate((np.arange(30, 40), np.arange(10, 20))), np.ones(20), exposed, covariates=values,
        exposed_from=np.where(exposed, 0, np.inf),
    )
    assert run(name, late).status is Status.SEPARATION


@pytest.mark.parametrize("name", METHODS)
def test_everybody_dies_in_one_month(name, ordinary):
    found = run(name, replace(ordinary, time=np.full(ordinary.size, 10.0), event=np.ones(ordinary.size, dtype=bool)))
    if name in ("kaplan_meier", "rmst"):
        assert found.status is Status.SINGULAR


@pytest.mark.parametrize("name", METHODS)
def test_whole_months(name, ordinary):
    run(name, replace(ordinary, time=np.ceil(ordinary.time / 6) * 6))


@pytest.mark.parametrize("name", [name for name in METHODS if name != "cox_strata"])
def test_a_constant_covariate_changes_nothing(name, ordinary):
    constant = np.column_stack((ordinary.covariates, np.full(ordinary.size, 3.0)))
    with_it = run(name, replace(ordinary, covariates=constant, names=(*ordinary.names, "constant")))
    without = run(name, ordinary)
    assert with_it.status is Status.OK
    assert with_it.estimate == pytest.approx(without.estimate, rel=1e-9)
    assert with_it.standard_error == pytest.approx(without.standard_error, rel=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_forty_covariates_on_sixty_patients(name, simulated):
    observed = simulated(60, 5, covariates=40, over_time=True)
    run(name, exposed_whole(observed, observed.exposed))


@pytest.mark.parametrize("name", METHODS)
def test_exposure_that_is_a_covariate(name, ordinary):
    values = np.column_stack((ordinary.covariates, ordinary.exposed))
    found = run(name, replace(ordinary, covariates=values, names=(*ordinary.names, "itself")))
    if name in PROPENSITY:
        assert found.status is Status.SEPARATION
        assert found.message.startswith("propensity score")
    elif METHODS[name][1].get("adjust"):
        assert found.status is Status.SINGULAR
        assert "linear combination" in found.message


@pytest.mark.parametrize("name", PROPENSITY)
def test_no_covariates(name, ordinary):
    empty = replace(ordinary, covariates=np.empty((ordinary.size, 0)), names=())
    constant = replace(ordinary, covariates=np.ones((ordinary.size, 1)), names=("one",))
    for observed in (empty, constant):
        assert run(name, observed).status is Status.NO_COVARIATES


def test_adjusting_for_nothing_measured_is_the_crude_fit(ordinary):
    empty = replace(ordinary, covariates=np.empty((ordinary.size, 0)), names=())
    assert cox(empty, adjust=True).estimate == cox(empty).estimate


def test_nobody_within_the_caliper(ordinary):
    found = cox_matched(ordinary, caliper=0.0)
    assert found.status is Status.NO_MATCHES
    assert balance_table(ordinary, "cox_matched", {"caliper": 0.0}) == []


def test_a_single_pair_has_no_robust_error(make):
    # two exposed far apart, one control beside the first: one set, whose residuals sum to zero
    observed = make([5, 6, 4], [1, 1, 1], [1, 0, 0], covariates=[1.0, 1.2, 0.9])
    found = cox_matched(observed)
    assert found.status is not Status.OK


def test_nobody_at_the_landmark(ordinary):
    found = cox_landmark(ordinary, months=1000.0)
    assert found.status is Status.NO_PATIENTS
    assert "landmark of 1000 months" in found.message


def test_a_name_that_was_not_measured_is_refused_with_the_likely_intention(ordinary):
    named = replace(ordinary, names=("age", "grade", "size"))
    for call in (
        lambda: cox(named, adjust=("gade",)),
        lambda: cox(named, strata=("gade",)),
        lambda: cox_matched(named, using=("gade",)),
        lambda: cox_weighted(named, using=("gade",)),
    ):
        with pytest.raises(BiasimError, match=r"'gade' is not measured\. Did you mean 'grade'"):
            call()
