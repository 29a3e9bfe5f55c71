"""Methods against R: the Stanford heart data, restricted means and log-rank tests, lalonde, and a recipe of our own."""



import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._propensity import balance_table, matched, weighted
from biasim.methods.cox import cox
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst
from biasim.types import Observed

approx = pytest.approx

COVARIATES = ("age48", "surgery", "year")


@pytest.fixture(scope="module")
def stanford(make, read):
    jasa = read("jasa.csv")
    wait = np.where(jasa["wait_time"] == jasa["futime"], jasa["wait_time"] - 0.5, jasa["wait_time"])  # as in `heart`

    def built(*, shortest: float = 0.0):
        return make(
            np.maximum(jasa["futime"], shortest), jasa["fustat"], jasa["transplant"],
            covariates=np.column_stack([jasa[name] for name in COVARIATES]), names=COVARIATES, exposed_from=wait,
        )

    return built


@pytest.mark.parametrize("adjust", [False, True])
def test_ever_transplanted(stanford, expected, adjust):
    known = expected["stanford"][f"naive_ever_{'adjusted' if adjust else 'unadjusted'}"]
    check(cox(stanford(), adjust=adjust), known["coef"]["transplant"], known["se"]["transplant"])


@pytest.mark.parametrize("adjust", [False, True])
def test_transplanted_over_time(stanford, expected, adjust):
    known = expected["stanford"][f"own_split_timedep_{'adjusted' if adjust else 'unadjusted'}"]
    observed = stanford(shortest=0.5)  # the one who died on the day she was accepted
    check(cox_time_dependent(observed, adjust=adjust), known["coef"]["transplant"], known["se"]["transplant"])


@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("days", [15, 30, 60, 90])
def test_transplanted_by_a_landmark(stanford, expected, days, adjust):
    known = expected["stanford"][f"landmark_{days}_{'adjusted' if adjust else 'unadjusted'}"]
    found = cox_landmark(stanford(), months=float(days), adjust=adjust)
    check(found, known["coef"]["tx"], known["se"]["tx"])
    assert found.diagnostics["size"] == known["n"]
    assert found.diagnostics["events"] == known["nevent"]
    if "n_tx" in known:
        assert found.diagnostics["exposed"] == known["n_tx"]


def test_restricted_means(make, read, expected):
    assert expected["rmst_difference"]
    for known in expected["rmst_difference"]:
        columns = read(known["file"])
        observed = make(*(columns[known[name]] for name in ("time", "event", "arm")))
        check(rmst(observed, horizon=known["tau"]), known["diff"], known["se_diff"], rel=1e-10)


CASES = {
    "cox_efron": (cox, {}),
    "cox_breslow": (cox, {"ties": "breslow"}),
    "cox_adjusted_efron": (cox, {"adjust": True}),
    "cox_adjusted_breslow": (cox, {"adjust": ("age", "stage", "marker"), "ties": "breslow"}),
    "cox_robust": (cox, {"adjust": True, "robust": True}),
    "cox_strata": (cox, {"adjust": True, "strata": ("stage",)}),
    "time_dependent": (cox_time_dependent, {}),
    "time_dependent_adjusted_robust": (cox_time_dependent, {"adjust": True, "robust": True}),
    "landmark_6": (cox_landmark, {"months": 6.0}),
    "landmark_6_adjusted": (cox_landmark, {"months": 6.0, "adjust": True}),
    "weighted_ate": (cox_weighted, {}),
    "weighted_ate_stabilised": (cox_weighted, {"stabilised": True}),
    "weighted_att": (cox_weighted, {"target": "att"}),
    "weighted_overlap": (cox_weighted, {"target": "overlap"}),
    "matched_1": (cox_matched, {}),
    "matched_2": (cox_matched, {"ratio": 2}),
    "matched_1_replace": (cox_matched, {"replace": True}),
    "matched_2_replace": (cox_matched, {"replace": True, "ratio": 2}),
    "kaplan_meier_24": (kaplan_meier, {"at": 24.0}),
    "rmst_36": (rmst, {"horizon": 36.0}),
}


@pytest.fixture(scope="module")
def recipe(make, read):
    columns = read("methods/patients.csv")
    names = ("age", "stage", "marker")
    observed = make(
        columns["time"], columns["event"], columns["exposed"], entry=columns["entry"], patient=columns["patient"],
        covariates=np.column_stack([columns[name] for name in names]), names=names, exposed_from=columns["started"],
    )
    known = read("methods/expected.csv")
    values = zip(known["estimate"].tolist(), known["standard_error"].tolist(), strict=True)
    return observed, dict(zip(known["case"].tolist(), values, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_recipe(recipe, case):
    observed, known = recipe
    method, parameters = CASES[case]
    found = method(observed, **parameters)
    check(found, *known[case])
    if case.startswith("matched"):
        heads, controls = known[f"{case}_matched_and_controls"]
        assert found.diagnostics["matched"] == heads
        assert np.count_nonzero(matched(observed, **parameters).weights) == heads + controls


def test_recipe_medians_and_log_rank(recipe):
    observed, known = recipe
    found = kaplan_meier(observed, at=24.0).diagnostics
    assert (found["median_exposed"], found["median_unexposed"]) == known["medians_exposed_unexposed"]
    fields = {name: getattr(observed, name) for name in ("names", "covariates", "exposed", "time", "event", "patient")}
    undelayed = Observed(**fields, entry=np.zeros(observed.size))
    found = kaplan_meier(undelayed, at=24.0).diagnostics
    assert (found["log_rank"], found["log_rank_p"]) == approx(known["log_rank_no_entry"], rel=1e-10)
    check(cox(undelayed), *known["cox_no_entry"])


@pytest.fixture(scope="module")
def lalonde(make, read, expected):
    columns, names = read("lalonde.csv"), tuple(expected["ps"]["lalonde"]["covariates"])
    rng = np.random.default_rng(4)
    size = len(columns["treat"])
    return make(
        rng.exponential(20, size), rng.random(size) < 0.8, columns["treat"],
        covariates=np.column_stack([columns[name] for name in names]), names=names,
    )


TARGETS = {
    "w_ate": {}, "w_ate_stab": {"stabilised": True}, "w_att": {"target": "att"}, "w_overlap": {"target": "overlap"},
    "w_ate_stab_trunc99": {"stabilised": True, "truncate": 0.99},
}


@pytest.mark.parametrize("target", TARGETS)
def test_lalonde_weights_and_balance(lalonde, read, expected, target):
    known = expected["ps"]["lalonde"]
    weights = read("ps_weights_lalonde.csv")[target]
    assert weighted(lalonde, **TARGETS[target]).weights == approx(weights, rel=1e-8)
    found = cox_weighted(lalonde, **TARGETS[target])
    assert found.diagnostics["effective_size_exposed"] == approx(known["ess"][target]["treated"], rel=1e-8)
    assert found.diagnostics["effective_size_unexposed"] == approx(known["ess"][target]["control"], rel=1e-8)
    before, after = known["smd_before_pooled"], known["smd_weighted_pooled_unweighted_sd"][target]
    rows = balance_table(lalonde, "cox_weighted", TARGETS[target])
    assert [name for name, _, _ in rows] == list(before)
    assert [row[1] for row in rows] == approx(list(before.values()), rel=1e-10)
    assert [row[2] for row in rows] == approx(list(after.values()), rel=1e-7, abs=1e-9)
    assert found.diagnostics["max_smd_before"] == approx(max(map(abs, before.values())), rel=1e-10)
    assert found.diagnostics["max_smd_after"] == approx(max(map(abs, after.values())), rel=1e-7, abs=1e-9)


def test_lalonde_matched_balance(lalonde, expected):
    for known in expected["ps"]["lalonde"]["matching"]:
        parameters = {"ratio": known["ratio"], "replace": known["replace"]}
        parameters |= {"caliper": None} if known["caliper_sd"] == "none" else {"scale": known["caliper_sd"]}
        parameters |= {"order": known["order"]} if known["order"] else {}
        found = cox_matched(lalonde, **parameters)
        assert found.status is Status.OK
        assert found.diagnostics["matched"] == known["n_treated_matched"]
        after = {name: value for name, _, value in balance_table(lalonde, "cox_matched", parameters)}
        # equal scores differ in the 16th digit from one logistic regression to another, so a few pairs may differ
        assert after == approx(known["smd_after_pooled_unmatched_sd"], abs=0.05)


def check(found, estimate, standard_error, *, rel=1e-8):
    assert found.status is Status.OK
    assert found.estimate == approx(estimate, rel=rel)
    assert found.standard_error == approx(standard_error, rel=rel)
    assert found.high - found.low == approx(2 * 1.959963984540054 * standard_error, rel=rel)
