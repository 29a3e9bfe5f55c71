"""The propensity family against R: survival, survey (raking), MatchIt (strata), Hmisc, splines, lpSolve, a loop for risk sets.

The recipe is tests/reference/propensity/make_propensity.R.
"""

from dataclasses import replace

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods import cox_optimally_matched as optimal
from biasim.methods._risk_sets import risk_set_links
from biasim.methods._specification import Score
from biasim.methods.cox_entropy_balanced import cox_entropy_balanced
from biasim.methods.cox_exactly_matched import cox_exactly_matched
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_optimally_matched import cox_optimally_matched
from biasim.methods.cox_risk_set_matched import cox_risk_set_matched
from biasim.methods.cox_score_adjusted import cox_score_adjusted
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted

approx = pytest.approx
NAMES = ("age", "size", "grade", "her2", "response")
TWO = ("age", "size")
FEW = ("grade", "her2", "response")
CASES = {
    "stratified": (cox_stratified_score, {}),
    "stratified_breslow_3": (cox_stratified_score, {"strata": 3, "ties": "breslow"}),
    "stratified_marginal": (cox_stratified_score, {"pooled": "marginal"}),
    "stratified_att": (cox_stratified_score, {"pooled": "marginal", "target": "att"}),
    "adjusted": (cox_score_adjusted, {}),
    "adjusted_robust": (cox_score_adjusted, {"robust": True}),
    "adjusted_probability": (cox_score_adjusted, {"scale": "probability"}),
    "adjusted_splines": (cox_score_adjusted, {"form": "splines"}),
    "weighted_splines": (cox_weighted, {"specification": "splines"}),
    "weighted_interactions": (cox_weighted, {"specification": "interactions", "using": TWO}),
    "weighted_both": (cox_weighted, {"specification": "both", "using": TWO}),
    "entropy_ate": (cox_entropy_balanced, {}),
    "entropy_att": (cox_entropy_balanced, {"target": "att"}),
    "entropy_ate_2": (cox_entropy_balanced, {"moments": 2}),
    "entropy_att_2": (cox_entropy_balanced, {"target": "att", "moments": 2}),
    "exact": (cox_exactly_matched, {"bins": None, "using": FEW}),
    "exact_by_stratum": (cox_exactly_matched, {"bins": None, "using": FEW, "clusters": "stratum"}),
    "exact_ate": (cox_exactly_matched, {"bins": None, "using": FEW, "target": "ate"}),
    "exact_ate_by_stratum": (cox_exactly_matched, {"bins": None, "using": FEW, "target": "ate", "clusters": "stratum"}),
    "coarsened": (cox_exactly_matched, {}),
    "coarsened_by_stratum": (cox_exactly_matched, {"clusters": "stratum"}),
    "coarsened_quantiles": (cox_exactly_matched, {"bins": 3, "cut": "quantiles", "using": NAMES[:3]}),
    "optimal": (cox_optimally_matched, {}),
    "optimal_pooled": (cox_optimally_matched, {"caliper": 0.05, "scale": "pooled"}),
    "risk": (cox_risk_set_matched, {"pooled": "marginal"}),
    "risk_stratified": (cox_risk_set_matched, {"pooled": "stratified"}),
    "risk_late": (cox_risk_set_matched, {"pooled": "marginal"}),
    "risk_late_stratified": (cox_risk_set_matched, {"pooled": "stratified"}),
    "risk_late_3": (cox_risk_set_matched, {"ratio": 3, "caliper": 0.5, "later": "ignored", "pooled": "marginal"}),
    "risk_late_3_stratified": (
        cox_risk_set_matched, {"ratio": 3, "caliper": 0.5, "later": "ignored", "pooled": "stratified"}
    ),
    "risk_none": (cox_risk_set_matched, {"caliper": None, "using": TWO, "pooled": "marginal"}),
    "risk_none_stratified": (cox_risk_set_matched, {"caliper": None, "using": TWO, "pooled": "stratified"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def recipe(make, read):
    columns = read("propensity/patients.csv")
    observed = make(
        columns["time"], columns["event"], columns["exposed"], covariates=np.column_stack([columns[name] for name in NAMES]),
        names=NAMES, exposed_from=columns["started"],
    )  # fmt: skip
    known = read("propensity/expected.csv")
    values = zip(known["estimate"].tolist(), known["standard_error"].tolist(), strict=True)
    return observed, dict(zip(known["case"].tolist(), values, strict=True)), read("propensity/weights.csv")


def seen(case, observed):
    """The data as a case sees them: response known from month 3 where its name says late."""
    return replace(observed, known_from=np.array([0.0, 0.0, 0.0, 0.0, 3.0])) if "late" in case else observed


@pytest.mark.parametrize("case", CASES)
def test_estimate_and_error(recipe, case):
    observed, known, _ = recipe
    method, parameters = CASES[case]
    found = method(seen(case, observed), **parameters)
    estimate, error = known[case]
    assert found.status is Status.OK
    assert found.estimate == approx(estimate, rel=1e-8)
    assert found.standard_error == approx(error, rel=1e-8)
    assert found.high - found.low == approx(2 * 1.959963984540054 * error, rel=1e-8)


@pytest.mark.parametrize("case", [
    "stratified_marginal", "stratified_att", "weighted_splines", "weighted_interactions", "weighted_both", "entropy_ate",
    "entropy_att", "entropy_ate_2", "entropy_att_2", "exact", "exact_ate", "coarsened", "coarsened_quantiles", "optimal",
    "optimal_pooled",
])  # fmt: skip
def test_weights(recipe, case):
    observed, _, weights = recipe
    method, parameters = CASES[case]
    make = __import__(method.__module__, fromlist=["balanced"]).balanced
    made = make(observed, **{name: value for name, value in parameters.items() if name not in ("pooled", "clusters")})
    assert made.weights == approx(weights[case], rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("case", ["optimal", "optimal_pooled"])
def test_optimal_pairs_have_the_smallest_total(recipe, case):
    observed, known, _ = recipe
    parameters = CASES[case][1]
    made = optimal.balanced(observed, **parameters)
    pairs, total = known[f"{case}_matched_and_price"]
    exposed = np.count_nonzero(observed.exposed)
    assert made.links.of_set.max() + 1 == pairs
    assert made.distance * pairs + parameters.get("caliper", 0.2) * (exposed - pairs) == approx(total, rel=1e-8)
    greedy = cox_matched(observed, **parameters).diagnostics["matched"]
    assert greedy <= pairs + 5  # greedy pairs more by pairing worse; its total is compared in tests/kernels


@pytest.mark.parametrize("case", ["risk", "risk_late", "risk_late_3", "risk_none"])
def test_sets_of_the_risk_sets(recipe, case):
    observed, known, _ = recipe
    observed = seen(case, observed)
    parameters = CASES[case][1]
    found = cox_risk_set_matched(observed, **parameters).diagnostics
    assert (found["matched"], found["controls"]) == known[f"{case}_sets_and_controls"]
    links = risk_set_links(observed, **{name: value for name, value in parameters.items() if name not in ("later", "pooled")})
    head, controls = links.row[: links.of_set.max() + 1], links.row[links.of_set.max() + 1 :]
    moment = observed.exposed_from[head][links.of_set[len(head) :]]
    assert (np.minimum(observed.time, observed.exposed_from)[controls] > moment).all()
    stages = (moment >= 3.0) & ("late" in case)
    assert len({*zip(controls.tolist(), stages.tolist(), strict=True)}) == len(controls)  # once in a stage


def test_a_matched_set_after_re_specification(recipe):
    """The score of cox_matched may be specified, too: the same columns as those of cox_weighted."""
    observed, _, _ = recipe
    linear = cox_matched(observed, using=TWO)
    assert cox_matched(observed, using=Score(TWO)).estimate == linear.estimate
    bent = cox_matched(observed, using=Score(TWO, "both"))
    assert bent.status is Status.OK
    assert bent.estimate != linear.estimate
