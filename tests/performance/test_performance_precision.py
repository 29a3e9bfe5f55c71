"""How many replicates buy which Monte Carlo standard error."""

from __future__ import annotations

from math import isnan, nan, sqrt

import numpy as np
import pytest

from biasim.answers import Estimates, Truth
from biasim.errors import BiasimError
from biasim.performance._precision import mcse_for, replicates_for, replicates_from
from biasim.registry import find, names


def test_by_hand():
    # Morris, White and Crowther 2019, section 5.3: coverage 95 % to half a percentage point, worst case 50 %
    assert replicates_for("coverage", 0.005) == 1900
    assert replicates_for("coverage", 0.005, share=0.5) == 10_000
    assert replicates_for("bias", 0.005, empirical_se=0.2) == 1600
    assert replicates_for("empirical_se", 0.01, empirical_se=0.2) == 201
    assert replicates_for("mse", 0.01, empirical_se=0.1, bias=0.2) == 18  # (0.0002 + 0.0016) / 0.0001
    assert replicates_for("relative_error", 0.05, variation=0.2) == 205
    assert replicates_for("model_se", 0.01, empirical_se=0.2, variation=0.4) == 16
    assert replicates_for("bias", 100.0) == 2
    assert mcse_for("coverage", 1900) == pytest.approx(0.005)
    assert isnan(mcse_for("empirical_se", 1))


@pytest.mark.parametrize("measure", names("performance"))
def test_the_number_is_the_smallest_that_is_enough(measure):
    expected = {"empirical_se": 0.3, "bias": 0.1, "share": 0.9, "variation": 0.5}
    needed = replicates_for(measure, 0.007, **expected)
    assert mcse_for(measure, needed, **expected) <= 0.007 * (1 + 1e-9)
    assert mcse_for(measure, needed - 1, **expected) > 0.007


@pytest.mark.parametrize("measure", [name for name in names("performance") if name != "convergence"])
def test_the_mcse_bought_is_the_one_reported(measure):
    """Averaged over simulations, the MCSE that a measure reports is the one foreseen."""
    rng, replicates, squared = np.random.default_rng(3), 400, []
    for _ in range(200):
        estimate = rng.normal(0.1, 0.2, replicates)
        standard_error = 0.2 * np.sqrt(rng.chisquare(50, replicates) / 50)
        low, high = estimate - 1.96 * standard_error, estimate + 1.96 * standard_error
        estimates = Estimates(estimate=estimate, standard_error=standard_error, low=low, high=high, attempts=replicates)
        value = find("performance", measure)(estimates, Truth(value=0.0, mcse=0.0))
        squared.append((value.value, value.mcse**2))
    share = float(np.mean([value for value, _ in squared])) if "coverage" in measure or measure == "rejection" else 0.5
    foreseen = mcse_for(measure, replicates, empirical_se=0.2, bias=0.1, share=share, variation=sqrt(2 / 50))
    assert sqrt(np.mean([mcse for _, mcse in squared])) == pytest.approx(foreseen, rel=0.02)


def test_from_what_some_replicates_gave():
    assert replicates_from(0.02, 100, 0.01) == 400
    assert replicates_from(0.01, 100, 0.01) == 100
    assert replicates_from(0.001, 100, 0.01) == 100
    assert replicates_from(0.0, 100, 0.01) == replicates_from(nan, 100, 0.01) == 200
    assert replicates_from(nan, 0, 0.01) == 2


def test_refusals():
    with pytest.raises(BiasimError, match="Did you mean 'coverage'"):
        replicates_for("coverge", 0.01)
    with pytest.raises(ValueError, match="above 0"):
        replicates_for("bias", 0.0)
