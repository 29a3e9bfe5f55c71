"""The analyst's freedom: which analyses are tried, what is reported of them, and what that does."""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._models import answered, categories, defensible, tried
from biasim.methods.cox import cox
from biasim.methods.cox_early_deaths_excluded import cox_early_deaths_excluded
from biasim.methods.cox_entropy_balanced import cox_entropy_balanced
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_score_adjusted import cox_score_adjusted
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.most_favourable import models_table, most_favourable


def by_hand(observed):
    """The first thirteen analyses of three covariates, each called on its own."""
    return [
        cox(observed, adjust=True),
        cox(observed),
        cox_matched(observed),
        cox_weighted(observed),
        cox_stratified_score(observed),
        cox_early_deaths_excluded(observed, months=3.0, adjust=True),
        cox_score_adjusted(observed),
        cox_weighted(observed, target="overlap"),
        cox_entropy_balanced(observed),
        cox_early_deaths_excluded(observed, months=3.0),
        cox(observed, adjust=("x1", "x2")),
        cox(observed, adjust=("x0", "x2")),
        cox(observed, adjust=("x0", "x1")),
    ]


@pytest.mark.parametrize("models", [1, 2, 5, 13])
def test_brute_force(simulated, models):
    observed = simulated(300, 1)
    found = by_hand(observed)[:models]
    estimates, errors = np.array([(one.estimate, one.standard_error) for one in found]).T
    lowest, best = estimates.argmin(), (estimates / errors).argmin()
    for chosen_by, number in (("hazard_ratio", lowest), ("p_value", best)):
        reported = most_favourable(observed, models=models, chosen_by=chosen_by)
        assert (reported.estimate, reported.standard_error) == pytest.approx((estimates[number], errors[number]), rel=1e-9)
        assert reported.diagnostics["reported"] == number + 1
    middle = most_favourable(observed, models=models, chosen_by="median")
    assert (middle.estimate, middle.standard_error) == pytest.approx((np.median(estimates), np.median(errors)))
    told = middle.diagnostics
    assert told["models_tried"] == told["models_answered"] == models
    assert (told["lowest"], told["highest"]) == pytest.approx((estimates.min(), estimates.max()))
    assert told["relative_hazard_ratio"] == pytest.approx(exp(np.ptp(estimates)))
    assert told["share_significant"] == np.mean(np.abs(estimates / errors) > 1.959964)
    assert told["share_in_favour"] == np.mean(estimates / errors < -1.959964)


def test_the_table_lists_what_was_tried(simulated):
    observed = simulated(300, 1)
    rows = models_table(observed, {"models": 13})
    assert [row[1] for row in rows] == pytest.approx([one.estimate for one in by_hand(observed)], rel=1e-9)
    assert [row[0] for row in rows][-3:] == ["without x0", "without x1", "without x2"]
    (reported,) = (row for row in rows if row[3])
    assert reported[1] == most_favourable(observed, models=13).estimate
    assert not any(row[3] for row in models_table(observed, {"models": 13, "chosen_by": "median"}))
    assert models_table(observed, {"models": 1}) == []
    p = 2 * 0.5 * np.array([row[2] for row in rows])
    assert ((p > 0) & (p <= 1)).all()


def test_the_list_ends_with_the_covariates(simulated):
    observed = simulated(300, 2)
    assert len(list(defensible(observed))) == 10 + 3 + 3
    alone = simulated(300, 2, covariates=1)
    assert len(list(defensible(alone))) == 10
    assert most_favourable(alone, models=500).diagnostics["models_tried"] == 10
    none = replace(alone, names=(), covariates=alone.covariates[:, :0])
    assert most_favourable(none).estimate == cox(none).estimate
    assert most_favourable(none).diagnostics["models_tried"] == 2


def test_a_category_goes_as_a_whole(simulated):
    observed = simulated(300, 3)
    level = np.random.default_rng(3).integers(0, 4, 300)
    values = np.column_stack([observed.covariates[:, 0], level == 1, level == 2, level == 3, level % 2])
    named = replace(observed, covariates=values, names=("age", "T2", "T3", "T4", "grade"))
    assert categories(named) == [("age",), ("T2", "T3", "T4"), ("grade",)]
    names = [name for name, _ in defensible(named)][10:]
    assert names == ["without age", "without T2", "without grade", "without age, T2", "without age, grade", "without T2, grade"]


def test_what_has_no_estimate_is_passed_over(simulated):
    """A covariate that separates: no score, no weights; the others are still to be chosen from."""
    observed = simulated(200, 4)
    values = observed.covariates.copy()
    values[:, 2] = observed.exposed * 2.0 - 1.0 + 1e-3 * values[:, 2]
    separated = replace(observed, covariates=values)
    found = most_favourable(separated, models=14)
    every = tried(separated, 14)
    assert found.status is Status.OK
    assert found.diagnostics["models_answered"] == len(answered(every)) < 14
    assert found.estimate == min(one.found.estimate for one in answered(every))
    lacking = values.copy()
    lacking[0] = np.nan
    refused = most_favourable(replace(observed, covariates=lacking), models=1)
    assert refused.status is Status.MISSING_VALUES


def test_more_choice_is_never_less_favourable(simulated):
    observed = simulated(200, 5)
    found = [most_favourable(observed, models=models).estimate for models in (1, 2, 4, 8, 16)]
    assert found == sorted(found, reverse=True)


@pytest.mark.long
def test_choice_favours_the_exposed_where_every_analysis_is_right(simulated):
    """No effect and nothing that confounds: the one named first and the median within 4, the best of 16 beyond 10."""
    kinds = {"first": {"models": 1}, "best": {"models": 16}, "p": {"models": 16, "chosen_by": "p_value"},
             "median": {"models": 16, "chosen_by": "median"}}  # fmt: skip
    found = {name: [] for name in kinds}
    for replicate in range(800):
        observed = simulated(150, 70_000 + replicate, confounding=0.0)
        for name, parameters in kinds.items():
            found[name].append(most_favourable(observed, **parameters).estimate)
    z = {name: np.mean(values) / (np.std(values, ddof=1) / sqrt(800)) for name, values in found.items()}
    print(z)
    assert abs(z["first"]) < 4.0
    assert abs(z["median"]) < 4.0
    assert z["best"] < -10.0
    assert z["p"] < -10.0
