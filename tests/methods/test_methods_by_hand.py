"""Methods on data small enough to work out on paper."""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._hazard_ratio import two_way
from biasim.methods._propensity import balance_table, matched, weighted
from biasim.methods.cox import cox
from biasim.methods.cox_landmark import cox_landmark, from_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent, person_time
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst

approx = pytest.approx

Z = 1.959963984540054


def test_cox_of_four_deaths(make):
    # deaths in the order exposed, unexposed, exposed, unexposed: with r the hazard ratio the likelihood is
    # r/(2r+2) * 1/(r+2) * r/(r+1) * 1, largest where r^2 - r - 4 = 0; information 2r/(r+1)^2 + 2r/(r+2)^2
    found = cox(make([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0]))
    r = (1 + sqrt(17)) / 2
    error = 1 / sqrt(2 * r / (r + 1) ** 2 + 2 * r / (r + 2) ** 2)
    assert found.status is Status.OK
    assert found.estimand == "marginal_log_hazard_ratio"
    assert found.estimate == approx(log(r), rel=1e-12)
    assert found.standard_error == approx(error, rel=1e-12)
    assert (found.low, found.high) == approx((log(r) - Z * error, log(r) + Z * error), rel=1e-12)
    assert found.diagnostics["size"] == 4
    assert found.diagnostics["events"] == 4
    assert found.diagnostics["exposed"] == found.diagnostics["events_exposed"] == 2


def test_cox_counts_nobody_at_risk_before_entry(make):
    found = cox(make([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 1], entry=[0, 0, 1.5, 1.5]))
    # death 1 exposed among {e, u}: r/(r+1); death 2 unexposed among {u, e, e}: 1/(1+2r); the rest are all exposed
    # d/db log L = 1 - r/(r+1) - 2r/(1+2r) = 0  ->  1 + 2r = 2r(r+1)  ->  r = 1/sqrt(2)
    assert found.estimate == approx(log(1 / sqrt(2)), rel=1e-12)


def test_kaplan_meier_and_its_medians(make):
    # exposed die at 2 and 6, one lost at 4, one at 8: S(5) = 3/4; unexposed die at 1, 3, 5, 7: S(5) = 1/4
    observed = make([2, 4, 6, 8, 1, 3, 5, 7], [1, 0, 1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0, 0])
    found = kaplan_meier(observed, at=5.0)
    assert found.estimand == "survival_difference(at=5)"
    assert found.estimate == approx(3 / 4 - 1 / 4, rel=1e-12)
    greenwood = (3 / 4) ** 2 * (1 / (4 * 3)) + (1 / 4) ** 2 * (1 / (4 * 3) + 1 / (3 * 2) + 1 / (2 * 1))
    assert found.standard_error == approx(sqrt(greenwood), rel=1e-12)
    # exposed: 3/4 after 2, 3/8 after 6; unexposed: 1/2 on [3, 5), so the middle of it
    assert found.diagnostics["median_exposed"] == 6
    assert found.diagnostics["median_unexposed"] == 4
    # at risk (exposed, all) at the deaths 1, 2, 3, 5, 6, 7: 4/8, 4/7, 3/6, 2/4, 2/3, 1/2
    shares = np.array([4 / 8, 4 / 7, 3 / 6, 2 / 4, 2 / 3, 1 / 2])
    chi2 = (2 - shares.sum()) ** 2 / np.sum(shares * (1 - shares))
    assert found.diagnostics["log_rank"] == approx(chi2, rel=1e-12)


def test_log_rank_honours_delayed_entry(make):
    # at risk (exposed, all) at the deaths 1, 2, 3, 4: 1/2, 2/3, 2/2, 1/1; three exposed die
    found = kaplan_meier(make([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 1], entry=[0, 0, 1.5, 1.5]), at=1.2)
    shares = np.array([1 / 2, 2 / 3, 1, 1])
    chi2 = (3 - shares.sum()) ** 2 / np.sum(shares * (1 - shares))
    assert found.diagnostics["log_rank"] == approx(chi2, rel=1e-12)


def test_median_that_is_not_reached_is_left_out(make):
    found = kaplan_meier(make([2, 8, 9, 1, 3], [1, 0, 0, 1, 0], [1, 1, 1, 0, 0]), at=2.5)
    assert "median_exposed" not in found.diagnostics
    assert found.diagnostics["median_unexposed"] == approx(2.0)


def test_rmst_of_two_step_functions(make):
    # exposed: 1 to month 4, then 1/2 to 10: 7 months, and all are dead or followed to 10; unexposed: 2 and 6: 4 months
    found = rmst(make([4, 10, 2, 6], [1, 0, 1, 1], [1, 1, 0, 0]), horizon=10.0)
    assert found.estimand == "rmst_difference(horizon=10)"
    assert found.estimate == approx(7 - 4, rel=1e-12)
    # sum over deaths of (area to the right)^2 d / (n (n - d)): exposed 3^2/2, unexposed 2^2/2
    assert found.standard_error == approx(sqrt(9 / 2 + 4 / 2), rel=1e-12)


def test_a_curve_that_ends_at_zero_needs_no_further_follow_up(make):
    ends_at_zero = make([4, 10, 2, 6], [1, 0, 1, 1], [1, 1, 0, 0])
    assert rmst(ends_at_zero, horizon=10.0).status is Status.OK
    assert kaplan_meier(ends_at_zero, at=10.0).estimate == approx(0.5)
    ends_alive = make([4, 10, 2, 6], [1, 0, 1, 0], [1, 1, 0, 0])
    for found in (rmst(ends_alive, horizon=10.0), kaplan_meier(ends_alive, at=10.0)):
        assert found.status is Status.BEYOND_FOLLOW_UP
        assert "unexposed end at month 6" in found.message
        assert np.isnan(found.estimate)
    assert rmst(ends_alive, horizon=6.0).status is Status.OK


def test_person_time_before_exposure_counts_as_unexposed(make):
    observed = make(
        [10, 8, 6, 7, 9], [1, 1, 0, 1, 1], [1, 1, 1, 1, 0], entry=[0, 2, 0, 0, 0], exposed_from=[4, 1, 0, 7, np.inf]
    )
    rows = person_time(observed)
    found = sorted(
        zip(rows.patient, rows.entry, rows.time, rows.event, rows.exposed, strict=True), key=lambda row: row[:2]
    )
    assert found == [
        (0, 0, 4, False, False), (0, 4, 10, True, True),  # unexposed until 4
        (1, 2, 8, True, True),  # exposed before observation begins
        (2, 0, 6, False, True),  # from the start
        (3, 0, 7, True, False),  # on the day of death: too late
        (4, 0, 9, True, False),
    ]
    assert cox_time_dependent(observed).diagnostics["exposed"] == 3


def test_time_dependent_cox_of_three_deaths(make):
    observed = make([1, 3, 4, 5], [1, 1, 1, 1], [0, 1, 0, 1], exposed_from=[np.inf, 2, np.inf, 0.5])
    # t=1: unexposed dies among {u, u(2), u, e}: 1/(3+r); t=3: exposed among {e, u, e}: r/(1+2r); t=4: 1/(1+r); t=5: 1
    # 1 - r/(3+r) - 2r/(1+2r) - r/(1+r) = 0
    r = np.exp(cox_time_dependent(observed).estimate)
    assert 1 - r / (3 + r) - 2 * r / (1 + 2 * r) - r / (1 + r) == approx(0, abs=1e-12)


def test_landmark_keeps_those_beyond_it(make):
    observed = make(
        [3, 6, 9, 10, 12], [1, 1, 1, 0, 1], [1, 1, 1, 1, 0], entry=[0, 0, 0, 0, 7], exposed_from=[1, 2, 6, 7, np.inf]
    )
    kept = from_landmark(observed, 6.0)
    assert kept.patient.tolist() == [2, 3, 4]  # the one who dies at the landmark is not at risk beyond it
    assert kept.time.tolist() == [3, 4, 6]
    assert kept.exposed.tolist() == [True, False, False]  # at the landmark counts, after it does not
    assert kept.entry.tolist() == [0, 0, 1]
    assert cox_landmark(observed, months=6.0).diagnostics["size"] == 3


def test_matched_sets_weigh_as_much_as_their_exposed(make):
    # scores fall with x: exposed 0 takes 1 and 2, exposed 3 takes 4 and 5
    observed = make(
        [5, 4, 6, 7, 2, 9], [1, 1, 1, 1, 1, 0], [1, 0, 0, 1, 0, 0], covariates=[1.0, 1.1, 0.8, 5.0, 4.8, 5.9]
    )
    made = matched(observed, ratio=2, caliper=None)
    assert made.weights == approx([1, 0.5, 0.5, 1, 0.5, 0.5])
    assert made.links.row.tolist() == [0, 3, 1, 2, 4, 5]
    assert made.links.of_set.tolist() == [0, 1, 0, 0, 1, 1]
    found = cox_matched(observed, ratio=2, caliper=None)
    assert found.diagnostics["matched"] == 2
    assert found.diagnostics["effective_size_unexposed"] == approx(4)
    assert found.diagnostics["effective_size"] == approx(6)


def test_with_replacement_a_control_carries_all_her_sets(make):
    observed = make([5, 4, 6, 7], [1, 1, 1, 1], [1, 1, 0, 0], covariates=[1.0, 1.1, 1.05, 9.0])
    made = matched(observed, caliper=None, replace=True)
    assert made.weights == approx([1, 1, 2, 0])
    assert made.links.row.tolist() == [0, 1, 2, 2]


def test_two_way_variance():
    assert two_way(3.0, 2.0, 1.5) == 3.5
    assert two_way(0.5, 0.7, 2.0) == 0.7  # negative in small samples: the larger one-way variance


def test_weights_of_a_saturated_score(make):
    # 1 of 4 exposed where x = 0, 3 of 4 where x = 1
    exposed = np.array([1, 0, 0, 0, 1, 1, 1, 0])
    observed = make(np.arange(1.0, 9.0), np.ones(8), exposed, covariates=np.repeat([0.0, 1.0], 4))
    p = np.repeat([0.25, 0.75], 4)
    assert weighted(observed).weights == approx(np.where(exposed, 1 / p, 1 / (1 - p)), rel=1e-9)
    assert weighted(observed, stabilised=True).weights == approx(np.where(exposed, 0.5 / p, 0.5 / (1 - p)), rel=1e-9)
    assert weighted(observed, target="att").weights == approx(np.where(exposed, 1, p / (1 - p)), rel=1e-9)
    assert weighted(observed, target="overlap").weights == approx(np.where(exposed, 1 - p, p), rel=1e-9)
    [(name, before, after)] = balance_table(observed, "cox_weighted", {"target": "ate", "ties": "efron"})
    assert name == "x0"
    assert before == approx(0.5 / 0.5)  # means 3/4 and 1/4, sample variances 1/4
    assert after == approx(0, abs=1e-9)
    found = cox_weighted(observed).diagnostics
    assert found["max_smd_before"] == approx(1)
    assert found["max_smd_after"] == approx(0, abs=1e-9)
    # exposed weigh 4 and three times 4/3: 8^2 / (16 + 16/3)
    assert found["effective_size_exposed"] == approx(3, rel=1e-9)


AT_LANDMARK = "population=alive_at, landmark={0:g}, grace={0:g}, strategies=within_grace"


@pytest.mark.parametrize(("method", "parameters", "claim"), [
    (cox, {}, "marginal_log_hazard_ratio"),
    (cox, {"adjust": True}, "conditional_log_hazard_ratio"),
    (cox, {"adjust": ("x1",)}, "conditional_log_hazard_ratio"),
    (cox, {"strata": ("half",)}, "conditional_log_hazard_ratio"),
    (cox_time_dependent, {"adjust": True}, "conditional_log_hazard_ratio"),
    (cox_time_dependent, {}, "marginal_log_hazard_ratio"),
    (cox_landmark, {"adjust": True}, f"conditional_log_hazard_ratio({AT_LANDMARK.format(6)})"),
    (cox_landmark, {"months": 4.5}, f"marginal_log_hazard_ratio({AT_LANDMARK.format(4.5)})"),
    (cox_matched, {}, "marginal_log_hazard_ratio(target=exposed)"),
    (cox_weighted, {}, "marginal_log_hazard_ratio"),
    (cox_weighted, {"target": "att"}, "marginal_log_hazard_ratio(target=exposed)"),
    (cox_weighted, {"target": "overlap"}, "marginal_log_hazard_ratio(target=overlap)"),
    (rmst, {"horizon": 7.5}, "rmst_difference(horizon=7.5)"),
    (kaplan_meier, {"at": 12.0}, "survival_difference(at=12)"),
])
def test_every_method_claims_one_estimand(make, simulated, method, parameters, claim):
    observed = simulated(200, 1, over_time=True)
    half = np.column_stack((observed.covariates, np.arange(observed.size) % 2))
    observed = replace(observed, covariates=half, names=("x0", "x1", "x2", "half"))
    found = method(observed, **parameters)
    assert found.status is Status.OK
    assert found.estimand == claim
