"""What must not change an estimate, and what must change it in a known way."""

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._checks import take
from biasim.methods._propensity import balance_table
from biasim.methods.cox import cox
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst
from biasim.types import Observed

approx = pytest.approx

FIXED = {
    "kaplan_meier": (kaplan_meier, {"at": 20.0}),
    "rmst": (rmst, {"horizon": 20.0}),
    "cox": (cox, {}),
    "cox_adjusted_robust": (cox, {"adjust": True, "robust": True}),
    "cox_weighted": (cox_weighted, {}),
    "cox_weighted_overlap": (cox_weighted, {"target": "overlap"}),
    "cox_matched": (cox_matched, {}),
    "cox_matched_replace": (cox_matched, {"replace": True, "ratio": 2, "scale": "pooled"}),
}
OVER_TIME = {
    "cox_time_dependent": (cox_time_dependent, {}),
    "cox_time_dependent_robust": (cox_time_dependent, {"adjust": True, "robust": True}),
    "cox_landmark": (cox_landmark, {"adjust": ("x0",)}),
}
SYMMETRIC = [name for name in FIXED if not name.startswith("cox_matched")]


def same(one, other, *, rel=1e-9):
    assert one.status is other.status is Status.OK
    assert one.estimate == approx(other.estimate, rel=rel, abs=1e-12)
    assert one.standard_error == approx(other.standard_error, rel=rel)


@pytest.mark.parametrize("name", FIXED | OVER_TIME)
def test_row_order(simulated, name):
    method, parameters = (FIXED | OVER_TIME)[name]
    observed = simulated(200, 11, late=True, over_time=name in OVER_TIME)
    shuffled = take(observed, np.random.default_rng(1).permutation(observed.size))
    same(method(shuffled, **parameters), method(observed, **parameters))


@pytest.mark.parametrize("name", SYMMETRIC)
def test_relabelling_exposure_flips_the_sign(simulated, name):
    method, parameters = FIXED[name]
    observed = simulated(200, 12, late=True)
    one, other = method(observed, **parameters), method(replace(observed, exposed=~observed.exposed), **parameters)
    assert one.estimate == approx(-other.estimate, rel=1e-9)
    assert one.standard_error == approx(other.standard_error, rel=1e-9)
    assert one.low == approx(-other.high, rel=1e-9)


@pytest.mark.parametrize("name", [name for name in FIXED if name.startswith("cox")])
def test_a_monotone_change_of_time_leaves_hazard_ratios_alone(simulated, name):
    method, parameters = FIXED[name]
    observed = simulated(200, 13, late=True)
    same(method(replace(observed, time=observed.time**2, entry=observed.entry**2), **parameters),
         method(observed, **parameters))


@pytest.mark.parametrize("name", [name for name in FIXED if name.startswith("cox")])
def test_units_of_covariates_do_not_matter(simulated, name):
    method, parameters = FIXED[name]
    observed = simulated(200, 14)
    same(method(replace(observed, covariates=observed.covariates * [1000.0, 0.01, 1.0] + 5.0), **parameters),
         method(observed, **parameters), rel=1e-7)


@pytest.mark.parametrize("adjust", [False, True])
def test_exposure_from_the_start_is_plain_cox(simulated, adjust):
    observed = simulated(200, 15, over_time=True, late=True)
    start = replace(observed, exposed_from=np.where(observed.exposed, 0.0, np.inf))
    plain = fixed(observed)
    for robust, ties in product([False, True], ["efron", "breslow"]):
        options = {"adjust": adjust, "ties": ties, "robust": robust}
        same(cox_time_dependent(start, **options), cox(plain, **options))
    same(cox_landmark(start, months=0.0, adjust=adjust), cox(plain, adjust=adjust))


def test_a_cut_that_changes_nothing(simulated):
    """Two intervals of one patient with one exposure are worth one, and cluster together."""
    observed = fixed(simulated(200, 16))
    cut = observed.time / 2
    first = replace(observed, time=cut, event=np.zeros(observed.size, dtype=bool))
    second = replace(observed, entry=cut)
    both = Observed(names=observed.names, **{
        field.name: np.concatenate((getattr(first, field.name), getattr(second, field.name)))
        for field in fields(observed) if getattr(observed, field.name) is not None and field.name not in ("names", "worked_out")
    })
    same(cox(both, adjust=True, robust=True), cox(observed, adjust=True, robust=True))
    assert cox(both).diagnostics["size"] == observed.size


def test_weights_equal_repeated_rows(simulated):
    """Breslow with everyone twice: the same estimate, and the same error when the copies are one cluster."""
    observed = simulated(150, 17)
    twice = take(observed, np.repeat(np.arange(observed.size), 2))
    once = cox(observed, adjust=True, robust=True, ties="breslow")
    same(cox(twice, adjust=True, robust=True, ties="breslow"), once)
    half = cox(twice, adjust=True, ties="breslow")
    assert half.standard_error == approx(cox(observed, adjust=True, ties="breslow").standard_error / np.sqrt(2))


def test_matching_on_pairs_that_are_there(make):
    """Every exposed patient has a twin: matching keeps them all, and the estimate is the crude one."""
    rng = np.random.default_rng(2)
    value = rng.standard_normal(60)
    observed = make(
        rng.exponential(10, 120), np.ones(120), np.repeat([1, 0], 60), covariates=np.concatenate((value, value))
    )
    found = cox_matched(observed)
    assert found.estimate == approx(cox(observed).estimate, rel=1e-9)
    assert found.diagnostics["matched"] == 60
    assert found.diagnostics["max_smd_after"] == approx(0, abs=1e-9)
    assert balance_table(observed, "cox") == []


def test_replacement_that_is_not_used_changes_nothing(make):
    """Where nobody is taken twice, the two-way error is the error by set."""
    rng = np.random.default_rng(3)
    grid = np.linspace(-2, 2, 30)
    observed = make(
        rng.exponential(10, 60), np.ones(60), np.repeat([1, 0], 30), covariates=np.concatenate((grid, grid + 0.001))
    )
    with_it, without = cox_matched(observed, replace=True), cox_matched(observed)
    assert with_it.diagnostics["effective_size_unexposed"] == approx(30)
    same(with_it, without)


def test_using_names_the_covariates_of_the_score(simulated):
    observed = simulated(300, 18)
    only = replace(observed, covariates=observed.covariates[:, :1], names=observed.names[:1])
    for method in (cox_matched, cox_weighted):
        found = method(observed, using=("x0",))
        same(found, method(only))
        assert len(balance_table(observed, method.__name__, {"using": ("x0",)})) == 3


def test_balance_improves(simulated):
    observed = simulated(600, 19, confounding=1.2)
    for method, parameters in ((cox_matched, {}), (cox_weighted, {}), (cox_weighted, {"target": "att"})):
        rows = balance_table(observed, method.__name__, parameters)
        found = method(observed, **parameters).diagnostics
        assert found["max_smd_before"] == approx(max(abs(before) for _, before, _ in rows))
        assert found["max_smd_after"] == approx(max(abs(after) for _, _, after in rows))
        assert found["max_smd_after"] < 0.35 * found["max_smd_before"]
        assert found["effective_size"] < observed.size
        assert found["size"] == observed.size


def fixed(observed) -> Observed:
    """The same data without the moment of exposure."""
    return Observed(**{field.name: getattr(observed, field.name) for field in fields(Observed) if field.init})
