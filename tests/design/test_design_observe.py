"""The view put together: by hand first, then what must not change."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from biasim.design.eligibility.non_progressors import non_progressors
from biasim.design.eligibility.randomised import randomised
from biasim.design.exposure.arm_and_surgery import arm_and_surgery
from biasim.design.exposure.ever_operated import ever_operated
from biasim.design.exposure.intended import intended
from biasim.design.exposure.operated_by_time_zero import operated_by_time_zero
from biasim.design.exposure.time_varying import time_varying
from biasim.design.follow_up.calendar import calendar
from biasim.design.follow_up.months import months
from biasim.design.measurement.everything import everything
from biasim.design.observe import attrition, observe
from biasim.design.time_zero.landmark import landmark
from biasim.design.time_zero.randomisation import randomisation
from biasim.types import Exposure, Observed, ObservedOverTime, ObservedTrial

INF = np.inf


def test_registry_of_five_women_by_hand(make_cohort, make_design, streams):
    # operated at 2; dies waiting; never meant for surgery; lost at 4, before surgery at 5; operated and lost at 9
    cohort = make_cohort(death=[10, 3, 8, 20, 30], wait=[2, 5, INF, 5, 1], lost=[INF, INF, INF, 4, 9])
    seen = observe(cohort, make_design(), streams)
    assert seen.exposed.tolist() == [True, False, False, False, True]
    assert seen.time.tolist() == [10, 3, 8, 4, 9]
    assert seen.event.tolist() == [True, True, True, False, False]
    assert seen.entry.tolist() == [0] * 5
    assert seen.patient.tolist() == [0, 1, 2, 3, 4]
    assert seen.names == ()
    assert seen.covariates.shape == (5, 0)
    assert type(seen) is Observed


def test_landmark_leaves_out_the_dead_and_the_lost_and_restarts_the_clock(make_cohort, make_design, streams):
    cohort = make_cohort(death=[6, 6.5, 9, 20, 40], wait=[1, 2, 8, 6, INF], lost=[INF, INF, INF, 5, 16])
    design = make_design(time_zero=partial(landmark, months=6.0), exposure=operated_by_time_zero)
    seen = observe(cohort, design, streams)
    # the first dies at the landmark itself, the fourth is lost before; the third is operated later
    assert seen.patient.tolist() == [1, 2, 4]
    assert seen.time.tolist() == [0.5, 3, 10]
    assert seen.event.tolist() == [True, True, False]
    assert seen.exposed.tolist() == [True, False, False]


def test_exposure_over_time_begins_at_surgery_or_time_zero(make_cohort, make_design, streams):
    cohort = make_cohort(death=[10, 12, 14, 15], wait=[2, 7, INF, 14], lost=[INF, INF, INF, 14])
    design = make_design(time_zero=partial(landmark, months=5.0), exposure=time_varying)
    seen = observe(cohort, design, streams)
    assert type(seen) is ObservedOverTime
    assert seen.exposed_from.tolist() == [0, 2, INF, INF]  # the last is lost on the day of surgery
    assert seen.exposed.tolist() == [True, True, False, False]


def test_end_of_follow_up_hides_deaths_and_operations(make_cohort, make_design, streams):
    cohort = make_cohort(death=[11, 13, 30, 30], wait=[INF, 3, 11, 14], diagnosed=[2018, 2018, 2018, 2019.5])
    seen = observe(cohort, make_design(follow_up=partial(calendar, until=2019.0)), streams)
    assert seen.patient.tolist() == [0, 1, 2]  # the last is diagnosed after the end
    assert seen.time.tolist() == [11, 12, 12]
    assert seen.event.tolist() == [True, False, False]
    assert seen.exposed.tolist() == [False, True, True]
    shorter = observe(cohort, make_design(follow_up=partial(months, months=10.0)), streams)
    assert shorter.exposed.tolist() == [False, True, False, False]
    assert shorter.time.tolist() == [10, 10, 10, 10]


def test_death_on_the_last_day_counts(make_cohort, make_design, streams):
    seen = observe(make_cohort(death=[12.0]), make_design(follow_up=partial(months, months=12.0)), streams)
    assert seen.event.tolist() == [True]


def test_stage_iv_must_become_known_while_she_is_watched(make_cohort, make_design, streams):
    cohort = make_cohort(death=[20, 5, 20, 20], lost=[INF, INF, 4, INF], known=[8, 8, 8, INF], wait=[8, 8, 8, INF])
    seen = observe(cohort, make_design(), streams)
    assert seen.patient.tolist() == [0]
    early = observe(cohort, make_design(follow_up=partial(months, months=6.0)), streams)
    assert early.size == 0


def test_accrual_counts_only_women_who_satisfy_everything(make_cohort, make_design, streams):
    # six randomised women: dead before, progressed, lost before, and three who can enter
    cohort = make_cohort(
        death=[5, 30, 30, 30, 30, 30, 30],
        randomised_at=[6, 6, 6, 6, 6, INF, 6],
        response=[0, -1, 0, 1, 0, 1, 0],
        lost=[INF, INF, 3, INF, INF, INF, INF],
    )
    design = make_design(time_zero=randomisation, exposure=intended)

    def entered(*eligibility):
        return observe(cohort, design | {"eligibility": eligibility}, streams).patient.tolist()

    two = partial(randomised, target=2)
    assert entered(partial(randomised, target=0)) == [1, 3, 4, 6]
    assert entered(two) == [1, 3]
    assert entered(two, non_progressors) == entered(non_progressors, two) == [3, 4]
    assert entered(two, partial(randomised, target=1)) == [1]
    assert entered(partial(randomised, target=99), non_progressors) == [3, 4, 6]


def test_attrition_by_hand(make_cohort, make_design, streams):
    cohort = make_cohort(
        death=[3, 10, 12, 14, 16], wait=[1, 2, INF, 8, INF], response=[0, 0, -1, 0, 0], lost=[INF, INF, INF, INF, 15]
    )
    design = make_design(
        eligibility=(non_progressors,), time_zero=partial(landmark, months=6.0), exposure=operated_by_time_zero
    )
    counted = attrition(cohort, design, streams)
    assert counted == {
        "considered": 5, "eligible": 4, "alive at time zero": 3, "accrued": 3, "exposed": 1, "events": 2,
    }  # fmt: skip
    assert list(counted) == ["considered", "eligible", "alive at time zero", "accrued", "exposed", "events"]


def test_nobody_is_left(make_cohort, make_design, streams):
    empty = make_cohort(death=[])
    assert observe(empty, make_design(), streams).size == 0
    nobody = make_design(eligibility=(randomised,), time_zero=randomisation, exposure=time_varying)
    seen = observe(make_cohort(death=[5, 6], columns={"x": [1, 2]}), nobody | {"measurement": everything}, streams)
    assert seen.size == 0
    assert seen.covariates.shape == (0, 1)


@pytest.fixture
def drawn(make_cohort):
    rng = np.random.default_rng(20230130)
    size = 400
    columns = {"x": rng.standard_normal(size), "burden": rng.standard_normal(size)}
    wait = np.where(rng.random(size) < 0.5, rng.exponential(5.0, size), INF)
    return make_cohort(
        death=rng.exponential(20.0, size), wait=wait, lost=rng.exponential(80.0, size), columns=columns,
        hidden=("burden",), response=rng.integers(-1, 2, size),
    )  # fmt: skip


@pytest.mark.parametrize("exposure", [ever_operated, operated_by_time_zero, intended, time_varying])
@pytest.mark.parametrize("zero", [0.0, 6.0])
def test_observed_is_well_formed(drawn, make_design, streams, exposure, zero):
    parts = make_design(time_zero=partial(landmark, months=zero), exposure=exposure, measurement=everything)
    seen = observe(drawn, parts | {"follow_up": partial(calendar, until=2014.0)}, streams)
    assert (seen.time > seen.entry).all()
    assert (np.diff(seen.patient) > 0).all()
    assert seen.covariates.flags.c_contiguous
    assert np.array_equal(seen.covariates[:, 0], drawn.patients.columns["x"][seen.patient])
    assert np.array_equal(seen.time + zero >= drawn.death[seen.patient] - 1e-12, seen.event)
    if exposure is time_varying:
        assert (seen.exposed_from[seen.exposed] < seen.time[seen.exposed]).all()
        assert np.array_equal(np.isfinite(seen.exposed_from), seen.exposed)


def test_immortal_time_is_in_ever_operated_and_not_in_operated_by_time_zero(drawn, make_design, streams):
    parts = make_design(time_zero=partial(landmark, months=6.0))
    ever, by = (observe(drawn, parts | {"exposure": part}, streams) for part in (ever_operated, operated_by_time_zero))
    moved = ever.exposed & ~by.exposed
    assert moved.any()
    assert (ever.time[moved] + 6.0 > drawn.treatment.wait[ever.patient[moved]]).all()
    assert not (by.exposed & ~ever.exposed).any()


def test_only_the_streams_of_the_view_are_asked_for(drawn, make_design):
    asked = []

    def streams(stage):
        asked.append(stage)
        return np.random.default_rng(1)

    observe(drawn, make_design(), streams)
    assert sorted(asked) == ["exposure", "follow_up", "measurement", "outcome"]


def test_exposure_known_only_after_the_end_is_not_seen(make_cohort, make_design, streams):
    def decided_late(cohort, time_zero, rng):
        return Exposure(exposed=np.ones(2, bool), decided=np.array([4.0, 9.0]))

    seen = observe(make_cohort(death=[5, 5]), make_design(exposure=decided_late), streams)
    assert seen.exposed.tolist() == [True, False]


def test_a_trial_keeps_the_arm_beside_what_was_done(make_cohort, make_design, streams):
    cohort = make_cohort(
        death=[30, 30, 30, 4], wait=[8, INF, 8, INF], intended=[True, True, False, False], randomised_at=6.0,
        lost=[INF, INF, INF, INF],
    )  # fmt: skip
    design = make_design(time_zero=randomisation, exposure=arm_and_surgery, eligibility=(randomised,))
    seen = observe(cohort, design, streams)
    assert type(seen) is ObservedTrial
    assert seen.assigned.tolist() == [True, True, False]
    assert seen.exposed_from.tolist() == [2.0, INF, 2.0]
    np.testing.assert_allclose(seen.started, 2010.5)


def test_causes_and_dates_are_written_down(make_cohort, make_design, streams):
    cohort = replace(
        make_cohort(death=[10, 20, 30], lost=[INF, INF, 5], diagnosed=[2000.0, 2001.0, 2002.5]),
        of_other_cause=np.array([False, True, True]),
    )
    seen = observe(cohort, make_design(), streams)
    assert seen.cause.tolist() == [1, 2, 0]
    assert seen.started.tolist() == [2000.0, 2001.0, 2002.5]
    assert observe(make_cohort(death=[10, 20], lost=[INF, 5]), make_design(), streams).cause.tolist() == [1, 0]


@pytest.mark.parametrize(("months_", "known"), [(0.0, [0.0, 3.0, 3.0]), (2.0, [0.0, 1.0, 1.0]), (3.0, None)])
def test_the_response_is_known_from_its_evaluation_on(make_cohort, make_design, streams, months_, known):
    cohort = make_cohort(death=[10, 20, 30], response=[1, -1, 0], columns={"age": [1, 2, 3]})
    seen = observe(cohort, make_design(measurement=everything, time_zero=partial(landmark, months=months_)), streams)
    assert seen.names == ("age", "responded", "progressed")
    assert (seen.known_from is None) if known is None else seen.known_from.tolist() == known
