"""Values that differ by rounding only: times, scores, weights that leave nobody."""

import numpy as np
import pytest

from biasim.kernels import backend, kaplan_meier, log_rank, logistic, matching
from biasim.methods.cox_matched import cox_matched
from biasim.types import Observed


def ones(size):
    return np.ones(size, dtype=bool)


def test_late_entry_does_not_make_the_tolerance_of_times_coarser():
    """R 4.2.2, survival 3.5-3: survfit(Surv(e, t, d) ~ 1)$surv; the early entries lower the mean time that scales the rule."""
    time, entry = np.array([1000, 1000.00001, 1000.5, 1001]), np.arange(4.0)
    np.testing.assert_allclose(kaplan_meier.curve(time, ones(4), entry=entry).survival, [0.75, 0.5, 0.25, 0.0])
    found = log_rank.log_rank(time, ones(4), np.array([0, 1, 0, 1]), entry=entry)
    # by hand: 2/4, 1/3, 1/2, 0 of group 0 at risk
    np.testing.assert_allclose(found.expected, [4 / 3, 8 / 3], rtol=1e-12)
    np.testing.assert_allclose(found.variance[0, 0], 1 / 4 + 2 / 9 + 1 / 4, rtol=1e-12)


@pytest.mark.parametrize(
    ("close", "tied", "weights"),
    [([1, 2, 2 + 1e-12, 3], [1, 2, 2, 3], None), ([1, 2, 3, 3 + 1e-12], [1, 2, 3, 3], None),
     ([0.1, 0.3, 0.1 + 0.2, 0.5], [0.1, 0.3, 0.3, 0.5], [1.5, 1, 1, 1])],
)  # fmt: skip
def test_the_robust_variance_of_nearly_tied_times_is_that_of_tied_ones(close, tied, weights):
    weights = None if weights is None else np.array(weights)
    first, second = (
        kaplan_meier.curve(np.array(times, float), ones(4), weights=weights, robust=True) for times in (close, tied)
    )
    np.testing.assert_allclose(first.variance, second.variance, rtol=1e-12, atol=1e-15)


def test_quantile_limits_do_not_jump_over_times_without_deaths():
    """R: quantile(survfit(Surv(1:3, c(0, 1, 0)) ~ 1, weights = c(1.6, 1.9, .2), conf.type = "plain"), .25) is 2 (2, 2)."""
    fitted = kaplan_meier.curve(np.array([1.0, 2, 3]), np.array([False, True, False]), weights=np.array([1.6, 1.9, 0.2]))
    assert kaplan_meier.quantile(fitted, 0.25, kind="plain") == (2.0, 2.0, 2.0)
    assert fitted.variance[1] == fitted.variance[2]


def test_fractional_weights_that_all_die_leave_nobody():
    fitted = kaplan_meier.curve(np.array([1.0, 2, 3]), ones(3), entry=np.array([0.0, 1, 2]), weights=np.array([1.6, 3, 0.5]))
    assert fitted.survival.tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(kaplan_meier.interval(fitted)[0]).all()


def test_groups_never_at_risk_together_add_no_degree_of_freedom():
    time, group = np.array([1.0, 2, 3, 4, 1, 2]), np.array([0, 1, 0, 1, 2, 2])
    found = log_rank.log_rank(time, ones(6), group, strata=np.array([0, 0, 0, 0, 1, 1]))
    two = log_rank.log_rank(time[:4], ones(4), group[:4])
    assert (found.degrees, two.degrees) == (1, 1)
    assert found.chi2 == pytest.approx(two.chi2, rel=1e-12)
    assert found.p == pytest.approx(two.p, rel=1e-12)
    apart = log_rank.log_rank(
        np.array([1.0, 2, 4, 6, 7, 9]), ones(6), np.repeat([0, 1], 3), entry=np.array([0.0, 0, 0, 5, 5, 5])
    )
    assert (apart.chi2, apart.degrees, apart.p) == (0.0, 0, 1.0)


def test_scores_that_differ_by_rounding_are_one():
    score = np.array([0.3, 0.1 + 0.2, -1.0, 2.5, 2.5 + 1e-9, np.inf])
    merged = matching.without_rounding(score)
    assert merged[0] == merged[1]
    assert merged[3] != merged[4]
    np.testing.assert_allclose(merged[:5], score[:5], atol=1e-9)
    assert merged[5] == np.inf
    assert len(matching.without_rounding(np.empty(0))) == 0


def test_pairs_of_patients_alike_do_not_depend_on_the_path():
    """Discrete covariates tie the scores; the two paths differ in their last digit, and must choose the same pairs."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size, columns = int(rng.integers(60, 200)), int(rng.integers(2, 6))
        covariates = rng.integers(0, 3, (size, columns)).astype(float)
        score = (covariates - covariates.mean(axis=0)) @ rng.normal(size=columns) * 0.4
        observed = Observed(
            names=tuple("abcdef"[:columns]), covariates=covariates, exposed=rng.random(size) < 1 / (1 + np.exp(-score)),
            entry=np.zeros(size), time=np.ceil(20 * rng.exponential(size=size) * np.exp(-score)),
            event=rng.random(size) < 0.8, patient=np.arange(size),
        )  # fmt: skip
        answers = []
        for path in ("numpy", "compiled") if backend.compiled() else ("numpy", "numpy"):
            with backend.using(path):
                fresh = Observed(**{name: getattr(observed, name) for name in (
                    "names", "covariates", "exposed", "entry", "time", "event", "patient")})  # fmt: skip
                answers.append(cox_matched(fresh).estimate)
        assert answers[0] == pytest.approx(answers[1], abs=1e-10, nan_ok=True), seed


@pytest.mark.parametrize(
    ("work", "named"),
    [
        (lambda: kaplan_meier.curve(np.array([1.0, np.nan]), ones(2)), "time"),
        (lambda: kaplan_meier.curve(np.array([1.0, 2.0]), ones(2), weights=np.array([1.0, -1.0])), "weights"),
        (lambda: kaplan_meier.curve(np.array([1.0, 2.0]), ones(3)), "event"),
        (lambda: log_rank.log_rank(np.array([1.0, np.nan]), ones(2), np.array([0, 1])), "time"),
        (lambda: logistic.fit(np.array([[1.0], [np.nan], [2.0]]), np.array([True, False, True])), "covariates"),
        (lambda: logistic.fit(np.eye(3), np.array([True, False, True]), weights=np.array([1.0, -1.0, 1.0])), "weights"),
        (lambda: matching.nearest(np.zeros(2), np.array([True, False]), caliper=-1.0), "caliper"),
        (lambda: matching.nearest(np.zeros(2), np.array([True, False]), caliper=np.nan), "caliper"),
    ],
)
def test_what_is_no_number_is_refused_by_name(work, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        work()
