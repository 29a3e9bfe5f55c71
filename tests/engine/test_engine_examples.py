"""The example tables of replicate 0."""

import numpy as np
import pytest

from biasim.engine.examples import PATIENTS, examples, observed_curves
from biasim.engine.plan import plan
from biasim.engine.replay import replay
from biasim.types import ObservedOverTime


@pytest.fixture
def shown(make_study, make_choice):
    study = make_study(size=400)
    study.scenarios[0].designs["registry"].methods["pairs"] = make_choice("methods", "cox_matched")
    scenario = study.scenarios[0]
    return examples(plan(scenario, study.seed), scenario.designs.values()), replay(study, replicate=0)


def test_simon_makuch_by_hand():
    # Patient 0 exposed from month 2 and dead at 4; patient 1 dead at 1 unexposed; patient 2 exposed from the
    # start, lost at 5; patient 3 never exposed, dead at 3.
    observed = ObservedOverTime(
        names=(), covariates=np.zeros((4, 0)), exposed=np.array([True, False, True, False]), entry=np.zeros(4),
        time=np.array([4.0, 1.0, 5.0, 3.0]), event=np.array([True, True, False, True]), patient=np.arange(4),
        exposed_from=np.array([2.0, np.inf, 0.0, np.inf]),
    )  # fmt: skip
    curves = dict(observed_curves(observed))
    exposed, unexposed = curves["exposed"], curves["unexposed"]
    assert dict(zip(exposed.time, exposed.survival, strict=True)) == {4.0: 0.5, 5.0: 0.5}
    at_death = unexposed.events > 0
    assert unexposed.time[at_death].tolist() == [1.0, 3.0]
    assert unexposed.survival[at_death] == pytest.approx([2 / 3, 0.0])


def test_true_curves_of_one_cohort_coincide_without_effect(shown):
    tables, _ = shown
    for design in ("registry", "dates", "trial"):
        both = [
            [row[3:5] for row in tables["curves"] if row[:3] == (design, group, "truth")]
            for group in ("all operated", "nobody operated")
        ]
        assert both[0] == both[1]
        assert both[0][0] == (0.0, 1.0)
        survival = [value for _, value in both[0]]
        assert survival == sorted(survival, reverse=True)


def test_the_observed_curve_is_the_share_alive_where_nobody_is_lost(shown):
    tables, again = shown
    observed = again.observed["registry"]
    alive = (observed.time[observed.exposed] > 24.0).mean()
    curve = {row[3]: row[4] for row in tables["curves"] if row[:3] == ("registry", "exposed", "observed")}
    assert curve[24.0] == pytest.approx(alive, abs=1e-12)
    count = {row[2]: row[3:] for row in tables["at_risk"] if row[:2] == ("registry", "exposed")}
    assert count[0.0] == (observed.exposed.sum(), 0)
    assert count[24.0][0] == (observed.time[observed.exposed] >= 24.0).sum()
    assert count[24.0][1] == (observed.event & (observed.time <= 24.0))[observed.exposed].sum()


def test_person_time_shows_thirty_patients_as_they_are(shown):
    tables, again = shown
    cohort = again.cohorts["registry"]
    rows = [row for row in tables["person_time"] if row[0] == "registry"]
    assert len(rows) == PATIENTS
    assert [row[2] for row in rows] == ["exposed"] * 15 + ["unexposed"] * 15
    for _, patient, group, wait, decided, end, died, time_zero in rows:
        assert (wait is not None) == (group == "exposed") == (decided is not None)
        assert time_zero == 0.0
        assert end == min(cohort.death[patient], 60.0)
        assert died == (cohort.death[patient] <= 60.0)
        if wait is not None:
            assert wait == cohort.operated_at[patient] == decided < end


def test_balance_has_the_propensity_methods_only(shown):
    tables, again = shown
    names = again.observed["registry"].names
    assert [row[:3] for row in tables["balance"]] == [("registry", "pairs", name) for name in names]
