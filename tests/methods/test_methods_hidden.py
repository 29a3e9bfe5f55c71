"""Methods about hidden confounding: by hand, invariances, against R."""

from dataclasses import replace
from math import exp, inf, log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.kernels import cox as kernel
from biasim.methods import _bootstrap
from biasim.methods._checks import estimated, take
from biasim.methods.cox import cox
from biasim.methods.cox_bias_adjusted import cox_bias_adjusted
from biasim.methods.cox_bounded import cox_bounded
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.negative_control_calibrated import negative_control_calibrated
from biasim.methods.negative_control_exposure import negative_control_exposure
from biasim.methods.negative_control_outcome import negative_control_outcome
from biasim.methods.two_stage_residual import two_stage_residual

approx = pytest.approx
NORMAL_975 = 1.959963984540054
PLAIN = ("age", "marker")
EVERY = [
    (negative_control_outcome, {"adjust": PLAIN}),
    (negative_control_calibrated, {"adjust": PLAIN}),
    (negative_control_exposure, {"adjust": PLAIN, "column": "decoy"}),
    (two_stage_residual, {"adjust": PLAIN, "instrument": "preference", "draws": 12}),
    (cox_bounded, {"adjust": PLAIN}),
    (cox_bias_adjusted, {"adjust": PLAIN}),
]
every = pytest.mark.parametrize(("method", "parameters"), EVERY, ids=[method.__name__ for method, _ in EVERY])


@pytest.fixture(scope="module")
def patients(make, read):
    """The data that R was given: whole months, delayed entry, three causes of an ending."""
    columns = read("hidden/patients.csv")
    names = ("age", "marker", "preference", "decoy")
    observed = make(
        columns["time"], columns["cause"] > 0, columns["exposed"], entry=columns["entry"],
        covariates=np.column_stack([columns[name] for name in names]), names=names,
    )
    return replace(observed, cause=columns["cause"].astype(np.int8))


@pytest.fixture(scope="module")
def by_r(read):
    table = read("hidden/expected.csv")
    pairs = zip(table["estimate"].tolist(), table["standard_error"].tolist(), strict=True)
    return dict(zip(table["case"].tolist(), pairs, strict=True))


@pytest.mark.parametrize(
    ("case", "method", "parameters"),
    [
        ("outcome_crude", negative_control_outcome, {}),
        ("outcome_adjusted", negative_control_outcome, {"adjust": PLAIN}),
        ("outcome_breslow_robust", negative_control_outcome, {"adjust": PLAIN, "ties": "breslow", "robust": True}),
        ("calibrated_two_fits", negative_control_calibrated, {"adjust": PLAIN}),
        ("calibrated_stacked", negative_control_calibrated, {"adjust": PLAIN}),
        ("exposure", negative_control_exposure, {"adjust": PLAIN, "column": "decoy"}),
        ("exposure_only", negative_control_exposure, {"column": "decoy"}),
    ],
)
def test_against_r(patients, by_r, case, method, parameters):
    found = method(patients, **parameters)
    assert found.status is Status.OK
    assert (found.estimate, found.standard_error) == approx(by_r[case], rel=1e-8)
    assert (found.low, found.high) == approx(
        (found.estimate - NORMAL_975 * found.standard_error, found.estimate + NORMAL_975 * found.standard_error), rel=1e-12
    )


@pytest.mark.parametrize(("case", "adjust"), [("crude", False), ("adjusted", PLAIN)])
def test_two_stages_against_r(patients, by_r, read, monkeypatch, case, adjust):
    """R refits both stages in the same resamples."""
    file = read.__globals__["REFERENCE"] / "hidden" / "copies.csv"
    copies = np.loadtxt(file, delimiter=",")
    monkeypatch.setattr(_bootstrap, "resamples", lambda observed, draws: copies[:draws])
    found = two_stage_residual(patients, instrument="preference", adjust=adjust, draws=len(copies))
    assert (found.estimate, found.standard_error) == approx(by_r[f"residual_{case}"], rel=1e-8)
    assert found.diagnostics["first_stage_chi2"] == approx(by_r[f"chi2_{case}"][0], rel=1e-8)
    assert found.diagnostics["draws_used"] == len(copies)


def test_two_stages_with_an_instrument_of_two_values_by_hand(make):
    """Then the first stage is a share per value of the instrument, and the second an ordinary Cox regression."""
    rng = np.random.default_rng(3)
    centre, size = rng.random(80) < 0.5, 80
    exposed = rng.random(size) < np.where(centre, 0.7, 0.3)
    observed = make(rng.exponential(10, size), rng.random(size) < 0.8, exposed, covariates=centre.astype(float), names=["centre"])
    share = np.where(centre, exposed[centre].mean(), exposed[~centre].mean())
    by_hand = kernel.fit(observed.time, observed.event, np.column_stack((exposed - share, exposed)))
    assert two_stage_residual(observed, instrument="centre").estimate == approx(by_hand.coefficients[1], rel=1e-8)


def test_more_draws_do_not_move_the_estimate(patients):
    few, many = (two_stage_residual(patients, instrument="preference", draws=draws) for draws in (5, 40))
    assert few.estimate == many.estimate
    assert few.standard_error != many.standard_error
    assert many.diagnostics["draws"] == 40


@every
def test_relabelling_exposure_flips_the_sign(patients, method, parameters):
    """But for the exposure that is a control, whose coefficient does not care; and for priors that are told the arms."""
    turned = replace(patients, exposed=~patients.exposed)
    sign = 1.0 if method is negative_control_exposure else -1.0
    other = dict(parameters)
    if method is cox_bias_adjusted:
        other |= {"exposed_prevalence": 0.5, "unexposed_prevalence": 0.3}
    first, second = method(patients, **parameters), method(turned, **other)
    assert second.estimate == approx(sign * first.estimate, rel=1e-7)
    if method is not two_stage_residual:  # whose resamples are numbered by the data
        assert second.standard_error == approx(first.standard_error, rel=1e-7)
        assert (second.low, second.high)[:: int(sign)] == approx((sign * first.low, sign * first.high), rel=1e-7)


@every
def test_a_monotone_change_of_time_changes_nothing(patients, method, parameters):
    if method is two_stage_residual:
        parameters = {**parameters, "draws": 2}
    slower = replace(patients, time=patients.time**1.5, entry=patients.entry**1.5)
    assert method(slower, **parameters).estimate == approx(method(patients, **parameters).estimate, rel=1e-8)


@pytest.mark.parametrize("cause", [1, 2])
def test_a_control_outcome_is_the_cox_of_its_cause(patients, cause):
    as_other = replace(patients, cause=np.where(patients.cause == cause, 2, 0).astype(np.int8))
    plain = replace(patients, event=patients.cause == cause)
    first, second = negative_control_outcome(as_other, adjust=PLAIN), cox(plain, adjust=PLAIN)
    assert (first.estimate, first.standard_error) == (second.estimate, second.standard_error)
    assert first.diagnostics["events"] == np.count_nonzero(patients.cause == cause)


def test_calibration_of_one_cause_against_itself_is_zero(make):
    """Two pairs of twins in everything but the cause: both parts are the same regression."""
    rng = np.random.default_rng(5)
    time, exposed, x = rng.exponential(9, 60), rng.random(60) < 0.5, rng.standard_normal(60)
    one = make(time, np.ones(60), exposed, covariates=x)
    twice = replace(take(one, np.tile(np.arange(60), 2)), patient=np.arange(120))
    twins = replace(twice, cause=np.repeat([1, 2], 60).astype(np.int8))
    assert negative_control_calibrated(twins, adjust=True).estimate == approx(0.0, abs=1e-10)


def test_calibration_of_unrelated_causes_adds_variances(patients):
    """The sandwich of the difference is near the sum of the model's variances, which martingales of two causes suggest."""
    one = cox(replace(patients, event=patients.cause == 1), adjust=PLAIN)
    two = negative_control_outcome(patients, adjust=PLAIN)
    found = negative_control_calibrated(patients, adjust=PLAIN)
    assert found.estimate == approx(one.estimate - two.estimate, rel=1e-9)
    assert found.standard_error == approx(np.hypot(one.standard_error, two.standard_error), rel=0.15)
    assert found.diagnostics["events_other"] == np.count_nonzero(patients.cause == 2)


def test_causes_that_are_not_recorded_are_said_to_be(patients):
    unknown = replace(patients, cause=None)
    for method in (negative_control_outcome, negative_control_calibrated):
        found = method(unknown)
        assert found.status is Status.MISSING_VALUES
        assert "cause of death" in found.message


def test_a_cause_that_nobody_dies_of_is_named(patients):
    of_cancer = replace(patients, cause=np.minimum(patients.cause, 1))
    for method in (negative_control_outcome, negative_control_calibrated):
        found = method(of_cancer)
        assert found.status is Status.NO_EVENTS
        assert found.message.startswith("deaths from other causes")


def test_bounds_by_hand(patients):
    plain, found = cox(patients, adjust=PLAIN), cox_bounded(patients, adjust=PLAIN, exposure_ratio=2.0, outcome_ratio=2.0)
    assert (found.estimate, found.standard_error) == (plain.estimate, plain.standard_error)
    assert (found.low, found.high) == approx((plain.low - log(4 / 3), plain.high + log(4 / 3)), rel=1e-12)
    assert found.diagnostics["bounding_factor"] == approx(4 / 3)
    for ratios in ({"exposure_ratio": 1.0}, {"outcome_ratio": 1.0}):  # one arm of the path is not there
        same = cox_bounded(patients, adjust=PLAIN, **ratios)
        assert (same.low, same.high) == approx((plain.low, plain.high), rel=1e-12)


def test_priors_without_spread_shift_the_whole_interval(patients):
    plain = cox(patients, adjust=PLAIN)
    found = cox_bias_adjusted(patients, adjust=PLAIN, prevalence_spread=0.0, hidden_spread=0.0)
    shift = log(1.3 / 1.5)
    assert found.diagnostics["bias_taken_off"] == approx(shift, rel=1e-12)
    assert (found.estimate, found.low, found.high) == approx(
        (plain.estimate - shift, plain.low - shift, plain.high - shift), rel=1e-9
    )
    assert found.standard_error == approx(plain.standard_error, rel=1e-9)


def test_a_cause_that_does_nothing_takes_nothing_off(patients):
    plain = cox(patients)
    found = cox_bias_adjusted(patients, hidden_hazard_ratio=1.0, hidden_spread=0.0, prevalence_spread=1.0)
    assert (found.estimate, found.low, found.high) == approx((plain.estimate, plain.low, plain.high), rel=1e-9)


def test_priors_are_what_drawing_from_them_gives(patients):
    """The textbook's way: draw priors and random error half a million times, and take quantiles."""
    plain, found = cox(patients), cox_bias_adjusted(patients, prevalence_spread=0.8, hidden_hazard_ratio=3.0, hidden_spread=0.5)
    rng, size = np.random.default_rng(6), 500_000
    p, q = (1 / (1 + np.exp(-(log(m / (1 - m)) + 0.8 * rng.standard_normal(size)))) for m in (0.3, 0.5))
    ratio = exp(log(3.0)) * np.exp(0.5 * rng.standard_normal(size))
    drawn = plain.estimate - np.log((p * ratio + 1 - p) / (q * ratio + 1 - q)) + plain.standard_error * rng.standard_normal(size)
    assert found.estimate == approx(drawn.mean(), abs=4 * drawn.std() / sqrt(size))
    assert found.standard_error == approx(drawn.std(), rel=0.006)
    for share, limit in ((0.025, found.low), (0.975, found.high)):
        assert np.mean(drawn < limit) == approx(share, abs=4 * sqrt(0.025 * 0.975 / size))


def test_every_hazard_ratio_carries_its_e_values(patients):
    def plain(log_ratio):
        ratio = (1 - 0.5 ** exp(log_ratio / 2)) / (1 - 0.5 ** exp(-log_ratio / 2))
        away = max(ratio, 1 / ratio)
        return away + sqrt(away * (away - 1))

    found = cox(patients, adjust=PLAIN)
    assert found.high < 0
    assert found.diagnostics["e_value"] == approx(plain(found.estimate), rel=1e-12)
    assert found.diagnostics["e_value_limit"] == approx(plain(found.high), rel=1e-12)
    assert negative_control_calibrated(patients, adjust=PLAIN).diagnostics["e_value_limit"] == 1.0  # 0 is inside
    assert "e_value" not in kaplan_meier(patients, at=12.0).diagnostics


def test_e_values_of_rare_deaths_take_the_hazard_ratio_as_it_is():
    rare = estimated("marginal_log_hazard_ratio", log(3.9), log(3.9 / 1.8) / NORMAL_975, {"size": 1000.0, "events": 50.0})
    assert rare.diagnostics["e_value"] == approx(7.26, abs=0.005)
    assert rare.diagnostics["e_value_limit"] == approx(3.0, rel=1e-9)
    common = estimated("marginal_log_hazard_ratio", log(3.9), 0.1, {"size": 1000.0, "events": 500.0})
    assert common.diagnostics["e_value"] < rare.diagnostics["e_value"]


def test_an_instrument_without_information_is_refused(patients):
    constant = replace(patients, covariates=np.column_stack((patients.covariates[:, :2], np.ones((patients.size, 2)))))
    found = two_stage_residual(constant, instrument="preference", adjust=PLAIN)
    assert found.status is Status.SINGULAR
    assert "instrument" in found.message
    trait = negative_control_exposure(constant, column="decoy", adjust=PLAIN)
    assert trait.status is Status.SINGULAR
    assert trait.message == "the control exposure does not vary"
    copied = replace(patients, covariates=patients.covariates[:, [0, 1, 0, 1]])
    assert two_stage_residual(copied, instrument="preference", adjust=PLAIN).status is Status.SINGULAR
    doubled = negative_control_exposure(copied, column="decoy", adjust=PLAIN)
    assert doubled.message == "the control exposure is a linear combination of the covariates"


def test_missing_values_matter_where_they_are_used(patients):
    values = patients.covariates.copy()
    values[4, 2:] = np.nan
    gaps = replace(patients, covariates=values)
    for method, parameters in EVERY:
        used = "instrument" in parameters or "column" in parameters
        assert (method(gaps, **parameters).status is Status.MISSING_VALUES) is used, method.__name__
    for method, parameters in EVERY:
        assert method(gaps, **{**parameters, "adjust": True}).status is Status.MISSING_VALUES, method.__name__
    values[4, 2] = 0.0  # the decoy alone is missing, which an instrument does not need
    assert two_stage_residual(replace(gaps, covariates=values), instrument="preference", draws=5).status is Status.OK


@pytest.mark.parametrize(
    ("method", "parameter"), [(two_stage_residual, "instrument"), (negative_control_exposure, "column")]
)
def test_a_mark_that_was_not_measured(patients, method, parameter):
    with pytest.raises(BiasimError, match=r"'decoi' is not measured\. Did you mean 'decoy'"):
        method(patients, **{parameter: "decoi"})
    nothing = replace(patients, names=(), covariates=np.empty((patients.size, 0)))
    assert method(nothing, **{parameter: "decoy"}).status is Status.NO_COVARIATES


@every
def test_weak_or_strong_numbers_stay_numbers(patients, method, parameters):
    found = method(patients, **parameters)
    assert -inf < found.low <= found.estimate <= found.high < inf
