"""The usual wrong analyses, landmarks stacked and the treatment window: by hand, by invariances, and against R."""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.errors import BiasimError
from biasim.methods._checks import take
from biasim.methods._fixed_exposure import fixed
from biasim.methods.cox import cox
from biasim.methods.cox_adjusted_for_consequence import cox_adjusted_for_consequence
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_early_deaths_excluded import cox_early_deaths_excluded
from biasim.methods.cox_ever_exposed import cox_ever_exposed
from biasim.methods.cox_exposed_restricted import cox_exposed_restricted
from biasim.methods.cox_immortal_time_excluded import cox_immortal_time_excluded, without_immortal_time
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_landmarks import cox_landmarks, stacked
from biasim.methods.cox_time_dependent import cox_time_dependent, within_window

approx = pytest.approx
INF = np.inf
OVER_TIME = {
    "ever": (cox_ever_exposed, {"adjust": ("x0",)}),
    "excluded": (cox_immortal_time_excluded, {}),
    "excluded_late": (cox_immortal_time_excluded, {"clock": "from_time_zero", "adjust": True}),
    "window": (cox_time_dependent, {"window": 4.0, "robust": True}),
    "window_unexposed": (cox_time_dependent, {"window": 4.0, "later": "unexposed"}),
    "landmarks": (cox_landmarks, {"months": (2.0, 5.0), "horizon": 30.0, "adjust": True}),
}
FIXED = {
    "early": (cox_early_deaths_excluded, {}),
    "consequence": (cox_adjusted_for_consequence, {"consequences": ("x2",)}),
    "restricted": (cox_exposed_restricted, {"consequence": "x2", "adjust": True}),
    "complete": (cox_complete_cases, {}),
}


def same(one, other, *, rel=1e-9):
    assert one.status is other.status is Status.OK, (one.message, other.message)
    assert one.estimand.partition("(")[0] == other.estimand.partition("(")[0]
    assert one.estimate == approx(other.estimate, rel=rel, abs=1e-12)
    assert one.standard_error == approx(other.standard_error, rel=rel)


def study(simulated, name, seed=21, size=200):
    return simulated(size, seed, late=True, over_time=name in OVER_TIME)


def missing_in(observed, column, rows):
    values = observed.covariates.copy()
    values[rows, column] = np.nan
    return replace(observed, covariates=values)


# ---------------------------------------------------------------- by hand


def two_exposed(make, **changed):
    """Deaths at 1 (never), 3 (exposed from 2), 4 (never), 5 (exposed from 0.5)."""
    fields = {"time": [1, 3, 4, 5], "event": [1, 1, 1, 1], "exposed": [0, 1, 0, 1], "exposed_from": [INF, 2, INF, 0.5]}
    return make(**(fields | changed))


def test_ever_exposed_counts_the_wait_as_exposed(make):
    # t=1: u among {u, e, u, e}: 1/(2+2r); t=3: r/(1+2r); t=4: 1/(1+r); t=5: 1  ->  score 1 - 2r/(2+2r) - 2r/(1+2r) - r/(1+r)
    # = 0: (1 - r)/(1 + r) = 2r/(1 + 2r)  ->  4r^2 + r - 1 = 0
    r = (-1 + sqrt(17)) / 8
    found = cox_ever_exposed(two_exposed(make))
    assert found.estimate == approx(log(r), rel=1e-12)
    information = 2 * r / (1 + r) ** 2 + 2 * r / (1 + 2 * r) ** 2
    assert found.standard_error == approx(1 / sqrt(information), rel=1e-12)
    assert found.diagnostics["immortal_months"] == 2.5
    assert found.diagnostics["exposed"] == 2
    # in truth she who is exposed from 2 on was unexposed when the first died
    assert found.estimate < cox_time_dependent(two_exposed(make)).estimate


def test_immortal_time_excluded_with_late_entry(make):
    # t=1: u among {u, u, e}: 1/(2+r); t=3: r/(1+2r); t=4: 1/(1+r)
    found = cox_immortal_time_excluded(two_exposed(make), clock="from_time_zero")
    r = np.exp(found.estimate)
    assert 1 - r / (2 + r) - 2 * r / (1 + 2 * r) - r / (1 + r) == approx(0, abs=1e-12)
    assert found.diagnostics["months_dropped"] == 2.5
    assert found.diagnostics["size"] == 4


def test_immortal_time_excluded_with_the_clock_set_back(make):
    kept = without_immortal_time(two_exposed(make, entry=[0, 0, 0.2, 1.5]), "from_exposure")
    assert kept.exposed.tolist() == [False, True, False, True]
    assert kept.time.tolist() == [1, 1, 4, 4.5]
    assert kept.entry.tolist() == [0, 0, 0.2, 1.0]
    late = two_exposed(make, exposed_from=[INF, 3, INF, 0.5])  # on the day of death: never exposed, nothing to drop
    assert without_immortal_time(late, "from_exposure").exposed.tolist() == [False, False, False, True]
    assert cox_immortal_time_excluded(late).diagnostics["months_dropped"] == 0.5


def test_early_deaths_are_left_out_and_the_censored_stay(make):
    observed = make([1, 6, 3, 7, 8, 9, 10], [1, 1, 0, 1, 1, 1, 1], [0, 1, 1, 1, 0, 1, 0])
    found = cox_early_deaths_excluded(observed, months=6.0)
    # deaths at 7 (exposed), 8, 9 (exposed), 10: that of tests/methods/test_methods_by_hand.py
    assert found.estimate == approx(log((1 + sqrt(17)) / 2), rel=1e-12)
    assert found.diagnostics["dropped"] == 2
    assert found.diagnostics["size"] == 5
    left = cox_early_deaths_excluded(observed, months=20.0)  # the one censored at 3, exposed
    assert (left.status, left.diagnostics["size"]) == (Status.NOBODY_UNEXPOSED, 1)
    dead = make([1, 2], [1, 1], [0, 1])
    assert cox_early_deaths_excluded(dead).status is Status.NO_PATIENTS
    assert "all of 2 patients died within 6 months" in cox_early_deaths_excluded(dead).message


def test_the_exposed_without_the_consequence_are_left_out(make):
    # clear margins: of the exposed the deaths at 1 and 3 have them, 0.5 has not, 0.7 is not known; 9 never had surgery
    observed = make(
        [1, 2, 3, 4, 0.5, 0.7], [1] * 6, [1, 0, 1, 0, 1, 1], covariates=[1, 0, 1, 0, 0, np.nan], names=("margins",)
    )
    found = cox_exposed_restricted(observed, consequence="margins")
    assert found.estimate == approx(log((1 + sqrt(17)) / 2), rel=1e-12)
    assert found.diagnostics["dropped"] == 2
    nobody = replace(observed, covariates=np.zeros((6, 1)))
    assert cox_exposed_restricted(nobody, consequence="margins").status is Status.NOBODY_EXPOSED


def test_incomplete_patients_are_left_out(make):
    observed = make(
        [1, 2, 3, 4, 0.5, 5], [1, 1, 1, 1, 1, 0], [1, 0, 1, 0, 1, 0],
        covariates=[[1, 5], [1, 5], [1, 5], [1, 5], [np.nan, 5], [1, np.nan]],
    )
    found = cox_complete_cases(observed)  # constant covariates change nothing
    assert found.estimate == approx(log((1 + sqrt(17)) / 2), rel=1e-12)
    assert (found.diagnostics["dropped"], found.diagnostics["events_dropped"], found.diagnostics["size"]) == (2, 1, 4)
    assert cox_complete_cases(observed, adjust=("x0",)).diagnostics["dropped"] == 1
    same(cox_complete_cases(observed, adjust=False), cox(observed))
    nobody = cox_complete_cases(missing_in(observed, 0, slice(None)))
    assert nobody.status is Status.MISSING_VALUES
    assert "none of 6 patients" in nobody.message


def test_window(make):
    observed = make(
        [10, 8, 6, 7, 9, 9], [1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 0, 1], entry=[0, 2, 0, 0, 0, 6],
        exposed_from=[4, 4.5, 0, 7, INF, 5],
    )
    censored = within_window(observed, 4.0, "censored")
    assert censored.patient.tolist() == [0, 1, 2, 3, 4]  # the last enters already exposed, and too late
    assert censored.time.tolist() == [10, 4.5, 6, 7, 9]
    assert censored.event.tolist() == [True, False, False, True, True]
    assert censored.exposed_from.tolist() == [4, INF, 0, INF, INF]
    stays = within_window(observed, 4.0, "unexposed")
    assert stays.patient.tolist() == [0, 1, 2, 3, 4, 5]
    assert stays.time.tolist() == observed.time.tolist()
    assert stays.exposed.tolist() == [True, False, True, False, False, False]
    assert cox_time_dependent(observed, window=4.0).diagnostics["exposed"] == 2
    assert cox_time_dependent(observed, window=4.0).diagnostics["events"] == 3


def test_stack_of_landmarks(make):
    observed = make([2, 5, 8, 12], [1, 1, 0, 1], [1, 1, 1, 0], entry=[0, 0, 0, 5], exposed_from=[1, 4, 2, INF])
    stack, landmark = stacked(observed, (6.0, 3.0, 3.0), 4.0)
    assert landmark.tolist() == [0, 0, 0, 1, 1]  # 0: month 3, 1: month 6
    assert stack.patient.tolist() == [1, 2, 3, 2, 3]
    assert stack.time.tolist() == [2, 4, 4, 2, 4]
    assert stack.entry.tolist() == [0, 0, 2, 0, 0]
    assert stack.event.tolist() == [True, False, False, False, False]  # at 12 lies beyond both horizons
    assert stack.exposed.tolist() == [False, True, False, True, False]
    found = cox_landmarks(observed, months=(3.0, 6.0)).diagnostics
    assert (found["size"], found["events"], found["exposed"], found["rows"], found["landmarks"]) == (3, 2, 1, 5, 2)
    place = "(population=alive_at, landmark=3, grace=3, strategies=within_grace"
    assert cox_landmarks(observed, months=(6.0, 3.0)).estimand == f"marginal_log_hazard_ratio{place})"
    adjusted = cox_landmarks(observed, months=(9.0, 3.0, 1.0), horizon=4.0, adjust=True).estimand
    assert adjusted == f"conditional_log_hazard_ratio{place}, horizon=4)"
    late = stacked(observed, (3.0,), 2.0)[0]
    assert late.patient.tolist() == [1, 2]  # the one who enters at the horizon has no time before it
    nobody = cox_landmarks(observed, months=(50.0, 60.0))
    assert nobody.status is Status.NO_PATIENTS
    assert "any of the landmarks" in nobody.message
    assert cox_landmarks(observed, months=()).status is Status.NO_PATIENTS


# ---------------------------------------------------------------- invariances


@pytest.mark.parametrize("name", OVER_TIME | FIXED)
def test_row_order_and_labels(simulated, name):
    method, parameters = (OVER_TIME | FIXED)[name]
    observed = study(simulated, name)
    shuffled = take(observed, np.random.default_rng(1).permutation(observed.size))
    same(method(replace(shuffled, patient=999 - shuffled.patient), **parameters), method(observed, **parameters))


@pytest.mark.parametrize("name", OVER_TIME | FIXED)
def test_units_of_time_do_not_matter(simulated, name):
    method, parameters = (OVER_TIME | FIXED)[name]
    observed = study(simulated, name)
    scaled = replace(observed, time=observed.time * 30.0, entry=observed.entry * 30.0)
    if name in OVER_TIME:
        scaled = replace(scaled, exposed_from=observed.exposed_from * 30.0)
    months = {key: tuple(30 * m for m in value) if key == "months" else value * 30.0
              for key, value in parameters.items() if key in ("months", "horizon", "window")}
    months |= {"months": 180.0} if name == "early" else {}
    same(method(scaled, **(parameters | months)), method(observed, **parameters), rel=1e-8)


@pytest.mark.parametrize("name", ["ever", "excluded", "excluded_late", "window", "window_unexposed"])
def test_exposure_from_the_start_is_plain_cox(simulated, name):
    method, parameters = OVER_TIME[name]
    observed = study(simulated, name)
    start = replace(observed, exposed_from=np.where(observed.exposed, 0.0, INF))
    plain = {key: value for key, value in parameters.items() if key in ("adjust", "robust")}
    same(method(start, **parameters), cox(fixed(observed, exposed=observed.exposed), **plain))


def test_ever_exposed_is_cox_with_exposure_fixed(simulated):
    observed = study(simulated, "ever")
    for adjust in (False, True):
        same(cox_ever_exposed(observed, adjust=adjust), cox(fixed(observed, exposed=observed.exposed), adjust=adjust))


def test_without_early_deaths_is_late_entry_for_everybody(simulated):
    observed = simulated(200, 22, late=True)
    from_then = take(observed, np.flatnonzero(observed.time > 6.0))
    from_then = replace(from_then, entry=np.maximum(from_then.entry, 6.0))
    same(cox_early_deaths_excluded(observed, adjust=True), cox(from_then, adjust=True))
    same(cox_early_deaths_excluded(observed, months=0.0), cox(observed))


def test_without_early_deaths_is_a_landmark_once_all_are_exposed(simulated):
    over_time = simulated(200, 23, over_time=True)
    kept = take(over_time, np.flatnonzero((over_time.exposed_from <= 6.0) | ~over_time.exposed))
    ever = fixed(kept, exposed=kept.exposed)
    same(cox_early_deaths_excluded(ever, months=6.0), cox_landmark(kept, months=6.0))


@pytest.mark.parametrize("later", ["censored", "unexposed"])
def test_an_endless_window_is_none(simulated, later):
    observed = study(simulated, "window")
    same(cox_time_dependent(observed, window=1e6, later=later), cox_time_dependent(observed))


def test_stacked_landmarks_reduce_to_one(simulated):
    observed = study(simulated, "landmarks")
    one, plain = cox_landmarks(observed, months=(6.0,), adjust=True), cox_landmark(observed, months=6.0, adjust=True)
    assert one.estimate == approx(plain.estimate, rel=1e-10)
    assert cox_landmarks(observed, months=(6.0, 6.0), adjust=True).standard_error == approx(one.standard_error, rel=1e-10)
    kept = take(observed, np.flatnonzero(observed.time > 6.0))
    robust = cox(fixed(kept, exposed=kept.exposed_from <= 6.0, entry=np.maximum(kept.entry, 6.0)), adjust=True, robust=True)
    same(one, robust)


def test_the_cluster_of_the_stack_is_the_patient(simulated):
    """Twice the same landmark an instant apart is the same information, not twice as much."""
    observed = simulated(200, 24, over_time=True)
    one, two = (cox_landmarks(observed, months=months) for months in ((6.0,), (6.0, 6.0 + 1e-9)))
    assert two.estimate == approx(one.estimate, rel=1e-6)
    assert two.standard_error == approx(one.standard_error, rel=1e-6)


def test_without_consequences_or_missing_values_it_is_cox(simulated):
    observed = simulated(200, 25, late=True)
    for method in (cox_adjusted_for_consequence, cox_exposed_restricted, cox_complete_cases):
        for adjust in (False, True, ("x1",)):
            same(method(observed, adjust=adjust), cox(observed, adjust=adjust))


def test_columns_known_later_are_the_consequences(simulated):
    observed = replace(simulated(200, 26), known_from=np.array([0.0, 3.0, 0.0]))
    found = cox_adjusted_for_consequence(observed)
    same(found, cox(observed, adjust=True))
    assert found.diagnostics["consequences"] == 1
    same(cox_adjusted_for_consequence(observed, adjust=False), cox(observed, adjust=("x1",)))
    same(cox_adjusted_for_consequence(observed, consequences=("x0",)), cox(observed, adjust=("x2", "x0")))
    with_it = take(observed, np.flatnonzero(~observed.exposed | (observed.covariates[:, 1] > 0)))
    same(cox_exposed_restricted(observed, adjust=True), cox(with_it, adjust=("x0", "x2")))


def test_names_that_were_not_measured_are_refused(simulated):
    observed = replace(simulated(30, 27), names=("age", "grade", "margins"))
    for call in (
        lambda: cox_adjusted_for_consequence(observed, consequences=("margin",)),
        lambda: cox_exposed_restricted(observed, consequence="margin"),
        lambda: cox_complete_cases(observed, adjust=("margin",)),
        lambda: cox_early_deaths_excluded(observed, adjust=("margin",)),
    ):
        with pytest.raises(BiasimError, match=r"'margin' is not measured\. Did you mean 'margins'"):
            call()


# ---------------------------------------------------------------- other programs


NAMES = ("age", "stage", "marker", "margins", "marker_seen")
THREE = NAMES[:3]


def in_three_ways(case, method, parameters):
    """The case crude, adjusted and by Breslow, as the script has it."""
    yield case, method, parameters
    yield f"{case}_adjusted", method, parameters | {"adjust": THREE}
    yield f"{case}_breslow", method, parameters | {"ties": "breslow"}


def cases():
    yield from in_three_ways("ever", cox_ever_exposed, {})
    for months in (6, 12):
        yield from in_three_ways(f"early_{months}", cox_early_deaths_excluded, {"months": float(months)})
    for clock in ("from_exposure", "from_time_zero"):
        yield from in_three_ways(f"excluded_{clock}", cox_immortal_time_excluded, {"clock": clock})
    consequence = {"consequences": ("margins",)}
    yield "adjusted_margins", cox_adjusted_for_consequence, consequence | {"adjust": THREE}
    yield "adjusted_margins_alone", cox_adjusted_for_consequence, consequence | {"adjust": False}
    yield from in_three_ways("restricted", cox_exposed_restricted, {"consequence": "margins"})
    seen = {"adjust": ("age", "stage", "marker_seen")}
    yield "complete", cox_complete_cases, seen
    yield "complete_breslow", cox_complete_cases, seen | {"ties": "breslow"}
    yield "complete_age", cox_complete_cases, {"adjust": ("age",)}
    for window in (4, 8):
        for later in ("censored", "unexposed"):
            parameters = {"window": float(window), "later": later}
            yield from in_three_ways(f"window_{window}_{later}", cox_time_dependent, parameters)
            yield f"window_{window}_{later}_robust", cox_time_dependent, parameters | {"adjust": THREE, "robust": True}
    for horizon in (None, 18):
        for months in ((3.0, 6.0, 9.0, 12.0), (2.0, 8.0)):
            name, parameters = f"landmarks_{len(months)}_{horizon or 'Inf'}", {"months": months, "horizon": horizon}
            yield f"{name}_efron", cox_landmarks, parameters
            yield f"{name}_breslow", cox_landmarks, parameters | {"ties": "breslow"}
            yield f"{name}_adjusted", cox_landmarks, parameters | {"adjust": THREE}


CASES = {case: (method, parameters) for case, method, parameters in cases()}


@pytest.fixture(scope="module")
def recipe(make, read):
    columns = read("on_purpose/patients.csv")
    observed = make(
        columns["time"], columns["event"], columns["exposed"], entry=columns["entry"], patient=columns["patient"],
        covariates=np.column_stack([columns[name] for name in NAMES]), names=NAMES, exposed_from=columns["started"],
    )
    known = read("on_purpose/expected.csv")
    rows = zip(known["estimate"], known["standard_error"], known["rows"], known["deaths"], strict=True)
    return observed, dict(zip(known["case"].tolist(), rows, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_recipe(recipe, case):
    observed, known = recipe
    method, parameters = CASES[case]
    if method.__annotations__["observed"] == "Observed":
        observed = fixed(observed, exposed=observed.exposed)
    found = method(observed, **parameters)
    estimate, standard_error, rows, deaths = known[case]
    assert found.status is Status.OK, found.message
    assert found.estimate == approx(estimate, rel=1e-9)
    assert found.standard_error == approx(standard_error, rel=1e-9)
    if method is cox_landmarks:
        assert found.diagnostics["rows"] == rows
    elif method is not cox_time_dependent:
        assert (found.diagnostics["size"], found.diagnostics["events"]) == (rows, deaths)


def test_every_value_of_the_recipe_is_used(recipe):
    assert set(CASES) == set(recipe[1])


@pytest.mark.parametrize("adjust", [False, True])
def test_stanford_heart_transplants(make, read, expected, adjust):
    """Ever transplanted, transplanted over time and transplanted by 30 days, as R prints them."""
    known, jasa, names = expected["stanford"], read("jasa.csv"), ("age48", "surgery", "year")
    # R's `heart`: whoever was transplanted on the day of death was so half a day before; whoever died on day 0 lived half a day
    wait = np.where(jasa["wait_time"] == jasa["futime"], jasa["wait_time"] - 0.5, jasa["wait_time"])
    observed = make(
        np.maximum(jasa["futime"], 0.5), jasa["fustat"], jasa["transplant"], exposed_from=wait,
        covariates=np.column_stack([jasa[name] for name in names]), names=names,
    )
    kind = "adjusted" if adjust else "unadjusted"
    ever = cox_ever_exposed(observed, adjust=adjust)
    agrees(ever, known[f"naive_ever_{kind}"], "transplant")
    assert (ever.diagnostics["size"], ever.diagnostics["events"], ever.diagnostics["exposed"]) == (103, 75, 69)
    assert ever.diagnostics["immortal_months"] == known["person_time"]["immortal_pt"]
    over_time = cox_time_dependent(observed, adjust=adjust)
    agrees(over_time, known[f"own_split_timedep_{kind}"], "transplant")
    for days in (15.0, 30.0, 60.0, 90.0):
        agrees(cox_landmark(observed, months=days, adjust=adjust), known[f"landmark_{days:g}_{kind}"], "tx")
        one = cox_landmarks(observed, months=(days,), adjust=adjust)
        assert one.estimate == approx(known[f"landmark_{days:g}_{kind}"]["coef"]["tx"], rel=1e-8)
    assert ever.high < 0.0 < over_time.high  # a large benefit, and none
    excluded = cox_immortal_time_excluded(observed)
    immortal = excluded.diagnostics["months_dropped"]
    assert immortal == known["person_time"]["immortal_pt"]


def agrees(found, known, term):
    assert found.status is Status.OK, found.message
    assert found.estimate == approx(known["coef"][term], rel=1e-8)
    assert found.standard_error == approx(known["se"][term], rel=1e-8)
