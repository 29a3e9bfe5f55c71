"""Propensity weights: by hand, properties, R's values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import LALONDE, lalonde, table

from biasim.kernels.weights import effective_size, propensity_weights

OPTIONS = {
    "w_ate": {},
    "w_ate_stab": {"stabilised": True},
    "w_att": {"target": "att"},
    "w_atc": {"target": "atc"},
    "w_overlap": {"target": "overlap"},
    "w_matching": {"target": "matching"},
    "w_ate_stab_trunc99": {"stabilised": True, "truncate": 0.99},
}
PROBABILITY, EXPOSED = np.array([0.2, 0.8, 0.5, 0.25]), np.array([True, True, False, False])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [5, 1.25, 2, 4 / 3]),
        ({"target": "att"}, [1, 1, 1, 1 / 3]),
        ({"target": "atc"}, [4, 0.25, 1, 1]),
        ({"target": "overlap"}, [0.8, 0.2, 0.5, 0.25]),
        ({"target": "matching"}, [1, 0.25, 1, 1 / 3]),
        ({"stabilised": True}, [2.5, 0.625, 1, 2 / 3]),
        ({"target": "overlap", "stabilised": True}, [0.8, 0.2, 0.5, 0.25]),
    ],
)
def test_four_patients_by_hand(options, expected):
    assert_allclose(propensity_weights(PROBABILITY, EXPOSED, **options), expected, rtol=1e-12)


def test_stabilised_att_keeps_the_size_of_the_unexposed():
    exposed = np.array([True, False, False, False])
    found = propensity_weights(np.full(4, 0.25), exposed, target="att", stabilised=True)
    assert_allclose(found, 1.0, rtol=1e-12)  # p is the share of exposed everywhere: nothing to reweight


@pytest.mark.parametrize("target", ["ate", "overlap", "matching"])
def test_relabelling_exposure_keeps_the_weights(target):
    swapped = propensity_weights(1 - PROBABILITY, ~EXPOSED, target=target)
    assert_allclose(swapped, propensity_weights(PROBABILITY, EXPOSED, target=target), rtol=1e-12)


def test_relabelling_exposure_exchanges_att_and_atc():
    swapped = propensity_weights(1 - PROBABILITY, ~EXPOSED, target="atc")
    assert_allclose(swapped, propensity_weights(PROBABILITY, EXPOSED, target="att"), rtol=1e-12)


def test_truncation_cuts_both_tails_at_interpolated_quantiles():
    probability = 1 / np.arange(1.0, 12)
    found = propensity_weights(probability, np.ones(11, dtype=bool), truncate=0.95)
    assert_allclose(found, np.clip(np.arange(1.0, 12), 1.5, 10.5), rtol=1e-12)
    with pytest.raises(ValueError, match="truncate"):
        propensity_weights(probability, np.ones(11, dtype=bool), truncate=0.01)


def test_an_unknown_target_is_refused():
    with pytest.raises(ValueError, match="target"):
        propensity_weights(PROBABILITY, EXPOSED, target="atm")


def test_effective_size():
    assert effective_size(np.full(7, 0.3)) == pytest.approx(7, rel=1e-12)
    assert effective_size(np.array([1.0, 2, 3])) == pytest.approx(36 / 14, rel=1e-12)
    assert effective_size(np.zeros(3)) == effective_size(np.zeros(0)) == 0.0
    assert len(propensity_weights(np.zeros(0), np.zeros(0, dtype=bool), stabilised=True, truncate=0.99)) == 0


@pytest.mark.parametrize("name", OPTIONS)
def test_lalonde_weights_and_their_sizes_equal_r(name):
    _, exposed, probability, _ = lalonde()
    found = propensity_weights(probability, exposed, **OPTIONS[name])
    assert_allclose(found, table("ps_weights_lalonde.csv")[name], rtol=1e-10)
    expected = LALONDE["ess"][name]
    sizes = effective_size(found[exposed]), effective_size(found[~exposed])
    assert_allclose(sizes, [expected["treated"], expected["control"]], rtol=1e-10)
    assert_allclose([found[exposed].sum(), found.max()], [expected["sum_treated"], expected["max"]], rtol=1e-10)


def test_weights_are_arrays_of_their_own():
    before = PROBABILITY.copy()
    propensity_weights(PROBABILITY, EXPOSED, target="overlap", truncate=0.9)
    assert_array_equal(PROBABILITY, before)
