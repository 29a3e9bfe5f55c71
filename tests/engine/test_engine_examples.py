"""The example tables of replicate 0."""

import numpy as np
import pytest

from biasim.engine.both_ways import both_ways
from biasim.engine.examples import PATIENTS, at_risk_rows, examples, settled, spells, true_curves
from biasim.engine.plan import plan
from biasim.engine.replay import replay
from biasim.kernels.kaplan_meier import curve
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
    both = dict(spells(observed))
    curves = {group: curve(stop, died, entry=start) for group, (start, stop, died) in both.items()}
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
        assert (decided is not None) == (group == "exposed")
        assert (np.inf if wait is None else wait) == cohort.treatment.wait[patient]
        assert time_zero == 0.0
        assert end == min(cohort.death[patient], 60.0)
        assert died == (cohort.death[patient] <= 60.0)
        if group == "exposed":
            assert wait == cohort.operated_at[patient] == decided < end
        else:
            assert wait is None or wait >= min(end, cohort.death[patient])


def test_balance_has_the_propensity_methods_only(shown):
    tables, again = shown
    names = again.observed["registry"].names
    assert [row[:3] for row in tables["balance"]] == [("registry", "pairs", name) for name in names]


def test_nobody_is_exposed_who_has_not_been_operated_yet():
    """One operated at 2, one from the start: at risk 1 at month 0, and 2 at month 3."""
    start, stop, died = np.array([2.0, 0.0]), np.array([7.0, 4.0]), np.array([True, False])
    rows = at_risk_rows("d", "exposed", start, stop, died)
    assert [row[2:] for row in rows] == [(0.0, 1, 0), (3.0, 2, 0), (6.0, 1, 0), (9.0, 0, 1)]


def test_true_curves_begin_with_everybody_alive(make_study):
    """Also where time zero is a landmark before which some would have died under one of the strategies."""
    study = make_study(size=400, effect="constant", effect_parameters={"hazard_ratio": 0.3})
    again = replay(study, replicate=0)
    cohort, observed = again.cohorts["registry"], again.observed["registry"]
    time_zero = np.full(cohort.size, 12.0)
    shown = dict(true_curves(both_ways(cohort, observed, time_zero, 12.0, assigned=False)))
    for group, survival in (("all operated", cohort.potential.under(np.minimum(cohort.treatment.wait, 12.0))),
                            ("nobody operated", cohort.potential.unoperated)):  # fmt: skip
        alive = survival[observed.patient] > 12.0
        assert shown[group].at_risk[0] == alive.sum() < observed.size
        assert shown[group].time[0] > 0.0


def test_what_rounding_leaves_of_no_difference_is_none():
    assert settled(-1.26e-16) == 0.0
    assert settled(-0.003) == -0.003


def test_hazard_ratio_over_time_is_one_in_truth_and_as_cox_says_on_average(shown):
    from biasim.methods.cox import cox

    tables, again = shown
    assert {row[0] for row in tables["hazard_ratio"]} == {"registry", "trial"}  # not where exposure begins during follow-up
    for design in ("registry", "trial"):
        rows = [row for row in tables["hazard_ratio"] if row[0] == design]
        (constant,) = (row for row in rows if row[1] == "constant")
        found = cox(again.observed[design], proportionality="km")
        assert constant[3:6] == (found.estimate, found.low, found.high)
        assert constant[6] == pytest.approx(found.diagnostics["zph_p"], rel=1e-9)
        truth = np.array([row[3] for row in rows if row[1] == "truth"])
        assert len(truth)
        assert truth == pytest.approx(0.0, abs=1e-9)  # no effect: both lives of a woman end in the same month
        seen = np.array([row[2:6] for row in rows if row[1] == "observed"], dtype=float)
        assert (np.diff(seen[:, 0]) == 1.0).all()
        assert ((seen[:, 2] < seen[:, 1]) & (seen[:, 1] < seen[:, 3])).all()
        assert seen[:, 1].min() - 0.1 < constant[3] < seen[:, 1].max() + 0.1


def test_the_studies_of_a_literature_are_those_that_the_method_pools(make_study, make_choice):
    study = make_study(size=600)
    pooled = make_choice("methods", "meta_analysis", studies=4)
    study.scenarios[0].designs["registry"].methods["pooled"] = pooled
    scenario = study.scenarios[0]
    rows = examples(plan(scenario, study.seed), scenario.designs.values())["studies"]
    again = replay(study, replicate=0)
    found = pooled.function(again.observed["registry"])
    assert [row[:3] for row in rows] == [("registry", "pooled", number) for number in (1, 2, 3, 4)]
    assert {row[5] for row in rows} == {found.estimate}
    weight = np.array([row[4] for row in rows]) ** -2.0
    fixed = float(weight @ np.array([row[3] for row in rows]) / weight.sum())
    assert abs(fixed - found.estimate) < found.standard_error


def test_what_is_not_written_up_is_in_the_table_of_studies_all_the_same(make_study, make_choice):
    study = make_study(size=600)
    pooled = make_choice("methods", "meta_analysis", studies=12, spread=2.0, written_up=0.3, of="crude")
    study.scenarios[0].designs["registry"].methods["pooled"] = pooled
    scenario = study.scenarios[0]
    rows = examples(plan(scenario, study.seed), scenario.designs.values())["studies"]
    found = pooled.function(replay(study, replicate=0).observed["registry"])
    assert len(rows) == found.diagnostics["studies_used"] + found.diagnostics["studies_unwritten"]
    assert sum(row[6] for row in rows) == found.diagnostics["studies_used"] < len(rows)


def test_the_analyses_behind_the_most_favourable_one_are_listed(make_study, make_choice):
    study = make_study(size=200)
    many, one = (make_choice("methods", "most_favourable", models=models) for models in (8, 1))
    study.scenarios[0].designs["registry"].methods["many"] = many
    study.scenarios[0].designs["registry"].methods["one"] = one
    scenario = study.scenarios[0]
    rows = examples(plan(scenario, study.seed), scenario.designs.values())["vibration"]
    assert [row[:2] for row in rows] == [("registry", "many")] * 8  # one analysis does not vibrate
    found = many.function(replay(study, replicate=0).observed["registry"])
    assert [row[3] for row in rows if row[5]] == [found.estimate]
