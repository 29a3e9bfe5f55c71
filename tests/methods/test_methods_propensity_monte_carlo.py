"""The propensity family over 2,000 studies each: right where it says so, and broken in the direction that it says.

Everything is in Monte Carlo standard errors (Morris, White and Crowther 2019, doi 10.1002/sim.8086), seeds fixed.
"""

from collections import Counter
from functools import partial
from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._specification import Score
from biasim.methods.cox_entropy_balanced import cox_entropy_balanced
from biasim.methods.cox_exactly_matched import cox_exactly_matched
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_optimally_matched import cox_optimally_matched
from biasim.methods.cox_risk_set_matched import cox_risk_set_matched
from biasim.methods.cox_score_adjusted import cox_score_adjusted
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted

pytestmark = pytest.mark.long
REPLICATES = 2000
HALF, STRONG = log(0.6), log(0.4)

MARGINAL = {"pooled": "marginal"}  # one baseline hazard for all risk sets


def measured(make, size, seed, *, log_ratio=0.0, levels=0, shift=-0.3, slope=0.8, square=0.0, bend=0.0, hidden=0.0):
    """Exposure fixed at time zero, exponential survival; x is normal or one of three levels, the second column is noise."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-1, 2, size).astype(float) if levels else rng.standard_normal(size)
    noise, unseen = rng.standard_normal((2, size))
    exposed = rng.random(size) < 1 / (1 + np.exp(-(shift + slope * x + square * x**2 + hidden * unseen)))
    hazard = 0.03 * np.exp(0.7 * x + square * x**2 + bend * np.maximum(x, 0) + hidden * unseen)
    clock, lost = rng.standard_exponential(size), rng.uniform(20, 90, size)
    death = clock / (hazard * np.exp(log_ratio * exposed))
    covariates = x if levels else np.column_stack((x, noise))
    return make(np.minimum(death, lost), death <= lost, exposed, covariates=covariates)


def over_time(make, size, seed, *, log_ratio=0.0, slope=0.7, hidden=0.0, response=0.0):
    """Exposure begins when a hazard of its own says so; with `response`, a covariate known from month 3 changes both."""
    rng = np.random.default_rng(seed)
    x, unseen = rng.standard_normal((2, size))
    responds = (rng.random(size) < 0.5).astype(float)
    rate, base = 0.06 * np.exp(slope * x + hidden * unseen), 0.03 * np.exp(0.7 * x - hidden * unseen)
    wait = later(rng.standard_exponential(size), rate, rate * np.exp(response * responds), 3.0)
    clock, lost = rng.standard_exponential(size), rng.uniform(20, 90, size)
    death = later(clock, base, base * np.exp(-response * responds), 3.0)
    if log_ratio:
        death = later(clock, base, base * np.exp(log_ratio), wait)
    time = np.minimum(death, lost)
    exposed_from = np.where(wait < time, wait, np.inf)
    observed = make(
        time, death <= lost, np.isfinite(exposed_from), covariates=np.column_stack((x, responds)), exposed_from=exposed_from
    )
    return observed if not response else type(observed)(
        **{name: getattr(observed, name) for name in observed.__dataclass_fields__ if name not in ("known_from", "worked_out")},
        known_from=np.array([0.0, 3.0]),
    )  # fmt: skip


def later(clock, first, then, change):
    """When a clock runs out whose speed changes at a moment."""
    return np.where(clock < first * change, clock / first, change + (clock - first * change) / then)


def repeated(make, method, world, *, size=400, seed, replicates=REPLICATES, **parameters):
    """Estimate, error, low, high of each replicate: shape (4, replicates); at most one in a hundred may fail."""
    found = [method(world(make, size, 10_000 * seed + k), **parameters) for k in range(replicates)]
    ended = Counter(estimate.status for estimate in found)
    assert ended[Status.OK] >= 0.99 * replicates, ended
    return np.array([(e.estimate, e.standard_error, e.low, e.high) for e in found if e.status is Status.OK]).T


def bias(found, truth):
    """In Monte Carlo standard errors."""
    return (found[0].mean() - truth) / (found[0].std(ddof=1) / sqrt(found.shape[1]))


def coverage(found, truth):
    """Coverage less 95 %, in Monte Carlo standard errors."""
    return (np.mean((found[2] <= truth) & (truth <= found[3])) - 0.95) / sqrt(0.95 * 0.05 / found.shape[1])


def crossed(make, size, seed):
    """Two covariates whose product drives exposure and death."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-1.5, 1.5, (size, 2))
    product = values.prod(axis=1)
    exposed = rng.random(size) < 1 / (1 + np.exp(0.3 - 1.2 * product))
    death, lost = rng.standard_exponential(size) / (0.03 * np.exp(0.8 * product)), rng.uniform(20, 90, size)
    return make(np.minimum(death, lost), death <= lost, exposed, covariates=values)


LEVELS = partial(measured, levels=3)
EXACT = {  # the error is right: coverage on both sides
    "stratified": (cox_stratified_score, {"strata": 12}, partial(LEVELS, log_ratio=HALF), HALF),
    "adjusted": (cox_score_adjusted, {}, measured, 0.0),
    "adjusted with an effect": (cox_score_adjusted, {"robust": True}, partial(measured, log_ratio=HALF), HALF),
    "optimal": (cox_optimally_matched, {"caliper": 0.02}, measured, 0.0),
    "pairs with interactions": (
        cox_matched, {"caliper": 0.02, "using": Score(specification="interactions")}, crossed, 0.0
    ),
    "optimal with interactions": (cox_optimally_matched, {"caliper": 0.02, "specification": "interactions"}, crossed, 0.0),
    "adjusted with interactions": (cox_score_adjusted, {"specification": "interactions"}, crossed, 0.0),
    "exact in many strata": (
        cox_exactly_matched, {"bins": 60, "cut": "quantiles", "clusters": "stratum", "using": ("x0",)}, measured, 0.0
    ),
    "risk sets, to the end": (cox_risk_set_matched, MARGINAL | {"later": "ignored", "caliper": 0.05}, over_time, 0.0),
    "risk sets, own baselines": (
        cox_risk_set_matched, {"pooled": "stratified", "caliper": 0.05}, partial(over_time, log_ratio=HALF), HALF
    ),
    "risk sets, two controls": (
        cox_risk_set_matched, {"pooled": "stratified", "caliper": 0.1, "ratio": 2}, partial(over_time, log_ratio=HALF), HALF
    ),
    "risk sets, response known late": (
        cox_risk_set_matched, MARGINAL | {"later": "ignored", "caliper": 0.05}, partial(over_time, response=1.0), 0.0
    ),
}  # fmt: skip
CONSERVATIVE = {  # weights are taken as known: intervals too wide where covariates tell about survival, never too narrow
    "strata, marginal": (cox_stratified_score, {"strata": 12, "pooled": "marginal"}, LEVELS),
    "strata, marginal, att": (cox_stratified_score, {"strata": 12, "pooled": "marginal", "target": "att"}, LEVELS),
    "entropy": (cox_entropy_balanced, {}, measured),
    "entropy, att": (cox_entropy_balanced, {"target": "att"}, measured),
    "entropy of two moments": (cox_entropy_balanced, {"moments": 2}, partial(LEVELS, square=0.6, shift=-0.6)),
    "exact": (cox_exactly_matched, {"bins": None}, LEVELS),
    "exact, ate": (cox_exactly_matched, {"bins": None, "target": "ate"}, LEVELS),
    "weighted with interactions": (cox_weighted, {"specification": "interactions"}, crossed),
}
BROKEN = {  # sign of the bias; the truth is 0 unless said
    "two strata": (cox_stratified_score, {"strata": 2}, measured, +1),
    "two strata, marginal": (cox_stratified_score, {"strata": 2, "pooled": "marginal"}, measured, +1),
    "a hazard that bends": (cox_score_adjusted, {}, partial(measured, slope=1.5, shift=-1.0, bend=3.0), +1),
    "a moment not balanced": (cox_entropy_balanced, {}, partial(measured, square=0.4, shift=-0.6), +1),
    "a score that is not linear": (cox_weighted, {}, partial(measured, square=0.4, shift=-0.6), +1),
    "a score that is not additive": (cox_weighted, {}, crossed, +1),
    "a score that is not additive, pairs": (cox_matched, {}, crossed, +1),
    "a score that is not additive, optimal pairs": (cox_optimally_matched, {}, crossed, +1),
    "a score that is not additive, strata": (cox_stratified_score, {}, crossed, +1),
    "a score that is not additive, adjusted": (cox_score_adjusted, {}, crossed, +1),
    "wide bins": (cox_exactly_matched, {"bins": 2, "using": ("x0",)}, measured, +1),
    "pairs at any price": (cox_optimally_matched, {"caliper": None}, partial(measured, slope=1.2, shift=-0.2), +1),
    "hidden, strata": (cox_stratified_score, {}, partial(measured, hidden=0.7), +1),
    "hidden, adjusted": (cox_score_adjusted, {}, partial(measured, hidden=0.7), +1),
    "hidden, entropy": (cox_entropy_balanced, {"moments": 3}, partial(measured, hidden=0.7), +1),
    "hidden, exact": (cox_exactly_matched, {"bins": 6}, partial(measured, hidden=0.7), +1),
    "hidden, optimal": (cox_optimally_matched, {}, partial(measured, hidden=0.7), +1),
    "hidden, risk sets": (cox_risk_set_matched, MARGINAL | {"later": "ignored"}, partial(over_time, hidden=0.7), -1),
    "controls censored, the sick are exposed": (cox_risk_set_matched, MARGINAL, over_time, +1),
    "controls censored, the healthy are exposed": (cox_risk_set_matched, MARGINAL, partial(over_time, slope=-0.7), -1),
}


@pytest.mark.parametrize("case", EXACT)
def test_right(make, case):
    method, parameters, world, truth = EXACT[case]
    found = repeated(make, method, world, size=600, seed=1, **parameters)
    assert abs(bias(found, truth)) < 3
    assert abs(coverage(found, truth)) < 4


@pytest.mark.parametrize("case", CONSERVATIVE)
def test_right_with_wide_intervals(make, case):
    method, parameters, world = CONSERVATIVE[case]
    found = repeated(make, method, world, size=600, seed=2, **parameters)
    assert abs(bias(found, 0.0)) < 3
    assert coverage(found, 0.0) > -4
    assert sqrt(np.mean(found[1] ** 2)) < 1.25 * found[0].std()


@pytest.mark.parametrize("case", BROKEN)
def test_broken(make, case):
    method, parameters, world, sign = BROKEN[case]
    found = repeated(make, method, world, seed=3, replicates=500, **parameters)
    assert sign * bias(found, 0.0) > 10


def test_errors_by_few_strata_are_too_small(make):
    """As its docstring says of the sandwich by stratum with three of them."""
    found = repeated(make, cox_exactly_matched, LEVELS, seed=4, bins=None, clusters="stratum")
    assert coverage(found, 0.0) < -10


def test_an_effect_is_diluted_where_controls_are_followed_beyond_their_exposure(make):
    found = repeated(
        make, cox_risk_set_matched, partial(over_time, log_ratio=STRONG), seed=5, replicates=500, later="ignored",
        pooled="stratified",
    )  # fmt: skip
    assert bias(found, STRONG) > 10
    assert found[0].mean() < -0.2


def test_splines_repair_the_adjustment_for_a_hazard_that_bends(make):
    world = partial(measured, slope=1.5, shift=-1.0, bend=3.0)
    line = repeated(make, cox_score_adjusted, world, seed=6, replicates=500)
    bent = repeated(make, cox_score_adjusted, world, seed=6, replicates=500, form="splines")
    assert abs(bent[0].mean()) < line[0].mean() / 4


@pytest.mark.parametrize(("method", "plain", "bent"), [
    (cox_weighted, {}, {"specification": "splines"}),
    (cox_weighted, {}, {"specification": "both"}),
])  # fmt: skip
def test_splines_repair_a_score_that_is_not_linear(make, method, plain, bent):
    """Not all of it: a restricted spline is straight in the tails, where the true logit is not."""
    world = partial(measured, square=0.4, shift=-0.6)
    before = repeated(make, method, world, seed=11, replicates=500, **plain)
    after = repeated(make, method, world, seed=11, replicates=500, **bent)
    assert bias(before, 0.0) > 10
    assert abs(after[0].mean()) < before[0].mean() / 5


def test_five_strata_leave_a_tenth(make):
    """Cochran's rule, for a hazard ratio."""
    crude = repeated(make, cox_stratified_score, measured, seed=7, strata=1)
    five = repeated(make, cox_stratified_score, measured, seed=7)
    assert 0.05 < five[0].mean() / crude[0].mean() < 0.15


@pytest.fixture(scope="module")
def marginal(make):
    """Log hazard ratios of all treated against none treated, the same patients, in everyone and in the exposed."""
    from biasim.methods.cox import cox

    rng = np.random.default_rng(8)
    size = 400_000
    x = rng.integers(-1, 2, size).astype(float)
    clock, lost = rng.standard_exponential(size), rng.uniform(20, 90, size)
    chance = 1 / (1 + np.exp(-(-0.3 + 0.8 * x)))

    def truth(kept):
        both = np.concatenate((kept, kept))
        arm = np.repeat([True, False], len(kept))
        death = clock[both] / (0.03 * np.exp(0.7 * x[both] + HALF * arm))
        found = cox(make(np.minimum(death, lost[both]), death <= lost[both], arm, patient=both), robust=True)
        return found.estimate, found.standard_error

    return {"ate": truth(np.arange(size)), "att": truth(np.flatnonzero(rng.random(size) < chance))}


@pytest.mark.parametrize("target", ["ate", "att"])
@pytest.mark.parametrize(("method", "parameters"), [
    (cox_stratified_score, {"strata": 12, "pooled": "marginal"}), (cox_entropy_balanced, {"moments": 2}),
    (cox_exactly_matched, {"bins": None}),
])  # fmt: skip
def test_the_marginal_hazard_ratio_of_its_population(make, marginal, method, parameters, target):
    """A true effect: marginal is nearer to 0 than conditional, and differs between everyone and the exposed."""
    truth, error = marginal[target]
    assert HALF + 10 * error < truth < 0
    found = repeated(make, method, partial(LEVELS, log_ratio=HALF), size=800, seed=9, target=target, **parameters)
    spread = sqrt(found[0].var(ddof=1) / found.shape[1] + error**2)
    assert abs(found[0].mean() - truth) < 3 * spread
    assert coverage(found, truth) > -4


def test_optimal_pairs_against_greedy_ones(make):
    """Both are right; the optimal ones are not less precise."""
    greedy = repeated(make, cox_matched, measured, seed=10, caliper=0.02, replicates=1000)
    optimal = repeated(make, cox_optimally_matched, measured, seed=10, caliper=0.02, replicates=1000)
    assert abs(bias(optimal, 0.0)) < 3
    assert optimal[0].std() < 1.1 * greedy[0].std()
