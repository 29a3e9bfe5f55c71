"""Clear margins and incomplete records: by hand, in the shares that they ask for, and as bias switched on and off."""

from functools import partial
from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.cohort.generate import generate
from biasim.config.load import load
from biasim.design._chance import chance, standardised
from biasim.design.measurement.everything import everything
from biasim.design.measurement.with_margins import with_margins
from biasim.design.observe import observe
from biasim.design.recording.incomplete import incomplete
from biasim.engine.streams import Streams
from biasim.errors import UnknownColumn
from biasim.methods.cox_adjusted_for_consequence import cox_adjusted_for_consequence
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_exposed_restricted import cox_exposed_restricted
from biasim.registry import find

PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.4, "hidden_log_ratio": 0.7}), "course": ("none", {}),
    "effect": ("none", {}), "censoring": ("none", {}), "care": ("none", {}),
    "local": ("none", {}), "staging": ("known_at_diagnosis", {}),
    "treatment": ("at_random", {"share": 0.5, "mean_wait": 0.0}), "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip


def world(size, replicate=0):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    return generate(parts, size, Streams(20261124, replicate))


def study(cohort, measurement, make_design, replicate=0, recording=()):
    """Exposure known from the start: surgery on the day of diagnosis, for half, by chance."""
    return observe(cohort, make_design(measurement=measurement, recording=recording), Streams(20261124, replicate))


@pytest.fixture(scope="module")
def cohort():
    return world(4000)


def rng():
    return np.random.default_rng(5)


def recovers(happened, log_ratio, intercept, values):
    """Logistic regression by statsmodels finds the log odds asked for within 4 standard errors."""
    from statsmodels.api import Logit, add_constant

    fit = Logit(happened.astype(float), add_constant(values)).fit(disp=0)
    assert np.abs((fit.params - [intercept, log_ratio]) / fit.bse).max() < 4.0


# ---------------------------------------------------------------- chances


def test_chance_by_hand():
    # odds 1/4 times 2 per unit: 1/8, 1/4, 1/2
    assert chance(0.2, (2.0, np.array([-1.0, 0.0, 1.0]))) == pytest.approx([1 / 9, 1 / 5, 1 / 3])
    values = np.array([1.0, 2.0])
    assert chance(0.2, (2.0, values), (3.0, values)) == pytest.approx([6 / 10, 36 / 40])
    assert chance(0.0, (2.0, values)).tolist() == [0, 0]
    assert chance(1.0, (2.0, values)).tolist() == [1, 1]
    assert (chance(0.5, (1e30, np.array([50.0, -50.0]))) == pytest.approx([1, 0], abs=1e-12))


def test_standardised_by_hand():
    assert standardised(np.array([1.0, 3.0])).tolist() == [-1, 1]
    assert standardised(np.full(3, 2.0)).tolist() == [0, 0, 0]
    assert standardised(np.empty(0)).size == 0


# ---------------------------------------------------------------- margins


def test_only_an_operation_has_margins(make_cohort):
    cohort = make_cohort([10, 10, 10, 2], wait=[1, np.inf, 4, 5], columns={"size": [1, 2, 3, 4], "burden": [0, 0, 0, 0]},
                         hidden=("burden",))
    measured = with_margins(cohort, rng(), clear=1.0)
    assert measured.names == ("size", "clear_margins")
    assert measured.values[:, 1].tolist() == [1, 0, 1, 0]  # the last one died before her operation
    assert measured.values[:, 0].tolist() == [1, 2, 3, 4]
    assert measured.known_from.tolist() == [0, 4]
    assert not with_margins(cohort, rng(), clear=0.0).values[:, 1].any()


def test_margins_depend_on_prognosis_as_asked(cohort):
    patients = cohort.patients
    for name, values in (("hidden", patients.hidden_log_hazard), ("recorded", patients.recorded_log_hazard)):
        for ratio in (1.0, 0.3):
            ratios = {"odds_ratio_hidden": 1.0, f"odds_ratio_{name}": ratio}
            clear = with_margins(cohort, rng(), clear=0.7, **ratios).values[:, -1] > 0
            assert not clear[~cohort.operated].any()
            recovers(clear[cohort.operated], log(ratio), log(0.7 / 0.3), standardised(values)[cohort.operated])


@pytest.mark.long
def test_margins_bias_is_switched_off_and_on(make_design):
    def estimates(ratio):
        rows = []
        for replicate in range(300):
            cohort = world(500, replicate)
            part = partial(with_margins, clear=0.6, odds_ratio_hidden=ratio)
            observed = study(cohort, part, make_design, replicate)
            assert observed.names == ("recorded_score", "clear_margins")
            # margins of surgery on the day of diagnosis are known then: the column is named
            found = (
                cox_adjusted_for_consequence(observed, consequences=("clear_margins",)),
                cox_exposed_restricted(observed, consequence="clear_margins", adjust=True),
            )
            assert all(one.status is Status.OK for one in found)
            rows.append([one.estimate for one in found])
        rows = np.array(rows)
        return rows.mean(axis=0) / (rows.std(axis=0, ddof=1) / sqrt(len(rows)))

    assert np.abs(estimates(1.0)).max() < 4
    adjusted, restricted = estimates(0.4)
    assert adjusted > 10
    assert restricted < -10


# ---------------------------------------------------------------- gaps


def test_an_incomplete_record_lacks_the_named_columns(make_cohort):
    columns = {"age": np.arange(40.0), "n1": np.ones(40), "n2": np.zeros(40)}
    cohort = make_cohort(np.arange(1.0, 41.0), wait=np.where(np.arange(40) % 2, 0.5, np.inf), columns=columns)
    assert np.isnan(incomplete(cohort, everything(cohort, rng()), rng(), share=1.0).values).all()
    assert np.isfinite(incomplete(cohort, everything(cohort, rng()), rng(), share=0.0).values).all()
    some = incomplete(cohort, everything(cohort, rng()), rng(), share=0.5, columns=("n1", "n2"))
    gaps = np.isnan(some.values)
    assert not gaps[:, 0].any()
    assert (gaps[:, 1] == gaps[:, 2]).all()
    assert 5 < gaps[:, 1].sum() < 35
    assert some.names == ("age", "n1", "n2")
    kept = incomplete(cohort, everything(cohort, rng()), rng(), share=1.0, completed_by_surgery=1.0)
    assert (np.isnan(kept.values[:, 0]) == ~cohort.operated).all()
    with pytest.raises(UnknownColumn, match="agee"):
        incomplete(cohort, everything(cohort, rng()), rng(), columns=("agee",))


@pytest.mark.parametrize("name", ["odds_ratio_recorded", "odds_ratio_hidden", "odds_ratio_survival"])
def test_gaps_depend_on_what_they_are_asked_to(cohort, name):
    driver = {
        "odds_ratio_recorded": cohort.patients.recorded_log_hazard,
        "odds_ratio_hidden": cohort.patients.hidden_log_hazard,
        "odds_ratio_survival": np.log(cohort.death),
    }[name]
    for ratio in (1.0, 3.0):
        gaps = np.isnan(incomplete(cohort, everything(cohort, rng()), rng(), share=0.3, **{name: ratio}).values[:, 0])
        recovers(gaps, log(ratio), log(0.3 / 0.7), standardised(driver))


@pytest.mark.long
def test_gaps_bias_is_switched_off_and_on(make_design):
    def estimates(**parameters):
        rows = []
        for replicate in range(400):
            part = partial(incomplete, share=0.4, **parameters)
            found = cox_complete_cases(study(world(500, replicate), everything, make_design, replicate, (part,)))
            assert found.status is Status.OK
            assert found.diagnostics["dropped"] > 0
            rows.append(found.estimate)
        return np.mean(rows) / (np.std(rows, ddof=1) / sqrt(len(rows)))

    assert abs(estimates()) < 4
    assert abs(estimates(odds_ratio_recorded=3.0)) < 4
    assert abs(estimates(odds_ratio_hidden=3.0)) < 4
    assert abs(estimates(odds_ratio_survival=0.2)) < 4
    assert abs(estimates(completed_by_surgery=1.0)) < 4
    assert estimates(odds_ratio_survival=0.2, completed_by_surgery=1.0) > 10


# ---------------------------------------------------------------- study files


def test_a_study_file_names_them_all(tmp_path):
    file = tmp_path / "on_purpose.yaml"
    file.write_text("""\
study: on_purpose
aim: Do the usual wrong analyses find a benefit?
world: two_scores
designs:
  ever:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: {with_margins: {clear: 0.7}}
    methods:
      - {cox_early_deaths_excluded: {months: 3}}
      - cox_adjusted_for_consequence
      - {cox_exposed_restricted: {consequence: clear_margins}}
  gaps:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    recording: {incomplete: {share: 0.3, columns: [recorded_score], odds_ratio_survival: 0.5}}
    methods: [cox_complete_cases, {cox_complete_cases: {adjust: [recorded_score]}}]
  dated:
    time_zero: diagnosis
    exposure: time_varying
    measurement: registry
    methods:
      - cox_ever_exposed
      - {cox_immortal_time_excluded: {clock: from_time_zero}}
      - {cox_time_dependent: {window: 8, later: unexposed}}
      - {cox_landmarks: {months: [3, 6], horizon: 24}}
estimands: [marginal_log_hazard_ratio, conditional_log_hazard_ratio]
performance: [bias]
run: {size: 300, replicates: 2, seed: 1}
""")
    loaded = load(file)
    assert len(loaded.scenarios) == 1
