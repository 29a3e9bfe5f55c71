"""Quantiles of mixtures of normals, against scipy and brute force."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from biasim.kernels.normal_mixture import quantile
from biasim.kernels.sensitivity import confounding_prior

SHARES = (1e-6, 0.025, 0.3, 0.5, 0.975, 1 - 1e-6)


@pytest.mark.parametrize("share", SHARES)
def test_one_part_is_a_normal(share):
    assert quantile(share, np.array([2.0]), np.array([1.0]), 3.0) == pytest.approx(norm.ppf(share, 2, 3), rel=1e-11)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("spread", [1e-3, 0.2, 50.0])
def test_any_mixture_has_its_share_below(share, spread):
    rng = np.random.default_rng(3)
    centres, chances = rng.standard_normal(9), rng.dirichlet(np.ones(9))

    def excess(value):
        return chances @ norm.cdf((value - centres) / spread) - share

    root = brentq(excess, centres.min() - 8 * spread, centres.max() + 8 * spread, xtol=1e-14 * spread)
    assert quantile(share, centres, chances, spread) == pytest.approx(root, abs=1e-8 * spread + 1e-12)


@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_quadrature_of_priors_has_the_quantiles_of_two_million_draws(spread):
    values, chances = confounding_prior(
        exposed=0.3, unexposed=0.5, prevalence_spread=0.3, hazard_ratio=2.0, hazard_ratio_spread=0.2
    )
    rng = np.random.default_rng(4)
    size = 2_000_000
    prevalence = 1 / (1 + np.exp(-(np.log([3 / 7, 1.0])[:, None] + 0.3 * rng.standard_normal((2, size)))))
    ratio = 2.0 * np.exp(0.2 * rng.standard_normal(size))
    drawn = np.log((1 + prevalence[0] * (ratio - 1)) / (1 + prevalence[1] * (ratio - 1))) + spread * rng.standard_normal(size)
    for share in (0.025, 0.975):
        found = quantile(share, values, chances, spread)
        error = np.sqrt(share * (1 - share) / size)  # of the share of draws below it
        assert np.mean(drawn < found) == pytest.approx(share, abs=4 * error)
