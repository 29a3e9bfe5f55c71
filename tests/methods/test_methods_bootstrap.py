"""Resamples: of patients, the same for the same data, and right for a mean."""

from dataclasses import replace

import numpy as np
import pytest

from biasim.methods._bootstrap import bootstrap_error, numbered, resamples
from biasim.methods._checks import take


def test_every_resample_has_as_many_patients(simulated):
    observed = simulated(50, 1)
    copies = resamples(observed, 20)
    assert copies.shape == (20, observed.size)
    np.testing.assert_array_equal(copies.sum(axis=1), observed.size)
    assert len(np.unique(copies, axis=0)) == 20


def test_rows_of_one_patient_go_together(simulated):
    observed = simulated(30, 2)
    twice = take(observed, np.repeat(np.arange(observed.size), 2))
    twice = replace(twice, entry=np.where(np.arange(twice.size) % 2, twice.time / 2, 0.0))
    place, size = numbered(twice)
    assert size == observed.size
    copies = resamples(twice, 5)
    for patient in range(observed.size):
        assert len(np.unique(copies[:, twice.patient == patient], axis=1).T) == 1
    np.testing.assert_array_equal(copies.sum(axis=1), 2 * observed.size)
    assert place.max() == size - 1


def test_the_order_of_rows_and_the_names_of_patients_do_not_matter(simulated):
    observed = simulated(40, 3)
    order = np.random.default_rng(1).permutation(observed.size)
    np.testing.assert_array_equal(resamples(observed, 4)[:, order], resamples(take(observed, order), 4))
    renamed = replace(observed, patient=1000 - observed.patient)
    np.testing.assert_array_equal(resamples(observed, 4), resamples(renamed, 4))


def test_the_error_of_a_mean_is_the_textbooks(simulated):
    """SD / sqrt(n) with divisor n, to within the error of 4,000 draws: 1 / sqrt(2 * 4000) of it, times 4."""
    observed = simulated(60, 4)
    x = observed.covariates[:, 0]
    error, told = bootstrap_error(observed, 4000, lambda copies: float(copies @ x / copies.sum()))
    assert error == pytest.approx(x.std() / np.sqrt(observed.size), rel=4 / np.sqrt(8000))
    assert told == {"draws": 4000.0, "draws_used": 4000.0}


def test_too_few_usable_draws_give_no_error(simulated):
    observed, calls = simulated(20, 5), iter(range(1000))
    error, told = bootstrap_error(observed, 10, lambda copies: np.nan if next(calls) % 2 else 1.0)
    assert np.isnan(error)
    assert told["draws_used"] == 5
