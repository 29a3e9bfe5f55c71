"""clone_censor_weight and g_computation: by hand, plainer methods in special cases, and values from R.

tests/reference/strategies/ holds the data, R's values and the script that made them.
"""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.kernels.kaplan_meier import curve, variance_at
from biasim.methods._censoring_weights import CensoringModel
from biasim.methods._checks import take
from biasim.methods._clone_analysis import Contrast, emulation
from biasim.methods._clones import clones
from biasim.methods._standardisation import Question, fitted, standardised
from biasim.methods.clone_censor_weight import clone_censor_weight
from biasim.methods.cox import cox
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.g_computation import g_computation
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst
from biasim.types import Observed, ObservedOverTime

approx, inf = pytest.approx, np.inf
MODELS = ("none", "cox", "pooled_logistic")
CONTRASTS = ("hazard_ratio", "survival_difference", "rmst_difference")
CONTROLS = ("not_within_grace", "never")


def by(model, **options):
    return CensoringModel(model=model, **options)


def same(one, other, rel=1e-9):
    assert one.status is other.status is Status.OK, (one, other)
    assert one.estimate == approx(other.estimate, rel=rel, abs=1e-12)
    assert one.standard_error == approx(other.standard_error, rel=rel)


@pytest.fixture(scope="module")
def six(make):
    """A and B are operated within 4 months and die at 6 and 9; C and D, never, at 2 and 5; E is lost; F is operated late."""
    return make([6, 9, 2, 5, 8, 7], [1, 1, 1, 1, 0, 1], [1, 1, 0, 0, 0, 1], exposed_from=[1, 3, inf, inf, inf, 5])


def test_who_is_in_which_arm_until_when(six):
    found = clones(six, 4.0, never=False)
    assert found.operated_end.tolist() == [6, 9, 2, 4, 4, 4]
    assert found.operated_died.tolist() == [True, True, True, False, False, False]  # C's death counts in both arms
    assert found.unoperated_end.tolist() == [1, 3, 2, 5, 8, 7]
    assert found.unoperated_died.tolist() == [False, False, True, True, False, True]  # F was operated after the grace period
    assert found.put_to_the_test.tolist() == [True, True, False, True, True, True]
    never = clones(six, 4.0, never=True)
    assert never.unoperated_end.tolist() == [1, 3, 2, 5, 8, 5]
    assert not never.unoperated_died[5]
    assert never.operated_end.tolist() == found.operated_end.tolist()


def test_the_end_of_the_grace_period_belongs_to_it(make):
    observed = make([9, 4, 9, 4], [1, 1, 1, 1], [1, 0, 0, 1], exposed_from=[4, inf, 4.1, 4])
    found = clones(observed, 4.0, never=False)
    assert found.within.tolist() == [True, False, False, False]  # the last one's surgery is at her death: not seen
    assert found.operated_end.tolist() == [9, 4, 4, 4]
    assert found.operated_died.tolist() == [True, True, False, True]  # a death at its very end is not a departure
    assert found.put_to_the_test.tolist() == [True, False, True, False]


def test_curves_of_six(six):
    # operated, of 6: one of 6 at month 2, then of A and B; unoperated: 1 of 5 at 2, 1 of 3 at 5, 1 of 2 at 7
    for model in MODELS:  # without covariates all clones of an arm have one weight, which a curve does not feel
        found = clone_censor_weight(six, grace=4.0, contrast="survival_difference", months=6.5, weights=by(model))
        assert found.estimand == "survival_difference(at=6.5, grace=4, strategies=within_grace)"
        assert found.estimate == approx(5 / 6 * 1 / 2 - 4 / 5 * 2 / 3, rel=1e-12)
        found = clone_censor_weight(six, grace=4.0, contrast="rmst_difference", months=6.5, weights=by(model))
        assert found.estimand == "rmst_difference(horizon=6.5, grace=4, strategies=within_grace)"
        operated = 2 + 5 / 6 * 4 + 5 / 12 * 0.5
        unoperated = 2 + 4 / 5 * 3 + 8 / 15 * 1.5
        assert found.estimate == approx(operated - unoperated, rel=1e-12)
    assert found.diagnostics["censored_operated"] == 3
    assert found.diagnostics["censored_unoperated"] == 2


def score(beta, deaths):
    """(died operated, died unoperated, operated at risk, unoperated at risk), weights included."""
    return sum(d1 - (d1 + d0) * n1 * exp(beta) / (n1 * exp(beta) + n0) for d1, d0, n1, n0 in deaths)


def test_hazard_ratio_of_six(six):
    # surgery, at month 1 of six waiting, at 3 of four: the unoperated weigh exp(1/6) between, then exp(1/6 + 1/4)
    first, second = exp(1 / 6), exp(1 / 6 + 1 / 4)
    # of the five observed beyond month 4, one of five is operated at 1, one of four at 3
    late = 1 / (1 - exp(-(1 / 5 + 1 / 4)))
    deaths = [
        (1, first, 6, 5 * first), (0, second, 2 * late, 3 * second), (late, 0, 2 * late, 2 * second),
        (0, second, late, 2 * second),
    ]  # fmt: skip
    found = clone_censor_weight(six, grace=4.0, weights=by("cox"))
    assert found.estimand == "marginal_log_hazard_ratio(grace=4, strategies=within_grace)"
    assert score(found.estimate, deaths) == approx(0, abs=1e-12)
    assert found.diagnostics["largest_weight_operated"] == approx(late)
    assert found.diagnostics["largest_weight_unoperated"] == approx(second)
    unweighted = clone_censor_weight(six, grace=4.0, weights=by("none"))
    assert score(unweighted.estimate, [(1, 1, 6, 5), (0, 1, 2, 3), (1, 0, 2, 2), (0, 1, 1, 2)]) == approx(0, abs=1e-12)


def test_pooled_logistic_of_six(six):
    # patient-months at risk of surgery: C stays to 2, D to 4, E to 4, F to 4; month 1: 1 of 6, 2 and 4: nobody, month 3: 1 of 4;
    # months without a surgery share the intercept of the next one: 2 and 3 together, 1 of 5 + 4
    at_two, second = 1 / (1 - 1 / 6) / (1 - 1 / 9), 1 / (1 - 1 / 6) / (1 - 1 / 9) ** 2
    deaths = [
        (1, at_two, 6, 5 * at_two), (0, second, 2 * 2.5, 3 * second), (2.5, 0, 2 * 2.5, 2 * second), (0, second, 2.5, 2 * second),
    ]  # fmt: skip
    found = clone_censor_weight(six, grace=4.0, weights=by("pooled_logistic"))
    assert found.diagnostics["largest_weight_operated"] == approx(5 / 2)  # two of five are operated by month 4
    assert found.diagnostics["largest_weight_unoperated"] == approx(second)
    assert score(found.estimate, deaths) == approx(0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_weights_are_cut_at_a_quantile_of_last_weights(simulated, model):
    observed = simulated(300, 5, over_time=True)
    whole = clone_censor_weight(observed, weights=by(model))
    same(clone_censor_weight(observed, weights=by(model, truncate=1.0)), whole)
    cut = clone_censor_weight(observed, weights=by(model, truncate=0.9))
    if model == "none":
        same(cut, whole)
        return
    assert cut.diagnostics["largest_weight_operated"] < whole.diagnostics["largest_weight_operated"]
    assert cut.diagnostics["largest_weight_unoperated"] < whole.diagnostics["largest_weight_unoperated"]
    assert cut.standard_error < whole.standard_error


@pytest.mark.parametrize("extreme", [40.0, 4000.0])
def test_extreme_weights_stay_finite(simulated, extreme):
    """A covariate that all but decides: huge weights or a status, never a warning or NaN."""
    observed = simulated(200, 6, over_time=True, confounding=5.0)
    observed = replace(observed, covariates=observed.covariates * extreme)
    for model in MODELS:
        found = clone_censor_weight(observed, weights=by(model))
        assert found.status is not Status.OK or np.isfinite([found.estimate, found.standard_error]).all()


def test_operated_at_time_zero_is_a_fixed_exposure(simulated):
    """With a grace period of 0, the clones are the two arms: Kaplan-Meier, RMST and Cox of an exposure that is fixed."""
    plain = simulated(200, 7, late=True)
    observed = at_zero(plain)
    none, both = {"grace": 0.0, "weights": by("none")}, (plain.exposed, ~plain.exposed)
    fixed = cox(plain, ties="breslow", robust=True)
    same(clone_censor_weight(observed, **none), fixed)
    for months in (12.0, 30.0):
        found = clone_censor_weight(observed, contrast="survival_difference", months=months, **none)
        assert found.estimate == approx(kaplan_meier(plain, at=months).estimate, rel=1e-12)
        curves = [curve(plain.time[arm], plain.event[arm], entry=plain.entry[arm], robust=True) for arm in both]
        assert found.standard_error == approx(sqrt(sum(variance_at(one, months) for one in curves)), rel=1e-9)
        found = clone_censor_weight(observed, contrast="rmst_difference", months=months, **none)
        assert found.estimate == approx(rmst(plain, horizon=months).estimate, rel=1e-12)
        assert found.standard_error == approx(rmst(plain, horizon=months).standard_error, rel=0.02)  # Greenwood's there


@pytest.mark.parametrize("control", CONTROLS)
def test_at_time_zero_pooled_logistic_weights_are_those_of_the_propensity_score(simulated, control):
    plain = simulated(300, 8)
    observed = at_zero(plain)
    found = clone_censor_weight(observed, grace=0.0, control=control, weights=by("pooled_logistic"))
    same(found, cox_weighted(plain, ties="breslow"), rel=1e-7)
    assert clone_censor_weight(observed, grace=0.0, control=control).estimate != approx(found.estimate, rel=1e-3)


def at_zero(plain):
    """The same patients, exposed from time zero or never."""
    names = ("names", "covariates", "exposed", "entry", "time", "event", "patient")
    fields = {name: getattr(plain, name) for name in names}
    return ObservedOverTime(**fields, exposed_from=np.where(plain.exposed, 0.0, inf))


def late_and_known(simulated, size, seed):
    """Delayed entry, a covariate known from month 3, and times in tenths of a month."""
    observed = simulated(size, seed, over_time=True, late=True)
    time, entry = np.round(observed.time, 1) + 1.0, np.round(observed.entry, 1)
    start = np.round(observed.exposed_from, 1)
    return replace(
        observed, time=time, entry=entry, exposed_from=np.where(start < time, start, inf), known_from=np.array([0.0, 3.0, 0.0])
    )


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("model", MODELS)
def test_copies_are_repeated_rows(simulated, model, control):
    """A resample as copies gives what the same resample as rows gives, weights fitted anew."""
    observed = late_and_known(simulated, 120, 9)
    copies = np.random.default_rng(1).multinomial(observed.size, np.full(observed.size, 1 / observed.size)).astype(float)
    rows = take(observed, np.repeat(np.arange(observed.size), copies.astype(int)))
    options = {"grace": 6.0, "never": control == "never", "model": by(model, truncate=0.98)}
    again, written = emulation(observed, **options).resampled(copies), emulation(rows, **options)
    for contrast in CONTRASTS:
        wanted = Contrast(kind=contrast, months=24.0)
        assert again.value(wanted)[0] == approx(written.value(wanted)[0], rel=1e-8)


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("model", MODELS)
def test_copies_are_one_cluster(simulated, model, contrast):
    """Everybody twice under her own name: the same estimate, and the same error."""
    observed = simulated(120, 10, over_time=True)
    twice = take(observed, np.repeat(np.arange(observed.size), 2))
    options = {"contrast": contrast, "months": 24.0, "weights": by(model)}
    same(clone_censor_weight(twice, **options), clone_censor_weight(observed, **options), rel=1e-7)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("model", MODELS)
def test_the_error_is_the_infinitesimal_jackknife(simulated, model, contrast, control):
    """Weights taken as known: each patient's copies moved up and down by h while the weights stay."""
    from biasim.methods._weighted_arms import arms_of

    observed = late_and_known(simulated, 50, 11)
    made = emulation(observed, grace=6.0, never=control == "never", model=by(model, truncate=0.95))
    wanted, h = Contrast(kind=contrast, months=24.0), 1e-5

    def moved(row, step):
        copies = np.ones(observed.size)
        copies[row] += step
        return replace(made, arms=arms_of(made.layouts, made.weights, copies)).value(wanted)[0]

    influence = np.array([(moved(row, h) - moved(row, -h)) / (2 * h) for row in range(observed.size)])
    value = made.value(wanted)[0]
    assert made.error(wanted, value, observed.patient) == approx(sqrt(influence @ influence), rel=1e-6)


def test_row_order_and_units(simulated):
    observed = late_and_known(simulated, 200, 12)
    shuffled = take(observed, np.random.default_rng(2).permutation(observed.size))
    scaled = replace(observed, covariates=observed.covariates * [1000.0, 0.01, 1.0] + [5.0, 0.0, 1.0])
    for model in MODELS:
        for control in CONTROLS:
            options = {"grace": 6.0, "control": control, "weights": by(model), "draws": 5}
            found = clone_censor_weight(observed, **options)
            same(clone_censor_weight(shuffled, **options), found)
            same(clone_censor_weight(scaled, **options | {"draws": 0}), clone_censor_weight(observed, **options | {"draws": 0}),
                 rel=1e-6)


def test_a_covariate_enters_when_it_is_known(simulated):
    observed = simulated(300, 13, over_time=True)
    unknown = replace(observed, known_from=np.array([0.0, 50.0, 0.0]))  # too late for any weight of 8 months
    for model in ("cox", "pooled_logistic"):
        found = clone_censor_weight(unknown, weights=by(model))
        same(found, clone_censor_weight(observed, weights=by(model, using=("x0", "x2"))))
        whole = clone_censor_weight(observed, weights=by(model))
        assert found.estimate != approx(whole.estimate, rel=1e-6)
        at_three = replace(observed, known_from=np.array([0.0, 3.0, 0.0]))
        assert clone_censor_weight(at_three, weights=by(model)).estimate not in (found.estimate, whole.estimate)


def test_a_value_that_could_never_be_known_is_not_missed(simulated):
    observed = replace(simulated(300, 14, over_time=True), known_from=np.array([3.0, 0.0, 0.0]))
    gone = observed.time <= 3.0
    assert gone.any()
    values = observed.covariates.copy()
    values[gone, 0] = np.nan
    for model in ("cox", "pooled_logistic"):
        same(clone_censor_weight(replace(observed, covariates=values), weights=by(model)),
             clone_censor_weight(observed, weights=by(model)))
    values[np.argmax(observed.time), 0] = np.nan
    found = clone_censor_weight(replace(observed, covariates=values))
    assert found.status is Status.MISSING_VALUES
    assert clone_censor_weight(replace(observed, covariates=values), weights=by("none")).status is Status.OK


def test_strategies_that_nobody_follows(simulated):
    observed = simulated(100, 15, over_time=True)
    late = replace(observed, exposed_from=np.where(observed.exposed, 9.0, inf))
    assert clone_censor_weight(late).status is Status.NOBODY_EXPOSED
    early = replace(observed, exposed_from=np.zeros(100), exposed=np.ones(100, dtype=bool))
    assert clone_censor_weight(early).status is Status.NOBODY_UNEXPOSED
    short = clone_censor_weight(observed, contrast="survival_difference", months=200.0)
    assert short.status is Status.BEYOND_FOLLOW_UP
    assert "the unoperated end at month" in short.message


def test_bootstrap_of_clones_is_near_the_sandwich(simulated):
    observed = simulated(300, 16, over_time=True)
    for model in MODELS:
        drawn, sandwich = (clone_censor_weight(observed, weights=by(model), draws=draws) for draws in (200, 0))
        assert drawn.estimate == sandwich.estimate
        assert drawn.standard_error == approx(sandwich.standard_error, rel=0.25)
        assert drawn.diagnostics["draws"] == 200


def test_names_that_were_not_measured(simulated):
    observed = simulated(100, 17, over_time=True)
    with pytest.raises(BiasimError, match=r"'x9' is not measured"):
        clone_censor_weight(observed, weights=by("cox", using=("x9",)))
    with pytest.raises(BiasimError, match=r"'x9' is not measured"):
        g_computation(plain_of(observed), using=("x9",))


@pytest.mark.parametrize("model", MODELS)
def test_degenerate_data_of_other_models(make, simulated, model):
    """The conformance suite asks the default model; here the same of the others."""
    rng = np.random.default_rng(3)
    for control in CONTROLS:
        for observed in (
            make([], [], [], covariates=np.empty((0, 2)), exposed_from=[]),
            make([20.0], [1], [1], covariates=[[0.5]], exposed_from=[2.0]),
            make([20.0, 30.0], [1, 1], [1, 0], covariates=[[0.5], [0.1]], exposed_from=[2.0, inf]),
            make(np.full(60, 5.0), np.ones(60), rng.random(60) < 0.5, covariates=rng.standard_normal((60, 2)),
                 exposed_from=np.where(rng.random(60) < 0.5, 2.0, inf)),
            simulated(60, 18, covariates=40, over_time=True),
            simulated(20, 18, covariates=40, over_time=True),
            replace(base := simulated(60, 19, over_time=True), covariates=np.ones((60, 3))),
            replace(base, time=base.time * 1e-9, exposed_from=base.exposed_from * 1e-9),
            replace(base, time=base.time * 1e9, exposed_from=base.exposed_from * 1e9),
            replace(base, event=np.zeros(60, dtype=bool)),
            replace(base, covariates=np.where(np.isfinite(base.exposed_from), 1.0, -1.0)[:, None] * np.ones((60, 3))),
        ):
            for contrast in CONTRASTS:
                options = {"contrast": contrast, "months": 12.0, "control": control, "weights": by(model), "draws": 2}
                found = clone_censor_weight(observed, **options)
                numbers = [found.estimate, found.standard_error, found.low, found.high]
                if found.status is Status.OK:
                    assert np.isfinite(numbers).all(), (observed, found)
                else:
                    assert found.message


# ---- g_computation


def plain_of(observed):
    names = ("names", "covariates", "exposed", "entry", "time", "event", "patient")
    return Observed(**{name: getattr(observed, name) for name in names})


def test_g_computation_without_covariates_is_nelson_aalen(make):
    # exposed: 1 of 4 at 2, 1 of 2 at 6 (one lost at 4); unexposed: 1 of 4, 1 of 3, 1 of 2 at 1, 3, 5
    observed = make([2, 4, 6, 8, 1, 3, 5, 7], [1, 0, 1, 0, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0, 0])
    found = g_computation(observed, months=6.5, baseline="by_arm")
    assert found.estimand == "survival_difference(at=6.5)"
    exposed, unexposed = exp(-(1 / 4 + 1 / 2)), exp(-(1 / 4 + 1 / 3 + 1 / 2))
    assert found.estimate == approx(exposed - unexposed, rel=1e-12)
    # influences on the hazards: a death 1/n, less 1/n^2 for each death met while at risk
    one = [1 / 4 - 1 / 16, -1 / 16, 1 / 2 - 1 / 16 - 1 / 4, -1 / 16 - 1 / 4]
    other = [1 / 4 - 1 / 16, 1 / 3 - 1 / 16 - 1 / 9, 1 / 2 - 1 / 16 - 1 / 9 - 1 / 4, -1 / 16 - 1 / 9 - 1 / 4]
    error = sqrt(exposed**2 * sum(x**2 for x in one) + unexposed**2 * sum(x**2 for x in other))
    assert found.standard_error == approx(error, rel=1e-12)
    area = g_computation(observed, contrast="rmst_difference", months=6.5, baseline="by_arm")
    months = 2 + 4 * exp(-1 / 4) + 0.5 * exposed - (1 + 2 * exp(-1 / 4) + 2 * exp(-7 / 12) + 1.5 * unexposed)
    assert area.estimand == "rmst_difference(horizon=6.5)"
    assert area.estimate == approx(months, rel=1e-12)


def test_g_computation_of_a_shared_baseline(make):
    # Breslow: 1/(r + 1) at 1 of e, u, then 1/1 at 2; r solves 1 - r/(r + 1) - ... with one death of each: exposed first
    observed = make([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0])
    ratio = exp(cox(observed, ties="breslow").estimate)
    steps = np.cumsum([1 / (2 * ratio + 2), 1 / (ratio + 2), 1 / (ratio + 1)])
    found = g_computation(observed, months=3.5)
    assert found.estimate == approx(exp(-steps[2] * ratio) - exp(-steps[2]), rel=1e-9)


QUESTIONS = [(by_arm, att, area) for by_arm in (False, True) for att in (False, True) for area in (False, True)]


@pytest.mark.parametrize(("by_arm", "att", "area"), QUESTIONS)
def test_influences_of_g_computation(simulated, by_arm, att, area):
    """Every patient's case weight moved up and down by h, everything fitted again."""
    observed, h = simulated(50, 21, covariates=2, log_ratio=-0.4, late=True), 1e-4
    question = Question(columns=(0, 1), by_arm=by_arm, exposed_only=att, month=24.0, area=area)

    def moved(row, step):
        copies = np.ones(observed.size)
        copies[row] += step
        return standardised(fitted(observed, question, copies), question).value

    numeric = [(moved(row, h) - moved(row, -h)) / (2 * h) for row in range(observed.size)]
    found = standardised(fitted(observed, question, np.ones(observed.size)), question)
    np.testing.assert_allclose(found.influence, numeric, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("by_arm", "att", "area"), QUESTIONS)
def test_copies_of_g_computation_are_repeated_rows(simulated, by_arm, att, area):
    observed = simulated(120, 22, late=True)
    copies = np.random.default_rng(4).multinomial(observed.size, np.full(observed.size, 1 / observed.size)).astype(float)
    rows = take(observed, np.repeat(np.arange(observed.size), copies.astype(int)))
    question = Question(columns=(0, 2), by_arm=by_arm, exposed_only=att, month=24.0, area=area)
    resamples = ((observed, copies), (rows, np.ones(rows.size)))
    again, written = (standardised(fitted(data, question, weights), question).value for data, weights in resamples)
    assert again == approx(written, rel=1e-8)


@pytest.mark.parametrize("baseline", ["shared", "by_arm"])
@pytest.mark.parametrize("contrast", CONTRASTS[1:])
def test_g_computation_is_indifferent_to_what_does_not_matter(simulated, contrast, baseline):
    observed = simulated(200, 23, late=True)
    options = {"contrast": contrast, "months": 24.0, "baseline": baseline}
    found = g_computation(observed, **options)
    same(g_computation(take(observed, np.random.default_rng(5).permutation(observed.size)), **options), found)
    same(g_computation(replace(observed, covariates=observed.covariates * [1e3, 0.01, 1] + 5), **options), found, rel=1e-7)
    same(g_computation(take(observed, np.repeat(np.arange(observed.size), 2)), **options), found, rel=1e-7)
    other = g_computation(replace(observed, exposed=~observed.exposed), **options)
    assert other.estimate == approx(-found.estimate, rel=1e-8)
    assert other.standard_error == approx(found.standard_error, rel=1e-8)
    constant = np.column_stack((observed.covariates, np.ones(observed.size)))
    same(g_computation(replace(observed, covariates=constant, names=(*observed.names, "one")), **options), found, rel=1e-7)
    drawn = g_computation(observed, draws=200, **options)
    assert drawn.standard_error == approx(found.standard_error, rel=0.25)


def test_g_computation_says_why_not(simulated):
    observed = simulated(100, 24)
    assert g_computation(observed, months=200.0).status is Status.BEYOND_FOLLOW_UP
    assert g_computation(replace(observed, event=np.zeros(100, dtype=bool))).status is Status.NO_EVENTS
    spared = replace(observed, event=observed.event & ~observed.exposed)
    assert g_computation(spared, baseline="by_arm", months=12.0).status is Status.SEPARATION
    itself = replace(observed, covariates=observed.exposed[:, None] * 1.0, names=("itself",))
    assert g_computation(itself, months=12.0).status is Status.SINGULAR
    missing = observed.covariates.copy()
    missing[0, 1] = np.nan
    assert g_computation(replace(observed, covariates=missing), months=12.0).status is Status.MISSING_VALUES
    assert g_computation(replace(observed, covariates=missing), months=12.0, using=("x0",)).status is Status.OK


# ---- R


@pytest.fixture(scope="module")
def patients(read, make):
    d = read("strategies/patients.csv")
    covariates = np.stack([d["age"], d["stage"], d["response"]], axis=1)
    observed = make(
        d["time"], d["event"], np.isfinite(d["surgery"]), covariates=covariates, names=("age", "stage", "response"),
        exposed_from=d["surgery"], patient=d["patient"].astype(int),
    )  # fmt: skip
    return replace(observed, known_from=np.array([0.0, 0.0, 3.0]))


@pytest.fixture(scope="module")
def r_says(read):
    d = read("strategies/expected.csv")
    return dict(zip(d["case"], zip(d["estimate"], d["standard_error"], strict=True), strict=True))


CLONED = [(m, c) for m in MODELS for c in CONTROLS if (m, c) != ("pooled_logistic", "never")]


@pytest.mark.parametrize(("model", "control"), CLONED)
def test_clones_equal_those_written_out_in_r(patients, r_says, model, control):
    for contrast, word in zip(CONTRASTS, ("hazard_ratio", "survival_24", "rmst_24"), strict=True):
        found = clone_censor_weight(patients, contrast=contrast, months=24.0, control=control, weights=by(model))
        estimate, error = r_says[f"{model}_{control}_{word}"]
        assert found.estimate == approx(estimate, abs=1e-10)
        assert found.standard_error == approx(error, rel=1e-10)


@pytest.mark.parametrize(("by_arm", "att", "area"), QUESTIONS)
def test_g_computation_equals_r(patients, r_says, by_arm, att, area):
    entry = np.where(patients.patient % 3 == 0, np.round(patients.time / 4, 1), 0.0)
    found = g_computation(
        plain_of(replace(patients, entry=entry)), contrast=CONTRASTS[1 + area], months=24.0, target="att" if att else "ate",
        baseline="by_arm" if by_arm else "shared",
    )  # fmt: skip
    case = f"g_{'by_arm' if by_arm else 'shared'}_{'att' if att else 'ate'}_{'rmst_24' if area else 'survival_24'}"
    estimate, error = r_says[case]
    assert found.estimate == approx(estimate, abs=1e-10)
    assert found.standard_error == approx(error, rel=1e-6)  # R's by finite differences
