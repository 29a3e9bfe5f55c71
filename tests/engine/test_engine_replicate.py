"""One replicate: shared cohorts, columns, places named in errors, replay."""

import pickle

import numpy as np
import pytest

from biasim.engine.dry_run import dry_run
from biasim.engine.failures import PartFailed
from biasim.engine.plan import plan
from biasim.engine.replay import replay
from biasim.engine.replicate import DIAGNOSTICS, cohorts, columns, replicate
from biasim.engine.streams import Streams
from biasim.errors import BiasimError, StudyRefused


def test_designs_with_one_world_share_one_cohort_and_worlds_share_their_stages(make_study):
    planned = plan(make_study().scenarios[0], 1)
    assert [design.world for design in planned.designs] == [0, 0, 1]
    registry, trial = cohorts(planned, Streams(1, 5))
    assert trial.patients is registry.patients
    assert trial.effect is registry.effect
    assert not np.array_equal(trial.treatment.intended, registry.treatment.intended)
    alone = plan(make_study().scenarios[0], 1)
    again = cohorts(alone, Streams(1, 5))[1]
    assert np.array_equal(again.potential.operated, trial.potential.operated)


def test_rows_are_all_analyses_in_the_order_of_the_study(make_study):
    planned = plan(make_study().scenarios[0], 1)
    rows = replicate(planned, 3)
    names = [(row.design, row.method) for row in rows]
    assert names == [
        ("registry", "cox"), ("registry", "cox(adjust=true)"), ("registry", "rmst"),
        ("dates", "late"), ("trial", "cox"),
    ]  # fmt: skip
    table = columns(rows)
    assert set(DIAGNOSTICS) < set(table)
    assert {len(values) for values in table.values()} == {5}
    assert (table["replicate"] == 3).all()
    assert table["size"][0] == 150.0
    assert np.isnan(table["matched"]).all()


def test_a_plan_survives_pickling_with_equal_results(make_study):
    planned = plan(make_study().scenarios[0], 1)
    again = pickle.loads(pickle.dumps(planned))
    assert again.worlds[0]["patients"] is again.worlds[1]["patients"]
    first, second = columns(replicate(planned, 0)), columns(replicate(again, 0))
    assert np.array_equal(first["estimate"], second["estimate"], equal_nan=True)


def test_a_method_more_shifts_no_other_result(make_study, make_choice):
    small = make_study()
    more = make_study()
    more.scenarios[0].designs["registry"].methods["matched"] = make_choice("methods", "cox_matched")
    before, after = (columns(replicate(plan(one.scenarios[0], 1), 0)) for one in (small, more))
    kept = after["method"] != "matched"
    assert np.array_equal(before["estimate"], after["estimate"][kept], equal_nan=True)


def broken(make_study, make_choice):
    study = make_study()
    study.scenarios[0].designs["trial"].methods["bad"] = make_choice("methods", "cox", adjust=("age_at_dagnosis",))
    return study


def test_an_exception_in_a_part_names_the_place(make_study, make_choice):
    with pytest.raises(PartFailed, match=r"scenario 0, replicate 17, design 'trial', bad: .*age_at_dagnosis") as caught:
        replicate(plan(broken(make_study, make_choice).scenarios[0], 1), 17)
    assert isinstance(caught.value.__cause__, BiasimError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_dry_run_refuses_what_cannot_work_at_its_place(make_study, make_choice, make_design, make_world):
    study = broken(make_study, make_choice)
    measurement = make_choice("measurement", "registry", without=("nothing_like_it",))
    methods = {"cox": make_choice("methods", "cox")}
    study.scenarios[0].designs["other"] = make_design(
        "other", make_world(), "intended", methods, measurement=measurement
    )
    with pytest.raises(StudyRefused) as refused:
        dry_run(study)
    paths = [problem.path for problem in refused.value.problems]
    assert len(paths) == 2
    assert "designs.trial.methods.bad" in paths
    assert any(path.startswith("designs.other.measurement.registry") for path in paths)


def test_the_dry_run_accepts_analyses_that_fail_on_few_patients(make_study, make_choice):
    study = make_study(waits=(4.0, 5000.0))
    dry_run(study)
    statuses = {row.estimate.status for row in replay(study, replicate=0, scenario=1).rows}
    assert "nobody exposed" in statuses


def test_replay_refuses_what_is_not_there(make_study):
    with pytest.raises(BiasimError, match="scenarios 0 to 0"):
        replay(make_study(), replicate=0, scenario=4)
    with pytest.raises(BiasimError, match="counted from 0"):
        replay(make_study(), replicate=-1)
