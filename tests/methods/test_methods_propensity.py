"""The propensity family by hand, what must not change it, and what it says where it has no answer."""

from dataclasses import replace

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods import cox_exactly_matched as exactly
from biasim.methods import cox_optimally_matched as optimally
from biasim.methods import cox_risk_set_matched as over_time
from biasim.methods import cox_stratified_score as strata
from biasim.methods._checks import take
from biasim.methods._lots import lots
from biasim.methods._propensity import balance_table, propensity_score, weighted
from biasim.methods._risk_sets import followed, risk_set_links, until_exposure
from biasim.methods._specification import specified
from biasim.methods.cox import cox
from biasim.methods.cox_entropy_balanced import balanced as entropy
from biasim.methods.cox_entropy_balanced import cox_entropy_balanced
from biasim.methods.cox_exactly_matched import cox_exactly_matched
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_optimally_matched import cox_optimally_matched
from biasim.methods.cox_risk_set_matched import cox_risk_set_matched
from biasim.methods.cox_score_adjusted import cox_score_adjusted
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted

approx = pytest.approx
FIXED = {
    "stratified": (cox_stratified_score, {}),
    "stratified_marginal": (cox_stratified_score, {"pooled": "marginal"}),
    "adjusted": (cox_score_adjusted, {}),
    "adjusted_splines": (cox_score_adjusted, {"form": "splines", "robust": True}),
    "entropy": (cox_entropy_balanced, {}),
    "entropy_att": (cox_entropy_balanced, {"target": "att", "moments": 2}),
    "exact": (cox_exactly_matched, {"bins": 3}),
    "exact_ate": (cox_exactly_matched, {"bins": 3, "target": "ate", "cut": "quantiles"}),
    "optimal": (cox_optimally_matched, {}),
    "weighted_both": (cox_weighted, {"specification": "both"}),
}
RISK = {
    "risk": (cox_risk_set_matched, {"ratio": 2, "pooled": "marginal"}),
    "risk_stratified": (cox_risk_set_matched, {"pooled": "stratified"})}
METHODS = FIXED | RISK
WITH_WEIGHTS = [name for name in METHODS if not name.startswith("adjusted")]


def same(one, other, *, rel=1e-9):
    assert one.status is other.status is Status.OK
    assert one.estimate == approx(other.estimate, rel=rel, abs=1e-12)
    assert one.standard_error == approx(other.standard_error, rel=rel)


def data_of(simulated, name, size=300, seed=21, **options):
    return simulated(size, seed, over_time=name in RISK, **options)


# By hand


@pytest.fixture
def saturated(make):
    """1 of 4 exposed where x = 0, 3 of 4 where x = 1."""
    exposed = [1, 0, 0, 0, 1, 1, 1, 0]
    return make([5, 4, 6, 7, 2, 9, 3, 8], np.ones(8), exposed, covariates=np.repeat([0.0, 1.0], 4), names=("x",))


def test_all_weights_of_a_saturated_score_agree(saturated):
    exposed, p = saturated.exposed, np.repeat([0.25, 0.75], 4)
    ate, att = np.where(exposed, 1 / p, 1 / (1 - p)), np.where(exposed, 1, p / (1 - p))
    for target, expected in (("ate", ate), ("att", att)):
        assert strata.balanced(saturated, strata=4, target=target).weights == approx(expected)
        assert exactly.balanced(saturated, bins=None, target=target).weights == approx(expected)
        assert exactly.balanced(saturated, bins=2, target=target).weights == approx(expected)
        assert entropy(saturated, target=target).weights == approx(expected)
    found = cox_weighted(saturated)
    same(cox_stratified_score(saturated, strata=4, pooled="marginal"), found)
    same(cox_exactly_matched(saturated, target="ate"), found)
    same(cox_entropy_balanced(saturated), found)
    assert found.estimate != approx(cox(saturated).estimate)


def test_a_stratum_with_one_arm_is_left_out(make):
    # x = 0: 1 of 2 exposed, x = 1: 2 of 3, x = 2: the exposed alone
    exposed = [1, 0, 1, 1, 0, 1, 1]
    observed = make([3, 5, 2, 6, 4, 1, 7], np.ones(7), exposed, covariates=[0, 0, 1, 1, 1, 2, 2])
    assert exactly.balanced(observed, bins=None).weights == approx([1, 1, 1, 1, 2, 0, 0])
    assert exactly.balanced(observed, bins=None, target="ate").weights == approx([2, 2, 1.5, 1.5, 3, 0, 0])
    found = cox_exactly_matched(observed, bins=None).diagnostics
    assert (found["strata"], found["left_out"], found["size"]) == (2, 2, 7)
    assert found["effective_size_unexposed"] == approx(9 / 5)


def test_bins_include_their_lower_limit(make):
    values = [0.0, 0.9, 1.0, 2.9, 3.0, 4.0]  # four bins of width 1; the largest value is in the last
    observed = make(np.arange(1.0, 7.0), np.ones(6), [1, 0, 1, 0, 1, 0], covariates=values)
    assert exactly.balanced(observed, bins=4).strata.tolist() == [0, 0, 1, 2, 3, 3]
    assert exactly.balanced(observed, bins=3, cut="quantiles").strata.tolist() == [0, 0, 1, 1, 2, 2]
    assert exactly.balanced(observed, bins=None).weights.tolist() == [0] * 6


def test_strata_between_quantiles_of_the_score(make):
    observed = make(np.arange(1.0, 9.0), np.ones(8), [0, 0, 1, 0, 1, 0, 1, 1], covariates=np.arange(8.0))
    assert strata.balanced(observed, strata=4).strata.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert strata.balanced(observed, strata=2, target="att").strata.tolist() == [0, 0, 0, 0, 0, 0, 1, 1]  # exposed: 2 4 6 7


def test_strata_that_are_the_levels_of_a_covariate(simulated):
    observed = simulated(300, 4)
    level = np.digitize(observed.covariates[:, :1], [-0.5, 0.5]).astype(float)
    observed = replace(observed, covariates=level, names=("level",))
    same(cox_stratified_score(observed, strata=30), cox(observed, strata=("level",)))
    assert cox_stratified_score(observed, strata=30).diagnostics["strata"] == 3
    one = cox_stratified_score(observed, strata=1)
    same(one, cox(observed))
    assert one.estimand == "conditional_log_hazard_ratio"


def test_the_score_of_one_covariate_is_that_covariate(simulated):
    observed = simulated(300, 5, covariates=1, late=True)
    same(cox_score_adjusted(observed), cox(observed, adjust=True), rel=1e-8)
    same(cox_score_adjusted(observed, robust=True), cox(observed, adjust=True, robust=True), rel=1e-8)
    found = cox_score_adjusted(observed).diagnostics
    assert found["smd_score"] == approx(found["max_smd_before"])


def test_optimal_pairs_where_greedy_is_short_sighted(make):
    # exposed at 2 and 1, unexposed at 1.4, 3.1 and far away; greedy gives 1.4 to 2
    observed = make([5, 4, 6, 7, 2], np.ones(5), [1, 1, 0, 0, 0], covariates=[2.0, 1.0, 1.4, 3.1, -9.0])
    made = optimally.balanced(observed, caliper=None)
    assert sorted(zip(made.links.of_set.tolist(), made.links.row.tolist(), strict=True)) == [(0, 0), (0, 3), (1, 1), (1, 2)]
    assert made.distance == approx((1.1 + 0.4) / 2 / np.std([2.0, 1.0, 1.4, 3.1, -9.0], ddof=1), rel=1e-8)
    assert made.weights.tolist() == [1, 1, 1, 1, 0]


def test_optimal_pairs_of_twins_are_all_pairs(make):
    rng = np.random.default_rng(6)
    value, more = rng.standard_normal(60), rng.standard_normal(40) - 1.0
    covariates = np.concatenate((value, value, more))
    observed = make(rng.exponential(10, 160), np.ones(160), np.arange(160) < 60, covariates=covariates)
    found = cox_optimally_matched(observed)
    same(found, cox_matched(observed))
    assert found.diagnostics["matched"] == 60
    assert found.diagnostics["distance"] < 1e-9


@pytest.fixture
def waiting(make):
    """Exposed from 2 (row 0), 4 (row 1) and 6 (row 2), then three never exposed; row 5 enters late."""
    return make(
        [9, 12, 8, 5, 7, 10], [1, 1, 0, 1, 1, 0], [1, 1, 1, 0, 0, 0], exposed_from=[2, 4, 6, np.inf, np.inf, np.inf],
        entry=[0, 0, 0, 0, 0, 3], covariates=[0.0, 1.0, 2.0, 0.1, 1.2, 1.3],
    )  # fmt: skip


def test_person_time_until_exposure(waiting):
    rows, stage, row = until_exposure(waiting)
    assert rows.time.tolist() == [2, 4, 6, 5, 7, 10]
    assert rows.entry.tolist() == [-1, -1, -1, -1, -1, 3]  # at risk at time zero itself
    assert rows.event.tolist() == [True, True, True, False, False, False]
    assert not stage.any()
    late, stage, row = until_exposure(replace(waiting, known_from=np.array([4.0])))
    assert (stage.tolist(), row.tolist()) == ([0] * 6 + [1] * 5, [0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
    assert late.covariates[:6, 0] == approx(waiting.covariates.mean())  # not known yet: the same for all
    assert late.covariates[6:, 0].tolist() == [1.0, 2.0, 0.1, 1.2, 1.3]
    assert late.event.tolist() == [True] + [False] * 5 + [True, True, False, False, False]  # the one at 4 knows it
    before = replace(waiting, entry=np.array([0.0, 5.0, 0.0, 0.0, 0.0, 3.0]))
    assert 1 not in until_exposure(before)[2]  # exposed before she entered


def test_sets_at_the_moment_of_exposure(waiting):
    links = risk_set_links(waiting, caliper=None)
    # at 2 row 0 takes 3; at 4 row 1 takes 4 (row 5 is as far as 1.3); at 6 row 2 takes 5
    assert links.row.tolist() == [0, 1, 2, 3, 4, 5]
    sample = followed(waiting, links, censored=True)
    assert sample.time.tolist() == [7, 8, 2, 3, 3, 4]
    assert sample.event.tolist() == [True, True, False, True, True, False]
    assert sample.exposed.tolist() == [True] * 3 + [False] * 3


def test_a_control_until_her_own_exposure(make):
    observed = make(
        [9, 12, 8, 5], [1, 1, 0, 1], [1, 1, 0, 0], exposed_from=[2, 4, np.inf, np.inf], covariates=[0.5, 0.4, 2.0, 0.1]
    )
    links = risk_set_links(observed, caliper=None)
    assert (links.row.tolist(), links.of_set.tolist()) == ([0, 1, 1, 3], [0, 1, 0, 1])  # row 1 in both roles
    censored, ignored = followed(observed, links, censored=True), followed(observed, links, censored=False)
    assert (censored.time.tolist(), censored.event.tolist()) == ([7, 8, 2, 1], [True, True, False, True])
    assert (ignored.time.tolist(), ignored.event.tolist()) == ([7, 8, 10, 1], [True, True, True, True])
    made = over_time.balanced(observed, caliper=None)
    assert made.sample.patient.tolist() == [0, 1, 1, 3]


# What a specification adds


def test_specification_is_sparing_with_columns(simulated):
    observed = simulated(400, 7)
    smaller = min(observed.exposed.sum(), (~observed.exposed).sum())
    every = np.arange(3)
    assert smaller > 130
    width = {kind: specified(observed, every, kind).shape[1] for kind in ("linear", "splines", "interactions", "both")}
    assert width == {"linear": 3, "splines": 9, "interactions": 6, "both": 12}
    few = take(observed, np.concatenate((np.flatnonzero(observed.exposed)[:55], np.flatnonzero(~observed.exposed))))
    assert specified(few, every, "splines").shape[1] == 5  # 55 exposed have room for five columns: one covariate bent
    assert specified(few, every, "interactions").shape[1] == 4
    assert specified(few, every, "both").shape[1] == 5
    many = simulated(60, 8, covariates=40)
    assert specified(many, np.arange(40), "both") is not many.covariates
    assert specified(many, np.arange(40), "both").shape[1] == 40


def test_the_covariate_furthest_out_of_balance_is_bent_first(simulated):
    observed = simulated(600, 9)  # x0 drives exposure
    turned = replace(observed, covariates=observed.covariates[:, ::-1])
    few = take(turned, np.concatenate((np.flatnonzero(turned.exposed)[:55], np.flatnonzero(~turned.exposed))))
    bent = specified(few, np.arange(3), "splines")[:, 3]
    others = [np.abs(np.corrcoef(few.covariates[:, column], bent)[0, 1]) for column in range(3)]
    assert np.argmax(others) == 2
    assert others[2] > 0.5


def test_two_valued_covariates_stay_straight(simulated):
    observed = simulated(400, 10)
    binary = replace(observed, covariates=(observed.covariates > 0).astype(float))
    assert specified(binary, np.arange(3), "splines").shape[1] == 3
    assert specified(binary, np.arange(3), "interactions").shape[1] == 6
    same(cox_weighted(binary, specification="splines"), cox_weighted(binary))


def test_interactions_saturate_two_valued_covariates(simulated):
    """Two binary covariates and their product: the score is the share of the exposed in each of the four cells."""
    observed = simulated(500, 11, covariates=2)
    observed = replace(observed, covariates=(observed.covariates > 0).astype(float))
    made = weighted(observed, specification="interactions").weights
    assert made == approx(exactly.balanced(observed, bins=None, target="ate").weights, rel=1e-8)


# What must not change


@pytest.mark.parametrize("name", METHODS)
def test_order_of_rows_and_names_of_patients(simulated, name):
    method, parameters = METHODS[name]
    for tied in (False, True):
        observed = data_of(simulated, name)
        if tied:
            observed = replace(observed, covariates=np.round(observed.covariates), time=np.ceil(observed.time))
        order = np.random.default_rng(1).permutation(observed.size)
        other = replace(take(observed, order), patient=np.arange(observed.size) * 3 + 5)
        same(method(other, **parameters), method(observed, **parameters), rel=1e-8)


@pytest.mark.parametrize("name", METHODS)
def test_units_of_covariates(simulated, name):
    method, parameters = METHODS[name]
    observed = data_of(simulated, name)
    same(method(replace(observed, covariates=observed.covariates * [1000.0, 0.01, 1.0] + 5.0), **parameters),
         method(observed, **parameters), rel=1e-7)  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_a_monotone_change_of_time(simulated, name):
    method, parameters = FIXED[name]
    observed = data_of(simulated, name, late=True)
    same(method(replace(observed, time=observed.time**2, entry=observed.entry**2), **parameters),
         method(observed, **parameters))  # fmt: skip


@pytest.mark.parametrize("name", ["stratified", "stratified_marginal", "adjusted", "entropy", "exact_ate", "weighted_both"])
def test_relabelling_exposure_flips_the_sign(simulated, name):
    method, parameters = FIXED[name]
    observed = data_of(simulated, name, size=350)
    if name.startswith("stratified"):  # limits between patients, so that both labels cut alike
        observed = take(observed, np.arange(347))
    one, other = method(observed, **parameters), method(replace(observed, exposed=~observed.exposed), **parameters)
    assert one.estimate == approx(-other.estimate, rel=1e-7)
    assert one.standard_error == approx(other.standard_error, rel=1e-7)


@pytest.mark.parametrize("name", ["stratified_marginal", "adjusted", "entropy", "entropy_att", "exact", "exact_ate"])
def test_everyone_twice(simulated, name):
    """Breslow: the same estimate, and half the variance."""
    method, parameters = FIXED[name]
    parameters = {**parameters, "ties": "breslow"}
    observed = data_of(simulated, name)
    if name == "stratified_marginal":
        parameters["strata"] = 1
    if name == "exact_ate":
        parameters["cut"] = "width"
    twice = take(observed, np.repeat(np.arange(observed.size), 2))
    one, two = method(observed, **parameters), method(replace(twice, patient=np.arange(twice.size)), **parameters)
    assert two.estimate == approx(one.estimate, rel=1e-7)
    assert two.standard_error == approx(one.standard_error / np.sqrt(2), rel=1e-7)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_balance_improves_and_joins_the_love_plot(simulated, name):
    method, parameters = METHODS[name]
    observed = data_of(simulated, name, size=800, seed=23, confounding=1.0)
    rows = balance_table(observed, method.__name__, {**parameters, "ties": "efron"})
    found = method(observed, **parameters).diagnostics
    assert [row[0] for row in rows] == list(observed.names)
    assert found["max_smd_before"] == approx(max(abs(before) for _, before, _ in rows))
    assert found["max_smd_after"] == approx(max(abs(after) for _, _, after in rows))
    assert found["max_smd_after"] < 0.5 * found["max_smd_before"]
    assert found["effective_size"] < observed.size + (name in RISK) * observed.size
    assert found["effective_size"] == approx(found["effective_size_exposed"] + found["effective_size_unexposed"])


def test_entropy_balances_exactly(simulated):
    observed = simulated(400, 12, confounding=1.0)
    for target in ("ate", "att"):
        assert cox_entropy_balanced(observed, target=target).diagnostics["max_smd_after"] < 1e-8
    made = entropy(observed, target="att", moments=2).weights
    inner, outer = observed.covariates[observed.exposed], observed.covariates[~observed.exposed]
    assert np.average(outer**2, axis=0, weights=made[~observed.exposed]) == approx((inner**2).mean(axis=0), rel=1e-7)
    assert made.sum() == approx(2 * observed.exposed.sum())


def test_methods_without_weights_have_no_love_plot(simulated):
    observed = simulated(200, 13)
    assert balance_table(observed, "cox_score_adjusted") == []
    assert balance_table(observed, "cox_optimally_matched", {"caliper": 0.0}) == []
    assert balance_table(replace(observed, exposed=np.ones(observed.size, dtype=bool)), "cox_entropy_balanced") == []


def test_one_score_serves_all(simulated):
    observed = simulated(200, 14)
    assert propensity_score(observed) is propensity_score(observed)
    assert propensity_score(observed) is not propensity_score(observed, specification="splines")


def test_lots_do_not_prefer_early_deaths(make):
    rng = np.random.default_rng(15)
    observed = make(rng.exponential(10, 4000), np.ones(4000), np.arange(4000) % 2, covariates=np.zeros(4000))
    rank = np.argsort(np.argsort(lots(observed)))
    for column in (observed.time, observed.exposed.astype(float)):
        assert abs(np.corrcoef(rank, column)[0, 1]) < 4 / np.sqrt(4000)
    assert len(np.unique(rank)) == 4000


@pytest.mark.parametrize("name", ["stratified", "stratified_marginal", "adjusted", "entropy"])
def test_rounding_moves_nobody(simulated, name):
    """Scores that differ in the 15th digit only are on the same side of a limit."""
    method, parameters = METHODS[name]
    observed = data_of(simulated, name, size=301)
    observed = replace(observed, covariates=np.round(observed.covariates) + 3.0)
    noise = 1e-15 * np.random.default_rng(2).standard_normal(observed.covariates.shape)
    same(method(replace(observed, covariates=observed.covariates * (1 + noise)), **parameters),
         method(observed, **parameters), rel=1e-7)  # fmt: skip


# What it says where it has no answer


@pytest.mark.parametrize("name", METHODS)
def test_no_score(simulated, name):
    method, parameters = METHODS[name]
    observed = data_of(simulated, name, size=120)
    itself = replace(observed, covariates=np.column_stack((observed.covariates, observed.exposed)), names=(*observed.names, "s"))
    found = method(itself, **parameters)
    if not name.startswith(("risk", "exact")):
        assert found.status is Status.SEPARATION
        assert found.message.startswith(("propensity score", "entropy balancing"))
    elif name.startswith("exact"):
        assert found.status is Status.NO_MATCHES
        assert "her like" in found.message
    for values in (np.empty((observed.size, 0)), np.ones((observed.size, 1))):
        nothing = replace(observed, covariates=values, names=("one",)[: values.shape[1]])
        assert method(nothing, **parameters).status is Status.NO_COVARIATES
    missing = np.array(observed.covariates)
    missing[3, 1] = np.nan
    found = method(replace(observed, covariates=missing), **parameters)
    assert found.status is Status.MISSING_VALUES
    assert np.isnan(found.estimate)
    assert method(replace(observed, covariates=missing), **parameters, using=("x0", "x2")).status is Status.OK


def test_statuses_of_its_own(simulated, make):
    observed = simulated(120, 16, confounding=0.5)
    apart = replace(observed, covariates=observed.covariates + 50.0 * observed.exposed[:, None])
    assert "none exist" in cox_entropy_balanced(apart).message
    found = cox_stratified_score(observed, strata=5000)
    assert found.status is Status.NO_MATCHES
    assert "none of 5000 strata" in found.message
    assert cox_optimally_matched(observed, caliper=0.0).status is Status.NO_MATCHES
    late = simulated(120, 16, over_time=True)
    assert cox_risk_set_matched(late, caliper=0.0).status is Status.NO_MATCHES
    started = replace(late, exposed_from=np.where(late.exposed, 0.0, np.inf), entry=np.full(late.size, 1e-3))
    found = cox_risk_set_matched(started)
    assert found.status is Status.NOBODY_EXPOSED
    assert "becomes exposed during follow-up" in found.message
    upfront = cox_risk_set_matched(replace(late, exposed_from=np.where(late.exposed, 0.0, np.inf)))
    assert upfront.status is Status.OK  # exposed at time zero, beside those who are not
    early = cox_risk_set_matched(replace(late, known_from=np.full(3, 500.0)))
    assert early.status is Status.NO_COVARIATES


def test_claims(simulated):
    conditional = {"stratified", "adjusted", "adjusted_splines", "risk_stratified"}
    in_exposed = {"entropy_att", "exact", "optimal", "risk", "stratified_att"}
    both = {**METHODS, "stratified_att": (cox_stratified_score, {"pooled": "marginal", "target": "att"})}
    for name, (method, parameters) in both.items():
        found = method(data_of(simulated, name, size=500), **parameters)
        claim = f"{'conditional' if name in conditional else 'marginal'}_log_hazard_ratio"
        assert found.estimand == claim + ("(target=exposed)" if name in in_exposed else "")
        assert found.diagnostics["e_value"] >= 1.0
