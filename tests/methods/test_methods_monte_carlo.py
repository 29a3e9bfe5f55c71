"""Methods over many simulated studies: no bias where there is none, 95% intervals that hold the truth 95% of the time.

Everything is in Monte Carlo standard errors (Morris, White and Crowther 2019, doi 10.1002/sim.8086), seeds fixed.
"""

from math import erfc, exp, log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods.cox import cox
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst

LIMIT = 4.0  # Monte Carlo standard errors


def repeat(make, method, replicates, *, size=300, seed=0, **parameters):
    """Estimate, error, low, high of each replicate that ended well: shape (4, replicates); all must."""
    def one(replicate):
        found = method(make(size, 1000 * seed + replicate), **parameters)
        assert found.status is Status.OK, found.message
        return found.estimate, found.standard_error, found.low, found.high

    return np.array([one(replicate) for replicate in range(replicates)]).T


def distance(estimate, truth):
    """Bias in Monte Carlo standard errors."""
    return (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(len(estimate)))


def coverage_distance(low, high, truth):
    """Coverage less 95%, in Monte Carlo standard errors."""
    return (np.mean((low <= truth) & (truth <= high)) - 0.95) / sqrt(0.95 * 0.05 / len(low))


def error_distance(estimate, standard_error):
    """Model less empirical standard error, in Monte Carlo standard errors."""
    r, empirical = len(estimate), estimate.std(ddof=1)
    model = sqrt(np.mean(standard_error**2))
    spread = sqrt(np.var(standard_error**2, ddof=1) / (4 * r * model**2) + empirical**2 / (2 * (r - 1)))
    return (model - empirical) / spread


def check(found, truth):
    estimate, standard_error, low, high = found
    assert abs(distance(estimate, truth)) < LIMIT
    assert abs(coverage_distance(low, high, truth)) < LIMIT
    assert abs(error_distance(estimate, standard_error)) < LIMIT


@pytest.mark.parametrize("options", [{"adjust": True}, {"adjust": True, "robust": True, "ties": "breslow"}])
def test_adjusted_cox_recovers_the_hazard_ratio(simulated, options):
    def make(size, seed):
        return simulated(size, seed, log_ratio=log(0.7), late=True)

    estimate, _, low, high = repeat(make, cox, 400, size=500, seed=1, **options)
    assert abs(coverage_distance(low, high, log(0.7))) < LIMIT
    assert abs(estimate.mean() - log(0.7)) < 0.01 + LIMIT * estimate.std() / sqrt(400)  # small-sample bias of order 1/n


def test_crude_cox_is_confounded(simulated):
    estimate, *_ = repeat(simulated, cox, 100, seed=2)
    assert distance(estimate, 0.0) > 10


@pytest.mark.parametrize(("method", "parameters"), [(kaplan_meier, {"at": 18.0}), (rmst, {"horizon": 18.0})])
def test_curves_of_exponential_survival(make, method, parameters):
    """Unconfounded, hazards 0.03 and 0.05: differences in closed form."""
    def study(size, seed):
        rng = np.random.default_rng(seed)
        exposed = rng.random(size) < 0.4
        death, lost = rng.exponential(1 / np.where(exposed, 0.03, 0.05)), rng.uniform(20, 60, size)
        return make(np.minimum(death, lost), death <= lost, exposed)

    if method is kaplan_meier:
        truth = exp(-0.03 * 18) - exp(-0.05 * 18)
    else:
        truth = (1 - exp(-0.03 * 18)) / 0.03 - (1 - exp(-0.05 * 18)) / 0.05
    check(repeat(study, method, 500, size=200, seed=3, **parameters), truth)


def test_log_rank_p_is_uniform_under_the_null(make):
    def p(seed):
        rng = np.random.default_rng(seed)
        observed = make(rng.exponential(10, 120), rng.random(120) < 0.7, rng.random(120) < 0.5)
        found = kaplan_meier(observed, at=1.0).diagnostics
        assert found["log_rank_p"] == pytest.approx(erfc(sqrt(found["log_rank"] / 2)), rel=1e-10)
        return found["log_rank_p"]

    values = np.array([p(4000 + replicate) for replicate in range(500)])
    assert abs(values.mean() - 0.5) < LIMIT * sqrt(1 / 12 / 500)
    assert abs(np.mean(values < 0.05) - 0.05) < LIMIT * sqrt(0.05 * 0.95 / 500)


def test_immortal_time(simulated):
    """No effect, no confounding: ever-exposed looks protective; exposure over time and landmark do not."""
    def make(size, seed):
        return simulated(size, seed, confounding=0.0, over_time=True)

    estimate, *_ = repeat(make, cox, 100, seed=5)
    assert distance(estimate, 0.0) < -10
    check(repeat(make, cox_time_dependent, 400, seed=5), 0.0)
    check(repeat(make, cox_landmark, 400, seed=5), 0.0)


def test_time_dependent_cox_recovers_the_hazard_ratio(simulated):
    def make(size, seed):
        return simulated(size, seed, log_ratio=log(0.6), over_time=True, late=True)

    estimate, _, low, high = repeat(make, cox_time_dependent, 300, size=500, seed=6, adjust=True, robust=True)
    assert abs(coverage_distance(low, high, log(0.6))) < LIMIT
    assert abs(estimate.mean() - log(0.6)) < 0.01 + LIMIT * estimate.std() / sqrt(300)


@pytest.mark.long
@pytest.mark.parametrize("parameters", [{"target": "ate"}, {"target": "att"}, {"target": "overlap"}])
def test_weighting_removes_measured_confounding(simulated, parameters):
    """The score is taken as known: intervals may be too wide, and are never much too narrow here."""
    estimate, standard_error, low, high = repeat(simulated, cox_weighted, 600, size=600, seed=7, **parameters)
    assert abs(distance(estimate, 0.0)) < LIMIT
    assert coverage_distance(low, high, 0.0) > -LIMIT
    assert error_distance(estimate, standard_error) > -LIMIT


@pytest.mark.long
@pytest.mark.parametrize("parameters", [
    {"caliper": 0.05}, {"caliper": 0.05, "ratio": 2}, {"caliper": 0.05, "replace": True},
    {"caliper": 0.05, "replace": True, "ratio": 3},
])
def test_matching_removes_measured_confounding(simulated, parameters):
    """What little imbalance the caliper leaves is allowed for; errors must not be too small."""
    estimate, standard_error, low, high = repeat(simulated, cox_matched, 600, size=600, seed=8, **parameters)
    assert abs(estimate.mean()) < 0.01 + LIMIT * estimate.std() / sqrt(600)
    assert coverage_distance(low, high, 0.0) > -LIMIT
    assert error_distance(estimate, standard_error) > -LIMIT


RIGHT = {  # method, its parameters, confounding in the world; no effect in any
    "cox, chance": (cox, {}, 0.0, False),
    "cox, adjusted": (cox, {"adjust": True}, 0.8, False),
    "cox, stratified and robust": (cox, {"adjust": True, "robust": True, "ties": "breslow"}, 0.8, False),
    "time-dependent": (cox_time_dependent, {"adjust": True}, 0.8, False),
    "landmark": (cox_landmark, {"adjust": True, "months": 4.0}, 0.8, False),
    "weighted": (cox_weighted, {}, 0.8, True),
    "weighted to the overlap": (cox_weighted, {"target": "overlap"}, 0.8, True),
    "matched closely": (cox_matched, {"caliper": 0.02}, 0.8, True),
    "Kaplan-Meier": (kaplan_meier, {"at": 18.0}, 0.0, False),
    "RMST": (rmst, {"horizon": 18.0}, 0.0, False),
}
BREAKS = {  # the first covariate drives exposure and death, and is left out: against the exposed
    "cox": (cox, {"adjust": ("x1",)}, +1),
    "time-dependent": (cox_time_dependent, {"adjust": ("x1",)}, +1),
    "landmark": (cox_landmark, {"adjust": ("x1",), "months": 4.0}, +1),
    "weighted": (cox_weighted, {"using": ("x1",)}, +1),
    "matched": (cox_matched, {"using": ("x1",)}, +1),
    "Kaplan-Meier": (kaplan_meier, {"at": 18.0}, -1),
    "RMST": (rmst, {"horizon": 18.0}, -1),
}
OVER_TIME = (cox_time_dependent, cox_landmark)


@pytest.mark.long
@pytest.mark.parametrize("case", RIGHT)
def test_right_where_its_assumptions_hold(simulated, case):
    """Bias within 3 and coverage within 4 MCSE over 2,000 studies; errors that take weights as known may only be too wide."""
    method, parameters, confounding, conservative = RIGHT[case]

    def make(size, seed):
        return simulated(size, seed, confounding=confounding, over_time=method in OVER_TIME)

    estimate, standard_error, low, high = repeat(make, method, 2000, size=500, seed=31, **parameters)
    assert abs(distance(estimate, 0.0)) < 3.0
    assert coverage_distance(low, high, 0.0) > -LIMIT
    assert error_distance(estimate, standard_error) > -LIMIT
    assert conservative or coverage_distance(low, high, 0.0) < LIMIT


@pytest.mark.long
@pytest.mark.parametrize("case", BREAKS)
def test_breaks_when_a_common_cause_is_left_out(simulated, case):
    method, parameters, sign = BREAKS[case]

    def make(size, seed):
        return simulated(size, seed, over_time=method in OVER_TIME)

    estimate, *_ = repeat(make, method, 500, size=500, seed=32, **parameters)
    assert sign * distance(estimate, 0.0) > 10.0
