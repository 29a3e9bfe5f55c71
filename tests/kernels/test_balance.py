"""Standardised differences: by hand, invariances, R's values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import LALONDE, by_name, lalonde, table

from biasim.kernels import matching
from biasim.kernels.balance import standardised_differences

COLUMNS = np.array([[1.0, 0], [3, 1], [0, 0], [4, 0], [5, 1]])
EXPOSED = np.array([True, True, False, False, False])


def sample(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(50, 4)), rng.random(50) < 0.4, rng.exponential(size=50)


def test_by_hand():
    spread = np.sqrt((np.array([2, 0.5]) + np.array([7, 1 / 3])) / 2)
    assert_allclose(standardised_differences(COLUMNS, EXPOSED), np.array([2 - 3, 1 / 2 - 1 / 3]) / spread, rtol=1e-12)
    weighted = standardised_differences(COLUMNS, EXPOSED, weights=np.array([3.0, 1, 1, 1, 0]))
    assert_allclose(weighted, np.array([1.5 - 2, 0.25]) / spread, rtol=1e-12)


def test_columns_without_spread():
    columns = np.array([[1.0, 2], [1, 2], [1, 3], [1, 3]])
    exposed = np.array([True, True, False, False])
    assert_array_equal(standardised_differences(columns, exposed), [0.0, -np.inf])
    assert_array_equal(standardised_differences(columns, exposed, weights=np.array([0.1, 0.7, 0.3, 0.9])), [0.0, -np.inf])


def test_an_empty_group_has_no_difference():
    assert np.isnan(standardised_differences(COLUMNS, np.ones(5, dtype=bool))).all()
    assert np.isnan(standardised_differences(COLUMNS, EXPOSED, weights=np.array([0.0, 0, 1, 1, 1]))).all()


@pytest.mark.parametrize("seed", range(5))
def test_relabelling_exposure_flips_the_sign(seed):
    columns, exposed, weights = sample(seed)
    for options in ({}, {"weights": weights}):
        flipped = standardised_differences(columns, ~exposed, **options)
        assert_allclose(flipped, -standardised_differences(columns, exposed, **options), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_units_of_columns_and_of_weights_do_not_matter(seed):
    columns, exposed, weights = sample(seed)
    a = standardised_differences(columns, exposed, weights=weights)
    b = standardised_differences(1e3 + 12 * columns, exposed, weights=weights * 7)
    assert_allclose(b, a, rtol=1e-10, atol=1e-11)


def test_equal_weights_are_no_weights():
    columns, exposed, _ = sample(1)
    weighted = standardised_differences(columns, exposed, weights=np.full(50, 0.3))
    assert_allclose(weighted, standardised_differences(columns, exposed), rtol=1e-12)


def test_lalonde_before_equals_r():
    covariates, exposed, _, _ = lalonde()
    found = standardised_differences(covariates, exposed)
    assert_allclose(found, by_name(LALONDE["smd_before_pooled"]), rtol=1e-10)


@pytest.mark.parametrize("name", LALONDE["smd_weighted_pooled_unweighted_sd"])
def test_lalonde_weighted_equals_r(name):
    covariates, exposed, _, _ = lalonde()
    found = standardised_differences(covariates, exposed, weights=table("ps_weights_lalonde.csv")[name])
    assert_allclose(found, by_name(LALONDE["smd_weighted_pooled_unweighted_sd"][name]), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("case", LALONDE["matching"], ids=[case["id"] for case in LALONDE["matching"]])
def test_lalonde_matched_equals_r(case):
    covariates, exposed, _, logit = lalonde()
    scale = case["caliper_sd"]
    width = None if scale == "none" else matching.caliper_width(logit, exposed, sd=0.2, scale=scale)
    options = {"ratio": case["ratio"], "replace": case["replace"], "order": case["order"] or "largest"}
    matches = matching.nearest(logit, exposed, caliper=width, **options)
    found = standardised_differences(covariates, exposed, weights=matching.match_weights(matches, len(exposed)))
    assert_allclose(found, by_name(case["smd_after_pooled_unmatched_sd"]), rtol=1e-10, atol=1e-13)
