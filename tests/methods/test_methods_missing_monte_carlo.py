"""Missing covariates over 2,000 studies: imputation right where values are missing at random, the indicator wrong even there.

In Monte Carlo standard errors, seeds fixed. A score x drives exposure and death, z only death; constant hazards; x is missing.
"""

from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods.cox import cox
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_missing_indicator import cox_missing_indicator
from biasim.methods.cox_multiply_imputed import cox_multiply_imputed

SIZE, RATE, CONFOUNDING, HAZARD = 400, 0.03, 0.8, 0.5
EFFECT = log(0.7)


def expit(x):
    return 1.0 / (1.0 + np.exp(-x))


def never(x, z, exposed, died):
    return np.zeros(len(x))


def completely(x, z, exposed, died):
    return np.full(len(x), 0.4)


def at_random(x, z, exposed, died):
    """By all that is known of her: the other score, whether she was operated on, and whether she died."""
    return expit(-0.7 + 0.7 * z - 1.0 * exposed + 0.6 * died)


def by_value(x, z, exposed, died):
    """By the value itself, and more so in the unexposed: whose score is bad has none, unless an operation supplies it."""
    return np.where(exposed, 0.1, expit(-0.5 + 1.5 * x))


def study(make, replicate, lacking, *, effect=0.0, binary=False):
    rng = np.random.default_rng([91, replicate])
    x, z = rng.standard_normal((2, SIZE))
    x = np.where(x > 0.0, 1.0, -1.0) if binary else x
    exposed = rng.random(SIZE) < expit(-0.4 - CONFOUNDING * x)
    death = rng.standard_exponential(SIZE) / (RATE * np.exp(HAZARD * x + 0.3 * z + effect * exposed))
    lost = rng.uniform(30.0, 90.0, SIZE)
    gap = rng.random(SIZE) < lacking(x, z, exposed, death <= lost)
    values = np.column_stack((np.where(gap, np.nan, x), z))
    return make(np.minimum(death, lost), death <= lost, exposed, covariates=values, names=("x", "z"))


def repeat(make, method, lacking, *, replicates, truth=0.0, binary=False):
    rows = np.empty((replicates, 3))
    for replicate in range(replicates):
        found = method(study(make, replicate, lacking, effect=truth, binary=binary))
        assert found.status is Status.OK, found.message
        rows[replicate] = found.estimate, found.low, found.high
    estimate, low, high = rows.T
    bias = (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(replicates))
    covered = (np.mean((low <= truth) & (truth <= high)) - 0.95) / sqrt(0.95 * 0.05 / replicates)
    print(f"{method.__name__} {lacking.__name__}: {estimate.mean() - truth:+.4f} ({bias:+.1f} MCSE), coverage {covered:+.1f}")
    return bias, covered


@pytest.mark.long
@pytest.mark.parametrize("truth", [0.0, EFFECT], ids=["none", "effect"])
@pytest.mark.parametrize("binary", [False, True], ids=["score", "yes_no"])
@pytest.mark.parametrize("lacking", [completely, at_random])
def test_imputation_is_right_where_values_are_missing_at_random(make, lacking, binary, truth):
    bias, covered = repeat(make, cox_multiply_imputed, lacking, replicates=2000, truth=truth, binary=binary)
    assert abs(bias) < 3.0
    assert abs(covered) < 4.0


@pytest.mark.long
def test_imputation_is_wrong_where_the_value_decides(make):
    """The unexposed of bad prognosis have no score and are imputed too good a one: their deaths speak for exposure."""
    bias, _ = repeat(make, cox_multiply_imputed, by_value, replicates=1000)
    assert bias < -10.0


@pytest.mark.long
@pytest.mark.parametrize("binary", [False, True], ids=["score", "yes_no"])
def test_the_indicator_lets_confounding_back_in_even_completely_at_random(make, binary):
    bias, _ = repeat(make, cox_missing_indicator, completely, replicates=300, binary=binary)
    assert bias < -10.0
    right, covered = repeat(make, cox_missing_indicator, never, replicates=300, binary=binary)
    assert abs(right) < 4.0
    assert abs(covered) < 4.0
    complete, _ = repeat(make, cox_complete_cases, completely, replicates=300, binary=binary)
    assert abs(complete) < 4.0


@pytest.mark.long
def test_the_indicator_is_right_in_a_trial(make, monkeypatch):
    """Nothing confounds where chance assigns."""
    monkeypatch.setitem(globals(), "CONFOUNDING", 0.0)
    bias, covered = repeat(make, cox_missing_indicator, completely, replicates=2000)
    assert abs(bias) < 3.0
    assert abs(covered) < 4.0


@pytest.mark.long
def test_a_gap_in_a_large_study_leaves_its_share_of_the_confounding(make):
    """The indicator lies between the crude and the adjusted estimate, nearer to the adjusted one the fewer values are missing."""
    found = {}
    for share in (0.0, 0.3, 0.6, 1.0):
        def some(x, z, exposed, died, share=share):
            return np.full(len(x), share)

        found[share] = np.mean([cox_missing_indicator(study(make, r, some)).estimate for r in range(200)])
    crude = np.mean([cox(study(make, r, never), adjust=("z",)).estimate for r in range(200)])
    assert abs(found[1.0] - crude) < 1e-9
    assert crude < found[0.6] < found[0.3] < found[0.0]
