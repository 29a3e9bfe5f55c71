"""The log-rank test: by hand, invariances, R's survdiff."""

from math import erfc, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import EXPECTED, MORE, ids, numbers, table

from biasim.kernels import cox
from biasim.kernels.log_rank import log_rank


def sample(seed, size=50, groups=2):
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 4, size).astype(float)
    time = entry + rng.integers(1, 6, size)
    return time, rng.random(size) < 0.6, rng.integers(0, groups, size), entry


def test_four_patients_by_hand():
    found = log_rank([1.0, 2, 3, 4], [True, True, False, True], np.array([True, False, True, False]))
    # at risk (unexposed, exposed): (2, 2), (2, 1), and (1, 0) at 4
    assert_allclose(found.expected, [1 / 2 + 2 / 3 + 1, 1 / 2 + 1 / 3], rtol=1e-12)
    assert_array_equal(found.observed, [2, 1])
    variance = 1 / 4 + 2 / 9
    assert found.variance[1, 1] == pytest.approx(variance, rel=1e-12)
    assert found.chi2 == pytest.approx((1 - 5 / 6) ** 2 / variance, rel=1e-12)
    assert found.degrees == 1


def test_statistic_of_one_degree_at_its_five_percent_point():
    # P(chi2_1 > 3.841458820694124) = 0.05; two groups, so p follows from chi2 alone
    time, event, group, _ = sample(1)
    found = log_rank(time, event, group)
    assert found.p == pytest.approx(erfc(sqrt(found.chi2 / 2)), rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_relabelling_groups_and_reordering_rows_change_nothing(seed):
    time, event, group, entry = sample(seed, groups=2 + seed % 3)
    a = log_rank(time, event, group, entry=entry, rho=seed % 2)
    rows = np.random.default_rng(seed).permutation(len(time))
    b = log_rank(time[rows], event[rows], -group[rows], entry=entry[rows], rho=seed % 2)
    assert_allclose([b.chi2, b.p], [a.chi2, a.p], rtol=1e-9)
    assert_allclose(b.observed, a.observed[::-1], rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_monotone_change_of_time_changes_nothing(seed):
    time, event, group, _ = sample(seed)
    assert log_rank(np.exp(time / 3), event, group).chi2 == pytest.approx(log_rank(time, event, group).chi2, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_observed_less_expected_sums_to_zero_and_rows_of_the_variance_too(seed):
    time, event, group, entry = sample(seed, groups=4)
    strata = np.arange(len(time)) % 3
    found = log_rank(time, event, group, entry=entry, strata=strata, rho=0.5)
    assert abs((found.observed - found.expected).sum()) < 1e-12
    assert_allclose(found.variance.sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_without_ties_it_is_the_score_test_of_cox_regression(seed):
    time, event, group, entry = sample(seed)
    time = time + np.random.default_rng(seed).permutation(len(time)) / 1000
    strata = np.arange(len(time)) % 2
    fitted = cox.fit(time, event, group[:, None].astype(float), entry=entry, strata=strata)
    assert log_rank(time, event, group, entry=entry, strata=strata).chi2 == pytest.approx(fitted.score_test, rel=1e-9)


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_strata_add_up(rho):
    time, event, group, entry = sample(5, groups=3)
    strata = np.arange(len(time)) % 4
    whole = log_rank(time, event, group, entry=entry, strata=strata, rho=rho)
    parts = [
        log_rank(time[s], event[s], group[s], entry=entry[s], rho=rho) for s in (strata == value for value in range(4))
    ]
    for name in ("observed", "expected", "variance"):
        assert_allclose(getattr(whole, name), sum(getattr(part, name) for part in parts), rtol=1e-12, atol=1e-12)


def test_nobody_dies_or_one_group_only_is_no_evidence():
    for found in (
        log_rank([1.0, 2], [False, False], [0, 1]),
        log_rank([1.0, 2], [True, True], np.array([True, True])),
        log_rank(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)),
    ):
        assert (found.chi2, found.p, found.degrees) == (0.0, 1.0, 0)


@pytest.mark.parametrize("case", MORE["logrank"], ids=ids(MORE["logrank"]))
def test_awkward_tests_equal_survdiff(case):
    strata = None if case["strata"] is None else numbers(case["strata"])
    group = numbers(case["group"])
    found = log_rank(numbers(case["time"]), numbers(case["event"]) == 1, group, strata=strata, rho=case["rho"])
    assert_allclose(found.observed, case["observed"], rtol=1e-10)
    assert_allclose(found.expected, case["expected"], rtol=1e-10, atol=1e-14)
    assert_allclose(found.variance, case["variance"], rtol=1e-9, atol=1e-12)
    assert found.degrees == case["df"]
    assert found.chi2 == pytest.approx(case["chisq"], rel=1e-10)


@pytest.mark.parametrize("case", EXPECTED["logrank"], ids=ids(EXPECTED["logrank"]))
def test_published_tests_equal_survdiff(case):
    data = table(case["file"])
    strata = data[case["strata"]] if case["strata"] else None
    group = data[case["group"]]
    found = log_rank(data[case["time"]], data[case["event"]] == 1, group, strata=strata, rho=case["rho"])
    assert_allclose([found.chi2, found.p, found.degrees], [case["chisq"], case["p"], case["df"]], rtol=1e-10)
    # R numbers the groups of the cell types in another order
    assert_allclose(np.sort(found.observed), np.sort(case["obs"]), rtol=1e-10)
    assert_allclose(np.sort(found.expected), np.sort(case["exp"]), rtol=1e-10)
