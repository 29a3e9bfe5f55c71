"""Missing indicator and multiple imputation: by hand, by invariances, against R's survival and mice."""

import csv
from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.kernels.imputation import categories, completions, steps
from biasim.kernels.imputation_models import drawn, modelled
from biasim.kernels.rubin import combined
from biasim.methods._checks import take
from biasim.methods.cox import cox
from biasim.methods.cox_missing_indicator import cox_missing_indicator
from biasim.methods.cox_multiply_imputed import completed, cox_multiply_imputed, cumulative_hazard

REFERENCE = Path(__file__).parents[1] / "reference"
approx = pytest.approx
BOTH = (cox_missing_indicator, cox_multiply_imputed)
NAN = np.nan


def with_gaps(observed, *rows_by_column):
    values = observed.covariates.copy()
    for column, rows in rows_by_column:
        values[rows, column] = NAN
    return replace(observed, covariates=values)


def some(observed, share=0.3, seed=1):
    """Gaps in the first two columns, each for itself."""
    first, second = np.random.default_rng(seed).random((2, observed.size)) < share
    return with_gaps(observed, (0, first), (1, second))


def numbers(estimate):
    assert estimate.status is Status.OK, estimate.message
    return [estimate.estimate, estimate.standard_error, estimate.low, estimate.high]


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize("method", BOTH)
def test_without_gaps_it_is_cox(simulated, method):
    observed = simulated(300, 1)
    assert numbers(method(observed)) == approx(numbers(cox(observed, adjust=True)), rel=1e-9)
    assert numbers(method(some(observed), adjust=False)) == approx(numbers(cox(observed)), rel=1e-9)
    assert numbers(method(some(observed), adjust=("x2",))) == approx(numbers(cox(observed, adjust=("x2",))), rel=1e-9)
    assert method(observed).estimand == "conditional_log_hazard_ratio"
    with pytest.raises(BiasimError, match="not measured"):
        method(observed, adjust=("x9",))


@pytest.mark.parametrize("constant", [0.0, -3.0, 40.0])
def test_whatever_fills_the_gaps_the_indicator_takes_it_up(simulated, constant):
    observed = some(simulated(400, 2))
    gaps = np.isnan(observed.covariates)
    columns = [np.where(gaps, constant, observed.covariates), gaps[:, :2].astype(float)]
    by_hand = replace(observed, covariates=np.hstack(columns), names=("x0", "x1", "x2", "no_x0", "no_x1"))
    found = cox_missing_indicator(observed)
    assert numbers(found) == approx(numbers(cox(by_hand, adjust=True)), rel=1e-7)
    assert found.diagnostics["indicators"] == 2
    assert found.diagnostics["incomplete"] == np.count_nonzero(gaps.any(axis=1))


def test_gaps_together_share_an_indicator_and_an_empty_column_says_nothing(simulated):
    observed, rows = simulated(200, 3), np.arange(0, 200, 3)
    assert cox_missing_indicator(with_gaps(observed, (0, rows), (1, rows))).diagnostics["indicators"] == 1
    empty = with_gaps(observed, (0, slice(None)))
    assert numbers(cox_missing_indicator(empty)) == approx(numbers(cox(observed, adjust=("x1", "x2"))), rel=1e-8)
    refused = cox_multiply_imputed(empty)
    assert refused.status is Status.MISSING_VALUES
    assert "'x0'" in refused.message
    assert numbers(cox_multiply_imputed(empty, adjust=("x1",)))  # the empty column is no source either


def test_the_imputed_copies_are_pooled_by_rubin(simulated):
    observed = some(simulated(300, 4))
    copies = list(completed(observed, 4, 2))
    for copy in copies:
        assert not np.isnan(copy.covariates).any()
        kept = ~np.isnan(observed.covariates[np.argsort(observed.time)])
        assert (copy.covariates == observed.covariates[np.argsort(observed.time)])[kept].all()  # what is known stays
    fits = np.array([numbers(cox(copy, adjust=True))[:2] for copy in copies])
    found = cox_multiply_imputed(observed, imputations=4, cycles=2)
    events = observed.event.sum()
    pooled = combined(*fits.T, complete=events - 4.0)
    assert numbers(found) == approx([pooled.estimate, pooled.standard_error, pooled.low, pooled.high], rel=1e-9)
    assert found.diagnostics["degrees_of_freedom"] == approx(pooled.degrees_of_freedom)
    assert 0.0 < found.diagnostics["information_lost"] < 0.5


def test_cumulative_hazard_by_hand(make):
    """Deaths at 1, 2 and 4 of four, one lost at 3: 1/4, then 1/3, then 1 more; one who enters late lacks the first."""
    observed = make([1, 2, 3, 4], [1, 1, 0, 1], [1, 0, 1, 0])
    assert cumulative_hazard(observed) == approx([1 / 4, 7 / 12, 7 / 12, 19 / 12])
    late = make([1, 2, 3, 4], [1, 1, 0, 1], [1, 0, 1, 0], entry=[0, 0, 0, 1.5])
    assert cumulative_hazard(late) == approx([1 / 3, 2 / 3, 2 / 3, 4 / 3])


def test_draws_of_a_linear_model_have_the_posterior_mean_and_spread():
    """y = 1 + 2 x + e, 40 patients: the mean of draws is the fitted value, their variance s2 n'/(n' - 2) (1 + leverage)."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((40, 1))
    y = 1.0 + 2.0 * x[:, 0] + 0.5 * rng.standard_normal(40)
    model = modelled(x, y, two_valued=False)
    slope, intercept = np.polyfit(x[:, 0], y, 1)
    residual = np.sum((y - intercept - slope * x[:, 0]) ** 2)
    at = np.array([[1.5]])
    draws = np.array([drawn(model, at, rng)[0] for _ in range(40_000)])
    leverage = 1 / 40 + (1.5 - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    variance = residual / (38 - 2) * (1 + leverage)
    assert abs(draws.mean() - (intercept + 1.5 * slope)) < 4 * sqrt(variance / len(draws))
    assert draws.var() == approx(variance, rel=0.04)


def test_draws_of_a_logistic_model_have_the_fitted_share():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((5000, 1))
    y = np.where(rng.random(5000) < 1 / (1 + np.exp(1.0 - x[:, 0])), 4.0, 3.0)  # two values, whatever they are
    model = modelled(x, y, two_valued=True)
    draws = np.concatenate([drawn(model, np.full((100, 1), 0.5), rng) for _ in range(400)])
    assert set(draws) == {3.0, 4.0}
    assert np.mean(draws == 4.0) == approx(1 / (1 + np.exp(0.5)), abs=0.02)


def test_a_predictor_that_tells_everything_makes_no_model_run_off():
    x = np.repeat([-1.0, 1.0], 20)[:, None]
    model = modelled(x, (x[:, 0] > 0).astype(float), two_valued=True)
    assert np.isfinite(model.root).all()
    assert 1.0 < model.mean[1] < 20.0


# ---------------------------------------------------------------- categories and patterns


def subtypes(size=400, seed=7):
    """Four levels as three 0/1 columns, and a score; the category and the score are missing together in a third."""
    rng = np.random.default_rng(seed)
    score = rng.standard_normal(size)
    level = np.searchsorted([0.4, 0.6, 0.85], rng.random(size) + 0.05 * score)
    values = np.column_stack([score, *(level == k for k in (1, 2, 3)), rng.random(size) < 0.5]).astype(float)
    values[rng.random(size) < 0.3, :4] = NAN
    return values, rng


def test_a_category_is_found_and_keeps_to_one_level():
    values, rng = subtypes()
    assert sorted(categories(values)) == [(0,), (1, 2, 3)]
    lacking = np.isnan(values[:, 1])
    seen = np.nanmean(values[:, 1:4], axis=0)
    shares = []
    for filled in completions(values, rng.standard_normal((400, 2)), draws=40, cycles=3, rng=rng):
        assert set(np.unique(filled[:, 1:])) == {0.0, 1.0}
        assert (filled[:, 1:4].sum(axis=1) <= 1.0).all()
        shares.append(filled[lacking, 1:4].mean(axis=0))
    assert np.mean(shares, axis=0) == approx(seen, abs=0.06)


def test_columns_that_overlap_or_are_missing_apart_are_no_category():
    values, _ = subtypes(800)
    apart = values.copy()
    apart[0 if np.isfinite(values[0, 3]) else int(np.flatnonzero(np.isfinite(values[:, 3]))[0]), 3] = NAN
    assert (1, 2) in categories(apart)
    both = values.copy()
    both[np.flatnonzero(values[:, 1] == 1.0)[0], 2] = 1.0
    assert (1, 3) in categories(both)


def rare_pair(size, shared):
    """Two columns that are 1 in `shared` patients each, never in the same, and missing together in the first ten."""
    values = np.zeros((size, 2))
    values[10 : 10 + shared, 0] = values[10 + shared : 10 + 2 * shared, 1] = 1.0
    values[:10] = NAN
    return values


def test_rare_columns_that_are_never_both_are_no_category_while_that_can_be_an_accident():
    """20 and 20 of 1,000: 0.4 women are expected to have both, and none says nothing. 100 and 100: 10 are, and none does."""
    assert categories(rare_pair(1010, 20)) == [(0,), (1,)]
    assert categories(rare_pair(1010, 99)) == [(0,), (1,)]
    assert categories(rare_pair(1010, 100)) == [(0, 1)]


def test_a_level_that_is_the_rest_is_always_filled():
    """x and 1 - x are a category without a reference: who is not the one is the other."""
    values, rng = subtypes()
    values = np.column_stack((values[:, 1], 1.0 - values[:, 1]))
    for filled in completions(values, rng.standard_normal((400, 1)), draws=5, cycles=3, rng=rng):
        assert (filled.sum(axis=1) == 1.0).all()


def test_nested_gaps_need_no_cycles_and_others_do(simulated):
    observed = simulated(300, 8)
    rows = np.random.default_rng(8).random((2, 300)) < 0.3
    nested = with_gaps(observed, (0, rows[0]), (1, rows[0] | rows[1]))
    assert [step.column for step in steps(nested.covariates)] == [0, 1]
    assert numbers(cox_multiply_imputed(nested, cycles=1)) == numbers(cox_multiply_imputed(nested, cycles=9))
    apart = with_gaps(observed, (0, rows[0]), (1, rows[1]))
    assert numbers(cox_multiply_imputed(apart, cycles=1)) != numbers(cox_multiply_imputed(apart, cycles=9))


# ---------------------------------------------------------------- invariances


@pytest.mark.parametrize("method", BOTH)
def test_order_of_rows_units_and_names_of_arms(simulated, method):
    observed = some(simulated(300, 9, late=True))
    found = numbers(method(observed))
    assert numbers(method(take(observed, np.random.default_rng(9).permutation(observed.size)))) == approx(found, rel=1e-8)
    units = replace(observed, covariates=observed.covariates * [10.0, 0.01, 1.0] + [5.0, 0.0, 0.0])
    assert numbers(method(units)) == approx(found, rel=1e-6)
    months = replace(observed, time=observed.time * 30.0, entry=observed.entry * 30.0)
    assert numbers(method(months))[1] == approx(found[1], rel=0.05)  # the draws are keyed by the months: others, but alike
    if method is cox_missing_indicator:
        assert numbers(method(months)) == approx(found, rel=1e-8)
        swapped = numbers(method(replace(observed, exposed=~observed.exposed)))
        assert swapped == approx([-found[0], found[1], -found[3], -found[2]], rel=1e-8)


def test_more_imputations_go_on_where_fewer_stopped(simulated):
    observed = some(simulated(200, 10))
    few, many = (list(completed(observed, m, 2)) for m in (2, 5))
    for one, other in zip(few, many, strict=False):
        assert np.array_equal(one.covariates, other.covariates)


# ---------------------------------------------------------------- R


with (REFERENCE / "missing" / "expected.csv").open(newline="") as file:
    EXPECTED = {(row["case"], row["quantity"]): float(row["value"]) for row in csv.DictReader(file)}
CASES = ("block", "nested", "scattered")


def patients(make, read, case):
    table = read("missing/patients.csv")
    values = np.column_stack([table["age"], table[f"stage_{case}"], table[f"marker_{case}"]])
    return make(table["time"], table["event"], table["exposed"], covariates=values, names=("age", "stage", "marker"))


@pytest.mark.parametrize("case", CASES)
def test_the_indicator_against_coxph(make, read, case):
    found = cox_missing_indicator(patients(make, read, case))
    wanted = [EXPECTED[case, "indicator_estimate"], EXPECTED[case, "indicator_error"]]
    assert numbers(found)[:2] == approx(wanted, rel=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_imputation_against_mice(make, read, case):
    """300 copies against 1,000 of mice: within 4 Monte Carlo errors of the mean, spread of the copies within a fifth."""
    observed = patients(make, read, case)
    fits = np.array([numbers(cox(copy, adjust=True))[:2] for copy in completed(observed, 300, 5)])
    between = EXPECTED[case, "imputed_between"]
    assert abs(fits[:, 0].mean() - EXPECTED[case, "imputed_estimate"]) < 4 * sqrt(between * (1 / 300 + 1 / 1000))
    assert np.var(fits[:, 0], ddof=1) == approx(between, rel=4 * sqrt(2 / 300 + 2 / 1000))
    assert np.mean(fits[:, 1] ** 2) == approx(EXPECTED[case, "imputed_within"], rel=0.01)
