"""Exposure and confounders that change over time: marginal structural Cox, sequential trials, covariates as they become known.

By hand, against R (tests/reference/over_time), invariances, and many simulated studies in which response to therapy, known
from month 3, changes both the hazard and the chance of surgery.
"""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.kernels import cox as kernel
from biasim.methods._bootstrap import resamples
from biasim.methods._checks import take
from biasim.methods._nested_trials import nested_trials
from biasim.methods._person_time import records, unexposed_and_exposed, when_known
from biasim.methods._starting import chance, weights_over_time
from biasim.methods.cox_marginal_structural import cox_marginal_structural
from biasim.methods.cox_time_dependent import cox_time_dependent, person_time
from biasim.methods.sequential_trials import sequential_trials
from biasim.types import ObservedOverTime

approx = pytest.approx
LIMIT = 3.0  # Monte Carlo standard errors of bias where the method is right
NAMES = ("x", "responded", "marker")


# Reference values ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(make, read):
    columns = read("over_time/patients.csv")
    observed = make(
        columns["time"], columns["event"], np.isfinite(columns["started"]), entry=columns["entry"], names=NAMES,
        covariates=np.column_stack([columns[name] for name in NAMES]), exposed_from=columns["started"],
    )
    known = read("over_time/expected.csv")
    values = zip(known["estimate"].tolist(), known["standard_error"].tolist(), strict=True)
    return replace(observed, known_from=np.array([0.0, 3.0, 3.0])), dict(zip(known["case"].tolist(), values, strict=True))


LOGISTIC = {"weights": "pooled_logistic"}
CASES = {
    "msm_logistic_2": (cox_marginal_structural, LOGISTIC),
    "msm_logistic_5": (cox_marginal_structural, LOGISTIC | {"interval": 5.0}),
    "msm_logistic_x": (cox_marginal_structural, LOGISTIC | {"using": ("x",)}),
    "msm_logistic_unstabilised": (cox_marginal_structural, LOGISTIC | {"stabilised": False}),
    "msm_logistic_truncated": (cox_marginal_structural, LOGISTIC | {"truncate": 0.95}),
    "msm_cox_2": (cox_marginal_structural, {"weights": "cox", "using": ("marker", "x", "responded")}),
    "msm_cox_1": (cox_marginal_structural, {"weights": "cox", "interval": 1.0}),
    "msm_cox_x": (cox_marginal_structural, {"weights": "cox", "using": ("x",)}),
    "msm_cox_unstabilised": (cox_marginal_structural, {"weights": "cox", "stabilised": False}),
    "trials_censored": (sequential_trials, {"later_exposure": "censored"}),
    "trials_weighted": (sequential_trials, {}),
    "trials_ignored": (sequential_trials, {"later_exposure": "ignored"}),
    "trials_weighted_x": (sequential_trials, {"interval": 2.0, "last": 8.0, "adjust": ("x",)}),
    "trials_weighted_crude": (sequential_trials, {"adjust": False}),
    "trials_truncated": (sequential_trials, {"adjust": False, "truncate": 0.95}),
    "trials_censored_breslow": (
        sequential_trials,
        {"interval": 1.0, "last": 5.0, "adjust": ("x",), "later_exposure": "censored", "ties": "breslow"},
    ),
    "time_dependent_when_known": (cox_time_dependent, {"adjust": True, "known": "over_time"}),
    "time_dependent_when_known_robust": (
        cox_time_dependent, {"adjust": ("responded",), "known": "over_time", "robust": True},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_against_r(reference, case):
    observed, known = reference
    method, parameters = CASES[case]
    found = method(observed, **parameters)
    assert found.status is Status.OK
    assert (found.estimate, found.standard_error) == approx(known[case], rel=1e-7)
    if method is cox_marginal_structural:
        weights = (found.diagnostics["mean_weight"], found.diagnostics["largest_weight"])
        assert weights == approx(known[f"{case}_weights"], rel=1e-7)


# By hand ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def five(make):
    """Exposed from the start, from an edge, from within an interval and before a late entry; never; response from month 3."""
    observed = make(
        [7, 8, 4, 9, 2.5], [1, 0, 1, 1, 1], [1, 1, 1, 1, 0], names=("x", "responded"), entry=[0, 0, 1, 5, 0],
        covariates=[[0.1, 1], [0.2, 0], [0.3, 1], [0.4, 1], [0.5, np.nan]], exposed_from=[0, 2, 3.5, 4.5, np.inf],
    )
    return replace(observed, known_from=np.array([0.0, 3.0]))


def test_person_intervals(five):
    table = records(five, 2.0)
    assert table.starts.tolist() == [0, 2, 3, 4, 6]  # to the last start, 4.5, and one more; cut at 3
    found = list(zip(table.row, table.interval, table.begins, table.seen, strict=True))
    assert found == [
        (0, 0, True, True),
        (1, 0, False, True), (1, 1, True, True),  # at an edge: in the interval that begins there
        (2, 0, False, True), (2, 1, False, True), (2, 2, True, True),
        (3, 0, False, False), (3, 1, False, False), (3, 2, False, False), (3, 3, True, False),  # entered at 5, exposed by then
        (4, 0, False, True), (4, 1, False, True),
    ]
    rows, record = unexposed_and_exposed(five, table)
    found = sorted(zip(rows.patient, rows.entry, rows.time, rows.event, rows.exposed, strict=True), key=lambda row: row[:2])
    assert found == [
        (0, 0, 7, True, True),
        (1, 0, 2, False, False), (1, 2, 8, False, True),
        (2, 1, 2, False, False), (2, 2, 3, False, False), (2, 3, 3.5, False, False), (2, 3.5, 4, True, True),
        (3, 5, 9, True, True),
        (4, 0, 2, False, False), (4, 2, 2.5, True, False),
    ]
    assert table.row[record].tolist() == rows.patient.tolist()


def test_intervals_are_not_without_number(five):
    late = replace(five, time=five.time + 1e7, exposed_from=five.exposed_from + 1e6)
    assert len(records(late, 1.0).starts) < 250


def test_a_covariate_counts_from_the_month_in_which_it_is_known(five):
    rows = when_known(person_time(five), five.known_from)
    known = rows.covariates[:, 1]
    found = sorted(zip(rows.patient, rows.entry, rows.time, rows.event, known, strict=True), key=lambda row: row[:2])
    assert found == [
        (0, 0, 3, False, 0), (0, 3, 7, True, 1),
        (1, 0, 2, False, 0), (1, 2, 3, False, 0), (1, 3, 8, False, 0),
        (2, 1, 3, False, 0), (2, 3, 3.5, False, 1), (2, 3.5, 4, True, 1),
        (3, 5, 9, True, 1),
        (4, 0, 2.5, True, 0),  # never known, and missing
    ]
    assert rows.covariates[:, 0] == approx(0.1 * (rows.patient + 1))


def test_trials_of_three_patients(make):
    # trials at 0, 3, 6 and at the edge after the last start none; patient 0 begins at 4, 1 at 7.5, 2 never
    observed = make([9, 10, 5], [1, 1, 1], [1, 1, 0], covariates=[1.0, 2.0, 3.0], exposed_from=[4, 7.5, np.inf])

    def found(later_exposure, last=12.0):
        made = nested_trials(observed, records(observed, 3.0), np.arange(1), last=last, later_exposure=later_exposure)
        rows = made.rows
        return sorted(zip(made.trial, rows.patient, rows.entry, rows.time, rows.event, rows.exposed, strict=True))

    censored = [
        (0, 0, 0, 4, False, False), (0, 1, 0, 7.5, False, False), (0, 2, 0, 5, True, False),
        (1, 0, 3, 4, False, False), (1, 0, 4, 9, True, True), (1, 1, 3, 7.5, False, False), (1, 2, 3, 5, True, False),
        (2, 1, 6, 7.5, False, False), (2, 1, 7.5, 10, True, True),
    ]  # fmt: skip
    assert found("censored") == censored
    assert found("weighted") == censored  # nothing becomes known after a trial starts: no weights
    assert found("censored", last=3.0) == [row for row in censored if row[0] < 2]
    assert found("ignored") == [
        (0, 0, 0, 9, True, False), (0, 1, 0, 10, True, False), (0, 2, 0, 5, True, False),
        (1, 0, 3, 4, False, False), (1, 0, 4, 9, True, True), (1, 1, 3, 10, True, False), (1, 2, 3, 5, True, False),
        (2, 1, 6, 7.5, False, False), (2, 1, 7.5, 10, True, True),
    ]  # fmt: skip


def saturated(make):
    """One interval: 1 of 4 begin where x = 0, 3 of 4 where x = 1; nobody dies before month 5."""
    exposed = np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=bool)
    begin = np.where(exposed, np.array([2.0, 0, 0, 0, 1.0, 3.0, 2.5, 0]), np.inf)
    return make(np.arange(5.0, 13.0), np.ones(8), exposed, covariates=np.repeat([0.0, 1.0], 4), exposed_from=begin)


def test_weights_of_one_interval(make):
    observed = saturated(make)
    table = records(observed, 100.0)
    assert table.interval.tolist() == [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1]
    p = np.repeat([0.25, 0.75], 4)
    for stabilised, share in ((True, 0.5), (False, None)):
        unexposed, exposed = weights_over_time(observed, table, np.arange(1), model="pooled_logistic", stabilised=stabilised)
        begin, stay = (1 / p, 1 / (1 - p)) if share is None else (share / p, (1 - share) / (1 - p))
        assert exposed[table.begins] == approx(begin[observed.exposed], rel=1e-9)
        during, after = table.interval == 0, table.interval == 1
        assert unexposed[during] == approx(np.sqrt(stay[table.row[during]]), rel=1e-9)  # half of the factor
        assert unexposed[after] == approx(stay[table.row[after]], rel=1e-9)


def test_chance_of_starting_from_breslows_hazard(make):
    observed = saturated(make)
    table = records(observed, 100.0)
    none = chance(observed, table, np.arange(0), model="cox")
    hazard = 1 / 8 + 1 / 7 + 1 / 6 + 1 / 5  # at risk when one after another begins
    first = table.interval == 0
    assert np.exp(none.stay[first]) == approx(exp(-hazard), rel=1e-12)
    assert np.exp(none.begin[first]) == approx(1 - exp(-hazard), rel=1e-12)
    assert np.exp(none.stay[~first]) == approx(1.0)
    # starts in the order x = 1, 0, 1, 1 among (x = 0, x = 1) = (4, 4), (4, 3), (3, 3), (3, 2); r solves the score
    at_risk = np.array([(4, 4), (4, 3), (3, 3), (3, 2)])
    waited = np.where(observed.exposed, observed.exposed_from, 4.0)
    r = np.exp(kernel.fit(waited, observed.exposed, observed.covariates).coefficients[0])
    assert sum(1 - r * ones / (zeros + r * ones) for zeros, ones in at_risk) - 1 == approx(0, abs=1e-9)
    jumps = (1 / (at_risk @ [1.0, r])).sum()
    found = chance(observed, table, np.arange(1), model="cox")
    assert found.stay[first] == approx(-jumps * r ** observed.covariates[table.row[first], 0], rel=1e-9)


# Invariances --------------------------------------------------------------------------------------------------------


def studied(size, seed, *, log_ratio=0.0, responder=0.7, late_effect=-1.0, begin=None):
    """Response, known at month 3, lowers the hazard (`late_effect`) and brings surgery (`responder`); x against both.

    Hazards are constant between 0, 3 and (of surgery) 15 months, so that every time is a quotient. `begin` puts other
    months of surgery in their place.
    """
    rng = np.random.default_rng(seed)
    x, responded = rng.standard_normal(size), rng.random(size) < 0.4
    clock, other, lost = rng.standard_exponential(size), rng.standard_exponential(size), rng.uniform(20, 80, size)
    before, after = 0.05 * np.exp(-0.5 * x), 0.06 * np.exp(-0.5 * x + responder * responded)
    if begin is None:
        begin = np.where(other < 3 * before, other / before, 3 + (other - 3 * before) / after)
        begin = np.where(begin < 15, begin, np.inf)
    rate = 0.03 * np.exp(0.5 * x)
    later = rate * np.exp(late_effect * responded)
    at = np.minimum(begin, 1e9)
    spent = rate * np.minimum(at, 3) + later * np.maximum(at - 3, 0)
    clock = np.where(clock > spent, spent + (clock - spent) * np.exp(-log_ratio), clock)
    death = np.where(clock < 3 * rate, clock / rate, 3 + (clock - 3 * rate) / later)
    time = np.minimum(death, lost)
    begin = np.where(begin < time, begin, np.inf)
    return ObservedOverTime(
        names=("x", "responded"), covariates=np.column_stack((x, responded)).astype(float), exposed=np.isfinite(begin),
        entry=np.zeros(size), time=time, event=death <= lost, patient=np.arange(size), known_from=np.array([0.0, 3.0]),
        exposed_from=begin,
    )


EVERY = {
    "msm": (cox_marginal_structural, LOGISTIC),
    "msm_cox": (cox_marginal_structural, {"weights": "cox", "truncate": 0.9}),
    "msm_bootstrap": (cox_marginal_structural, {"draws": 5, "truncate": 0.95}),
    "trials": (sequential_trials, {"truncate": 0.95}),
    "trials_crude": (sequential_trials, {"adjust": False}),
    "trials_ignored": (sequential_trials, {"later_exposure": "ignored"}),
    "when_known": (cox_time_dependent, {"adjust": True, "known": "over_time", "robust": True}),
}
every = pytest.mark.parametrize("case", EVERY)


def numbers(case, observed, **changed):
    method, parameters = EVERY[case]
    found = method(observed, **parameters | changed)
    assert found.status is Status.OK, found.message
    return found.estimate, found.standard_error


@every
def test_neither_the_order_of_rows_nor_labels_matter(case):
    observed = studied(150, 1)
    order = np.random.default_rng(2).permutation(observed.size)
    other = replace(take(observed, order), patient=7 * (observed.size - order))
    assert numbers(case, other) == approx(numbers(case, observed), rel=1e-8)


@every
def test_months_or_days_do_not_matter(case):
    observed = studied(150, 3)
    days = replace(
        observed, time=30 * observed.time, exposed_from=30 * observed.exposed_from, known_from=30 * observed.known_from
    )
    scaled = {"msm": {"interval": 60.0}, "trials": {"interval": 90.0, "last": 360.0}, "when": {}}[case.split("_")[0]]
    estimate, error = numbers(case, days, **scaled)
    expected = numbers(case, observed)
    assert estimate == approx(expected[0], rel=1e-7)
    if case != "msm_bootstrap":  # whose draws are keyed by the data
        assert error == approx(expected[1], rel=1e-7)


@pytest.mark.parametrize("case", ["msm", "trials_crude", "trials_ignored", "when_known"])
def test_everybody_twice_is_the_same_with_half_the_variance(case):
    observed = studied(150, 4)
    twice = take(observed, np.tile(np.arange(observed.size), 2))
    twice = replace(twice, patient=np.arange(twice.size))
    breslow = {} if case == "msm" else {"ties": "breslow"}  # each death is tied with its copy
    estimate, error = numbers(case, observed, **breslow)
    if case == "msm":  # Efron's ties move it a little
        assert numbers(case, twice) == approx((estimate, error / sqrt(2)), rel=0.03)
    else:
        assert numbers(case, twice, **breslow) == approx((estimate, error / sqrt(2)), rel=1e-7)


@pytest.mark.parametrize("model", ["pooled_logistic", "cox"])
def test_copies_are_repeated_patients(model):
    """What the bootstrap relies on: weights for copies of patients are those of data with these patients repeated."""
    observed = replace(studied(120, 5), entry=np.where(np.arange(120) % 4, 0.0, 0.4))
    observed = take(observed, np.flatnonzero(observed.time > 0.4))
    copies = np.full(observed.size, 3)
    if model == "cox":  # logistic regression has a spline, whose knots belong to the patients at hand
        copies = np.random.default_rng(6).integers(0, 4, observed.size)
        copies[np.argmax(np.where(observed.exposed, observed.exposed_from, 0.0))] = 1  # who sets the last interval
    repeated = take(observed, np.repeat(np.arange(observed.size), copies))
    table, other = records(observed, 2.0), records(repeated, 2.0)
    one = weights_over_time(observed, table, np.arange(2), model=model, stabilised=True, copies=copies.astype(float))
    two = weights_over_time(repeated, other, np.arange(2), model=model, stabilised=True)
    every_record = np.concatenate([np.flatnonzero(table.row == row) for row in np.repeat(np.arange(observed.size), copies)])
    for found, expected in zip(one, two, strict=True):
        assert found[every_record] == approx(expected, rel=1e-8)


def test_balanced_covariates_leave_the_time_dependent_cox():
    """Everybody once with x = 0 and once with x = 1: x tells nothing, all weights are 1."""
    observed = studied(100, 7)
    twice = take(observed, np.tile(np.arange(observed.size), 2))
    balanced = replace(
        twice, names=("x",), covariates=np.repeat([0.0, 1.0], observed.size)[:, None], known_from=None,
        patient=np.arange(twice.size),
    )
    plain = cox_time_dependent(balanced, robust=True)
    for model in ("pooled_logistic", "cox"):
        found = cox_marginal_structural(balanced, weights=model)
        assert (found.estimate, found.standard_error) == approx((plain.estimate, plain.standard_error), rel=1e-8)
        assert found.diagnostics["largest_weight"] == approx(1.0, rel=1e-9)


def test_one_trial_with_an_endless_interval_is_the_time_dependent_cox(reference):
    observed = replace(reference[0], known_from=None)
    plain = cox_time_dependent(observed, adjust=True, robust=True)
    for later_exposure in ("weighted", "censored", "ignored"):
        found = sequential_trials(observed, last=0.0, interval=np.inf, later_exposure=later_exposure)
        assert (found.estimate, found.standard_error) == approx((plain.estimate, plain.standard_error), rel=1e-10)
        assert found.diagnostics["trials"] == 1


def test_known_from_the_start_nothing_changes():
    observed = replace(studied(150, 8), known_from=None)
    assert cox_time_dependent(observed, adjust=True, known="over_time") == cox_time_dependent(observed, adjust=True)


def test_what_is_never_known_may_be_missing():
    observed = studied(200, 9)
    values = observed.covariates.copy()
    values[observed.time < 3.0, 1] = np.nan
    assert np.isnan(values).any()
    for case in EVERY:
        assert numbers(case, replace(observed, covariates=values)) == numbers(case, observed)
    values[np.argmax(observed.time), 1] = np.nan
    for method, parameters in EVERY.values():
        if parameters.get("adjust") is not False:
            assert method(replace(observed, covariates=values), **parameters).status is Status.MISSING_VALUES


def test_statuses():
    observed = studied(150, 10)
    nothing = replace(observed, names=(), covariates=np.empty((observed.size, 0)), known_from=None)
    assert cox_marginal_structural(nothing).status is Status.NO_COVARIATES
    assert sequential_trials(nothing).status is Status.OK
    tells = replace(observed, covariates=np.column_stack((observed.exposed * 2.0, observed.covariates[:, 1])))
    by_cox = cox_marginal_structural(tells, weights="cox")
    for found in (cox_marginal_structural(tells, **LOGISTIC), by_cox, sequential_trials(tells, adjust=False)):
        assert found.status is Status.SEPARATION
        assert found.message.startswith("start of exposure")
    prevalent = replace(observed, entry=np.where(observed.exposed, (observed.exposed_from + observed.time) / 2, 0.0))
    prevalent = replace(prevalent, exposed_from=np.where(observed.exposed, observed.exposed_from, np.inf))
    for model in ("pooled_logistic", "cox"):
        found = cox_marginal_structural(prevalent, weights=model)
        assert "nobody begins while under observation" in found.message
    for method, name in ((cox_marginal_structural, "using"), (sequential_trials, "adjust")):
        with pytest.raises(BiasimError, match=r"'repsonded' is not measured\. Did you mean 'responded'"):
            method(observed, **{name: ("repsonded",)})


def test_no_trial_without_a_start(make):
    observed = make([9, 10, 5], [1, 1, 1], [1, 0, 0], covariates=[1.0, 2.0, 3.0], exposed_from=[4, np.inf, np.inf])
    assert sequential_trials(observed, last=2.0).status is Status.NOBODY_EXPOSED  # who begins at 4 is in no trial's first months


def test_the_bootstrap_repeats_the_whole_analysis():
    observed = studied(200, 11)
    found = cox_marginal_structural(observed, draws=40)
    plain = cox_marginal_structural(observed)
    assert found.estimate == plain.estimate
    assert found.diagnostics["draws_used"] == 40
    assert found.standard_error == approx(plain.standard_error, rel=0.35)
    assert found.standard_error != plain.standard_error


def test_a_draw_of_the_bootstrap_is_the_analysis_of_repeated_patients():
    observed, estimates = studied(120, 12), []
    for copies in resamples(observed, 8):
        repeated = take(observed, np.repeat(np.arange(observed.size), copies.astype(int)))
        table = records(repeated, 2.0)
        rows, record = unexposed_and_exposed(repeated, table)
        unexposed, exposed = weights_over_time(repeated, table, np.arange(2), model="cox", stabilised=True)
        weights = np.where(rows.exposed, exposed[record], unexposed[record])
        fit = kernel.fit(rows.time, rows.event, rows.exposed[:, None], entry=rows.entry, weights=weights, ties="breslow")
        estimates.append(fit.coefficients[0])
    found = cox_marginal_structural(observed, weights="cox", draws=8)
    assert found.standard_error == approx(np.std(estimates, ddof=1), rel=1e-7)


# Monte Carlo --------------------------------------------------------------------------------------------------------


REPLICATES = 2000


def repeat(method, *, size=500, seed, replicates=REPLICATES, world=None, **parameters):
    """Estimate, error, low, high of each replicate, (4, replicates); all must end well."""
    def one(replicate):
        found = method(studied(size, 10_000 * seed + replicate, **world or {}), **parameters)
        assert found.status is Status.OK, found.message
        return found.estimate, found.standard_error, found.low, found.high

    return np.array([one(replicate) for replicate in range(replicates)]).T


def distance(estimate, truth):
    """Bias in Monte Carlo standard errors."""
    return (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(len(estimate)))


def coverage_distance(low, high, truth):
    """Coverage less 95%, in Monte Carlo standard errors."""
    return (np.mean((low <= truth) & (truth <= high)) - 0.95) / sqrt(0.95 * 0.05 / len(low))


STRONG = {"responder": 1.2}  # responders are operated on three times as often
MILD = {"responder": 0.5, "late_effect": -0.8}  # weights without a long tail: their bias in small samples is of order 1 / n
EFFECT = {"log_ratio": -0.5}


def by_chance(size, seed, **world):
    """The world with months of surgery drawn by chance alone, at the pace that is seen in it."""
    seen = studied(size, seed, **world)
    months = np.arange(0.0, 15.5, 0.5)
    waiting = np.minimum(seen.time, seen.exposed_from)
    at_risk = np.array([np.clip(waiting - month, 0.0, 0.5).sum() for month in months[:-1]])
    hazard = np.append(0.0, np.cumsum(0.5 * np.histogram(seen.exposed_from, months)[0] / at_risk))
    clock = np.random.default_rng(seed + 1).standard_exponential(size)
    return studied(size, seed + 2, begin=np.where(clock < hazard[-1], np.interp(clock, hazard, months), np.inf), **world)


def is_right(found, truth, *, mcse=0.0, conservative=False):
    """No bias beyond 3 and no coverage beyond 4 MCSE; an error that claims to be too large may only cover too often."""
    estimate, _, low, high = found
    bias = (estimate.mean() - truth) / np.hypot(estimate.std(ddof=1) / sqrt(len(estimate)), mcse)
    assert abs(bias) < LIMIT
    covers = coverage_distance(low, high, truth)
    assert covers > -4.0
    assert conservative or covers < 4.0


@pytest.mark.long
@pytest.mark.parametrize(
    ("size", "parameters"), [(1000, LOGISTIC), (3000, {"weights": "cox"}), (1000, LOGISTIC | {"stabilised": False})]
)
def test_weights_over_time_remove_what_response_confounds(size, parameters):
    """Weights from Cox regression lean by -6 / n towards surgery here, from logistic regression by 0.004 the other way."""
    found = repeat(cox_marginal_structural, size=size, seed=21, world=MILD, **parameters)
    is_right(found, 0.0, conservative=True)


@pytest.mark.long
def test_the_marginal_hazard_ratio_of_surgery():
    """The truth: unweighted regression where surgery comes by chance alone, at the same pace, among 4 million."""
    world = MILD | EFFECT
    truths = np.array([cox_time_dependent(by_chance(1_000_000, 100 + 10 * k, **world)).estimate for k in range(4)])
    for parameters in ({}, {"weights": "cox"}):
        found = repeat(cox_marginal_structural, size=1000, seed=22, world=world, **{**LOGISTIC, **parameters})
        is_right(found, truths.mean(), mcse=truths.std(ddof=1) / 2, conservative=True)


@pytest.mark.long
def test_what_was_known_at_time_zero_is_not_enough():
    """Response not written down, or adjusted for at baseline only: both favour surgery that does nothing."""
    for method, parameters in (
        (cox_marginal_structural, LOGISTIC | {"using": ("x",)}),
        (cox_marginal_structural, {"using": ("x",), "weights": "cox"}),
        (cox_time_dependent, {"adjust": ("x",)}),
        (sequential_trials, {"adjust": ("x",)}),
    ):
        estimate, *_ = repeat(method, seed=23, replicates=500, **parameters)
        assert distance(estimate, 0.0) < -10


@pytest.mark.long
def test_with_baseline_covariates_only_both_ways_agree():
    """Response without bearing on death: weighting by x and adjustment for x are both right, the difference is none."""
    world = {"late_effect": 0.0}
    weighted = repeat(cox_marginal_structural, seed=24, world=world, using=("x",))
    adjusted = repeat(cox_time_dependent, seed=24, world=world, adjust=("x",))
    is_right(weighted, 0.0, conservative=True)
    is_right(adjusted, 0.0)
    assert abs(distance(weighted[0] - adjusted[0], 0.0)) < LIMIT


@pytest.mark.long
def test_bootstrap_error_of_the_whole_analysis():
    """Right where the sandwich is too large. With 15 draws the interval needs Student's quantile, 14 degrees of freedom."""
    estimate, error, *_ = repeat(cox_marginal_structural, seed=25, world=MILD, weights="cox", draws=15)
    assert abs(coverage_distance(estimate - 2.1448 * error, estimate + 2.1448 * error, 0.0)) < 4
    model, empirical, r = sqrt(np.mean(error**2)), estimate.std(ddof=1), len(error)
    spread = sqrt(np.var(error**2, ddof=1) / (4 * r * model**2) + empirical**2 / (2 * (r - 1)))
    assert abs(model - empirical) < 4 * spread


@pytest.mark.long
def test_sequential_trials_without_effect():
    is_right(repeat(sequential_trials, seed=26), 0.0)
    is_right(repeat(sequential_trials, seed=27, world=STRONG), 0.0)


@pytest.mark.long
def test_sequential_trials_recover_the_hazard_ratio():
    world = EFFECT | {"late_effect": 0.0}
    is_right(repeat(sequential_trials, size=1000, seed=28, world=world), -0.5)
    is_right(repeat(sequential_trials, size=1000, seed=28, world=world, later_exposure="censored"), -0.5)
    estimate, *_ = repeat(sequential_trials, seed=28, world=world, replicates=500, later_exposure="ignored")
    assert distance(estimate, -0.5) > 10  # diluted
    assert distance(estimate, 0.0) < -10


@pytest.mark.long
def test_leaving_a_trial_after_a_response_favours_surgery():
    estimate, *_ = repeat(sequential_trials, size=800, seed=29, world=STRONG, later_exposure="censored")
    assert distance(estimate, 0.0) < -10


@pytest.mark.long
def test_response_as_a_covariate_from_when_it_is_known():
    """As if known from time zero it looks ahead: surgery in the first months seems to help."""
    is_right(repeat(cox_time_dependent, seed=30, world=STRONG, adjust=True, known="over_time"), 0.0)
    is_right(repeat(cox_time_dependent, size=1000, seed=31, world=EFFECT, adjust=True, known="over_time"), -0.5)
    estimate, *_ = repeat(cox_time_dependent, seed=30, world=STRONG, adjust=True, known="from_time_zero")
    assert distance(estimate, 0.0) < -10
