"""The bootstrap of whole analyses: copies are patients, the error is that of the spread of estimates."""

from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._bootstrap import resamples
from biasim.methods.bootstrapped import ANALYSES, bootstrapped, resampled
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.sequential_trials import sequential_trials


def test_copies_are_patients_of_their_own(simulated):
    observed = simulated(30, 1, over_time=True)
    copies = np.zeros(observed.size)
    copies[[2, 5]] = [3, 1]
    sample = resampled(observed, copies)
    assert sample.size == 4
    assert len(np.unique(sample.patient)) == 4
    np.testing.assert_array_equal(sample.time, observed.time[[2, 2, 2, 5]])
    np.testing.assert_array_equal(sample.exposed_from, observed.exposed_from[[2, 2, 2, 5]])


def test_the_error_is_the_spread_over_the_same_resamples(simulated):
    """Worked out again here: each resample as a table of its own, the analysis on it, the standard deviation."""
    observed = simulated(150, 2, over_time=True)
    found = bootstrapped(observed, of="sequential_trials", adjust=True, draws=12)
    plain = sequential_trials(observed, adjust=True)
    again = [sequential_trials(resampled(observed, copies), adjust=True).estimate for copies in resamples(observed, 12)]
    assert found.estimate == plain.estimate
    assert found.standard_error == pytest.approx(np.std(again, ddof=1), rel=1e-12)
    assert found.diagnostics["analytic_error"] == plain.standard_error
    assert found.estimand == plain.estimand


@pytest.mark.parametrize("of", ANALYSES)
def test_it_comes_near_the_analytic_error(simulated, of):
    found = bootstrapped(simulated(400, 3, over_time=True), of=of, adjust=True, draws=60)
    assert found.status is Status.OK
    assert found.standard_error == pytest.approx(found.diagnostics["analytic_error"], rel=0.4)


@pytest.mark.long
@pytest.mark.parametrize("of", ["cox_time_dependent", "sequential_trials"])
def test_it_is_the_empirical_error(simulated, of):
    """Over 500 studies, within 4 MCSE and the error of 25 draws."""
    rows = [bootstrapped(simulated(300, seed, over_time=True), of=of, adjust=True, draws=25) for seed in range(500)]
    assert all(row.status is Status.OK for row in rows)
    estimate, error = (np.array([getattr(row, name) for row in rows]) for name in ("estimate", "standard_error"))
    model, empirical = sqrt(np.mean(error**2)), estimate.std(ddof=1)
    spread = sqrt(np.var(error**2, ddof=1) / (4 * len(rows) * model**2) + empirical**2 / (2 * (len(rows) - 1)))
    assert abs(model - empirical) < 4 * spread
    assert abs(estimate.mean()) < 4 * empirical / sqrt(len(rows))


def test_what_cannot_be_estimated_is_the_row_of_the_method(simulated):
    observed = simulated(40, 4, over_time=True)
    nobody = resampled(observed, (~observed.exposed).astype(float))
    found = bootstrapped(nobody, of="cox_time_dependent")
    assert found.status is cox_time_dependent(nobody).status is not Status.OK
