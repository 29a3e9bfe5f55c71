"""Rubin's rules against R's mice, and by hand."""

import csv
from math import inf, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.kernels.rubin import combined

with (Path(__file__).parents[1] / "reference" / "missing" / "rubin.csv").open(newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=[f"{k // 3}-{row['complete']}" for k, row in enumerate(ROWS)])
def test_pool_scalar_of_mice(row):
    estimates, errors = (np.array(row[name].split(), dtype=float) for name in ("estimates", "errors"))
    found = combined(estimates, errors, complete=float(row["complete"]))
    told = (found.estimate, found.standard_error**2, found.increase, found.degrees_of_freedom, found.lost)
    wanted = [float(row[name]) for name in ("estimate", "variance", "increase", "df", "lost")]
    assert told == pytest.approx(wanted, rel=1e-12)


def test_two_imputations_by_hand():
    """Estimates 0 and 2, errors 1: mean 1, within 1, between (1 + 1/2) 2 = 3, in all 4; a share of 3/4, so 16/9 degrees."""
    found = combined(np.array([0.0, 2.0]), np.ones(2))
    assert (found.estimate, found.standard_error, found.increase) == pytest.approx((1.0, 2.0, 3.0))
    assert found.degrees_of_freedom == pytest.approx(16 / 9)
    assert found.high - 1.0 == pytest.approx(1.0 - found.low)


def test_without_gaps_the_interval_is_that_of_one_data_set():
    found = combined(np.full(5, 0.3), np.full(5, 0.1), complete=inf)
    assert (found.estimate, found.standard_error) == pytest.approx((0.3, 0.1))
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * sqrt(0.01), rel=1e-6)
