"""Time zeros that differ between the groups: by hand, what must not change, and as bias switched on and off."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design.exposure.intended import intended
from biasim.design.exposure.time_varying import time_varying
from biasim.design.follow_up.months import months
from biasim.design.measurement.everything import everything
from biasim.design.observe import observe
from biasim.design.time_zero.by_group import by_group
from biasim.design.time_zero.diagnosis import diagnosis
from biasim.design.time_zero.lead_time import lead_time
from biasim.engine.streams import Streams
from biasim.methods.cox import cox
from biasim.methods.cox_immortal_time_excluded import cox_immortal_time_excluded
from biasim.registry import find

INF = np.inf
PARTS = {
    "patients": ("two_scores", {}), "course": ("none", {}), "care": ("none", {}), "effect": ("none", {}),
    "censoring": ("none", {}), "local": ("none", {}), "staging": ("known_at_diagnosis", {}),
    "treatment": ("at_random", {"share": 0.5, "mean_wait": 6.0}), "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip
RESPONSE = ("response", {"evaluated": 3.0, "responder_hazard_ratio": 1.0, "progressor_hazard_ratio": 1.0})


def world(size, replicate=0, **rooms):
    parts = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    return generate(parts, size, Streams(20270106, replicate))


def in_standard_errors(cohort, design):
    """The naive log hazard ratio of one large study in its standard errors: in one cohort they are the Monte Carlo error."""
    found = cox(observe(cohort, design, Streams(20270106, 0)))
    return found.estimate / found.standard_error


# ---------------------------------------------------------------- by hand


@pytest.fixture
def five(make_cohort):
    # operated at 2; dies waiting; never meant for surgery; lost before surgery; meant for surgery, operated at 4
    return make_cohort(death=[10, 3, 8, 20, 30], wait=[2, 5, INF, 5, 4], lost=[INF, INF, INF, 4.5, INF],
                       intended=[1, 1, 0, 1, 1])  # fmt: skip


def test_moments_by_hand(five):
    assert by_group(five).tolist() == [2, 0, 0, 0, 4]
    assert by_group(five, others="evaluation").tolist() == [2, 3, 3, 3, 4]
    assert by_group(five, operated="evaluation").tolist() == [3, 0, 0, 0, 3]
    assert by_group(five, operated="diagnosis", others="evaluation").tolist() == [0, 3, 3, 3, 0]
    assert lead_time(five, months=6.0).tolist() == [-6, -6, 0, -6, -6]
    assert lead_time(five, months=6.0, group="operated").tolist() == [-6, 0, 0, 0, -6]
    assert lead_time(five, months=6.0, group="unoperated").tolist() == [0, -6, -6, -6, 0]
    assert lead_time(five, months=6.0, group="everyone").tolist() == [-6] * 5


def test_switched_off_it_is_diagnosis_to_the_last_bit(five):
    plain = diagnosis(five).tobytes()
    assert by_group(five, operated="diagnosis", others="diagnosis").tobytes() == plain
    assert all(lead_time(five, months=0.0, group=one).tobytes() == plain for one in ("intended", "operated", "everyone"))


def test_the_operated_from_surgery_by_hand(five, make_design, streams):
    seen = observe(five, make_design(time_zero=by_group, follow_up=partial(months, months=7.0)), streams)
    assert seen.time.tolist() == [7, 3, 7, 4.5, 7]
    assert seen.event.tolist() == [False, True, False, False, False]
    assert seen.exposed.tolist() == [True, False, False, False, True]
    np.testing.assert_allclose(seen.started, 2010.0 + np.array([2, 0, 0, 0, 4]) / 12.0)
    late = observe(five, make_design(time_zero=partial(by_group, others="evaluation")), streams)
    assert late.patient.tolist() == [0, 2, 3, 4]  # the second dies in the month of the evaluation
    assert late.time.tolist() == [8, 5, 1.5, 26]


def test_an_earlier_diagnosis_by_hand(five, make_design, streams):
    design = make_design(time_zero=partial(lead_time, months=6.0), exposure=intended)
    seen = observe(five, design, streams)
    assert seen.time.tolist() == [16, 9, 8, 10.5, 36]
    assert (seen.entry == 0).all()
    np.testing.assert_allclose(seen.started, 2010.0 - np.array([6, 6, 0, 6, 6]) / 12.0)
    dated = observe(five, design | {"exposure": time_varying}, streams)
    assert dated.exposed_from.tolist() == [8, INF, INF, INF, 10]
    watched = observe(five, design | {"follow_up": partial(months, months=12.0)}, streams)
    assert watched.time.tolist() == [12, 9, 8, 10.5, 12]


def test_what_is_known_at_an_earlier_diagnosis_is_known_at_time_zero(make_cohort, make_design, streams):
    cohort = make_cohort(death=[10, 20, 30], response=[1, -1, 0], columns={"age": [1, 2, 3]}, intended=[1, 0, 0])
    seen = observe(cohort, make_design(measurement=everything, time_zero=partial(lead_time, months=6.0)), streams)
    assert seen.names == ("age", "responded", "progressed")
    assert seen.known_from.tolist() == [0, 9, 9]  # of everybody: of the first, found early, nine months later


# ---------------------------------------------------------------- what must not change


def test_from_surgery_is_the_analysis_that_throws_immortal_months_away(make_design):
    cohort = world(3000, censoring=("exponential", {"per_month": 0.01}))
    apart = observe(cohort, make_design(time_zero=by_group), Streams(20270106, 0))
    together = observe(cohort, make_design(exposure=time_varying), Streams(20270106, 0))
    found, other = cox(apart), cox_immortal_time_excluded(together)
    assert found.estimate == pytest.approx(other.estimate, rel=1e-10)
    assert found.standard_error == pytest.approx(other.standard_error, rel=1e-10)


def test_lead_time_in_everyone_leaves_the_hazard_ratio_alone(make_design):
    cohort = world(3000)
    plain = cox(observe(cohort, make_design(exposure=intended), Streams(20270106, 0)))
    moved = make_design(exposure=intended, time_zero=partial(lead_time, months=7.0, group="everyone"))
    assert cox(observe(cohort, moved, Streams(20270106, 0))).estimate == pytest.approx(plain.estimate, rel=1e-10)


# ---------------------------------------------------------------- on and off


@pytest.mark.long
@pytest.mark.parametrize("group", ["intended", "operated", "unoperated"])
def test_lead_time_is_switched_off_and_on(make_design, group):
    at_once = ("at_random", {"share": 0.5, "mean_wait": 1e-9})
    cohort = world(400_000, treatment=at_once)
    on, off = (partial(lead_time, months=value, group=group) for value in (3.0, 0.0))
    assert abs(in_standard_errors(cohort, make_design(time_zero=off))) < 4
    deviate = in_standard_errors(cohort, make_design(time_zero=on))
    assert (deviate if group == "unoperated" else -deviate) > 10


@pytest.mark.long
def test_own_clocks_are_switched_off_and_on(make_design):
    cohort = world(400_000)
    off = partial(by_group, operated="diagnosis", others="diagnosis")
    assert abs(in_standard_errors(cohort, make_design(time_zero=off, exposure=intended))) < 4
    assert in_standard_errors(cohort, make_design(time_zero=by_group, exposure=intended)) > 10
    assert in_standard_errors(cohort, make_design(time_zero=by_group)) < -10
    at_once = world(400_000, treatment=("at_random", {"share": 0.5, "mean_wait": 1e-9}))
    assert abs(in_standard_errors(at_once, make_design(time_zero=by_group))) < 4


@pytest.mark.long
def test_others_from_a_later_month_lose_their_frailest(make_design):
    """Of women who differ in hazard those who live to the evaluation are the fitter ones; with one hazard nobody is selected."""
    late = make_design(time_zero=partial(by_group, operated="diagnosis", others="evaluation"))
    at_once = ("at_random", {"share": 0.5, "mean_wait": 1e-9})
    frail = ("two_scores", {"hidden_log_ratio": 1.0})
    later = (RESPONSE[0], RESPONSE[1] | {"evaluated": 6.0})
    assert in_standard_errors(world(400_000, treatment=at_once, course=later, patients=frail), late) > 10
    assert abs(in_standard_errors(world(400_000, treatment=at_once, course=later), late)) < 4


@pytest.mark.long
def test_a_hazard_that_changes_biases_in_its_own_direction(make_design):
    """A hazard that rises with the months since diagnosis meets the operated at their month 0, one that falls has spared them."""
    surgery = ("by_prognosis", {"share": 0.5, "median_wait": 6.0, "wait_spread": 0.0})
    found = {}
    for shape in (0.6, 1.0, 1.8):
        cohort = world(200_000, treatment=surgery, survival=("weibull", {"shape": shape, "scale": 30.0}))
        found[shape] = in_standard_errors(cohort, make_design(time_zero=by_group))
    assert found[0.6] < found[1.0] - 10 < found[1.8] - 20
    assert found[1.8] > 10
