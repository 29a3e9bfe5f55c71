"""Line by line: pairs on common random numbers, changes that fit only together, steps that add up."""

from __future__ import annotations

import csv
from collections.abc import Iterable

import numpy as np
import pytest

from biasim.config.lines import Analysis, mixture
from biasim.config.load import from_text, load, resolve
from biasim.engine import paired as engine
from biasim.engine.comparison import compare
from biasim.engine.comparison_table import COLUMNS, write_comparison
from biasim.engine.paired import Case, Difference, moments, paired
from biasim.engine.plan import plan
from biasim.engine.replicate import replicate
from biasim.engine.steps import Bench, groups, road, smallest
from biasim.errors import BiasimError

approx = pytest.approx
SHARED = """
study: small
aim: x
world:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.5}}
  treatment: {by_prognosis: {share: 0.4, odds_ratio: 0.5, median_wait: 4}}
  survival: {weibull: {shape: 1, scale: 30}}
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {size: 300, replicates: 20, seed: 5}
"""
DESIGNS = """
designs:
  registry: {time_zero: diagnosis, exposure: ever_operated, measurement: registry, methods: [cox, {cox: {adjust: true}}]}
  landmark: {time_zero: {landmark: {months: 6}}, exposure: operated_by_time_zero, measurement: registry, methods: [cox]}
  dates: {time_zero: diagnosis, exposure: time_varying, measurement: registry, methods: [cox_time_dependent]}
  months: {time_zero: diagnosis, exposure: ever_operated, measurement: registry, methods: [{rmst: {horizon: 24}}]}
  trial:
    change: {treatment: {randomised: {at: 6.0}}}
    eligibility: randomised
    time_zero: randomisation
    exposure: intended
    measurement: registry
    methods: [cox]
"""


def small(*changed: tuple[str, str]):
    text = SHARED + DESIGNS
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    return from_text(text, "small.yaml")


def analysis(study, design="registry", method="") -> Analysis:
    return Analysis(study=study, design=design, method=method or next(iter(study.scenarios[0].designs[design].methods)))


def between(design: str, other: str, **how):
    study = small()
    return compare(analysis(study, design), analysis(study, other), workers=1, **how)


def test_moments_by_hand() -> None:
    assert moments(np.array([1.0, 2.0, 6.0])) == approx((3.0, np.sqrt(7.0) / np.sqrt(3.0), 3))
    assert moments(np.zeros(4)) == Difference(0.0, 0.0, 4)
    assert np.isnan(moments(np.array([])).value)
    assert np.isnan(moments(np.array([1.0])).mcse)
    assert Difference(0.19, 0.1, 9).is_nothing
    assert not Difference(-0.21, 0.1, 9).is_nothing
    assert not Difference(np.nan, np.nan, 0).is_nothing


def cases(study) -> list[Case]:
    return [Case(design, label) for design in study.scenarios[0].designs.values() for label in design.methods]


def test_every_case_gives_what_the_study_itself_gives() -> None:
    study = small()
    found = paired(cases(study), size=300, seed=5, replicates=4, workers=1)
    for number in range(4):
        expected = [row.estimate.estimate for row in replicate(plan(study.scenarios[0], 5), number)]
        assert found.estimates[:, number].tolist() == expected
    assert found.estimands[0] == "marginal_log_hazard_ratio"
    assert found.endings[0]["ok"] == 4


def test_estimates_depend_on_neither_company_nor_tasks_nor_workers(monkeypatch) -> None:
    every = cases(small())
    how = {"size": 300, "seed": 5, "replicates": 3}
    together = paired(every, **how, workers=1)
    assert together.estimates.tobytes() == paired([*every, every[0]], **how, workers=1).estimates[:-1].tobytes()
    for place, case in enumerate(every):
        assert paired([case], **how, workers=1).estimates.tobytes() == together.estimates[place].tobytes()
    monkeypatch.setattr(engine, "PATIENTS_AT_ONCE", 300)  # one world a task
    apart = engine.Jobs.of(every, 300, 5)
    assert all(len(planned.worlds) == 1 for planned in apart.plans)
    assert len(apart.plans) == 2
    assert paired(every, **how, workers=1).estimates.tobytes() == together.estimates.tobytes()
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 10)
    assert paired(every, **how, workers=2).estimates.tobytes() == together.estimates.tobytes()


def test_equal_cases_are_computed_once() -> None:
    every = cases(small())
    jobs = engine.Jobs.of([*every, *every], 300, 5)
    assert len(jobs.distinct) == len(every)
    assert jobs.places == [*range(len(every)), *range(len(every))]


def test_equal_analyses_are_not_simulated() -> None:
    study = small()
    found = compare(analysis(study), analysis(study))
    assert found.rows == found.steps == found.besides == ()
    other = small(("seed: 5", "seed: 6"))
    found = compare(analysis(study), analysis(other))
    assert found.rows == ()
    assert [line.path for line in found.besides] == ["run.seed"]


def test_one_line_is_the_whole_difference() -> None:
    study, other = small(), small(("odds_ratio: 0.5", "odds_ratio: 0.9"))
    found = compare(analysis(study), analysis(other), replicates=20, workers=1)
    [row] = found.rows
    [step] = found.steps
    assert row.alone.difference == row.out.difference == step.moved == found.total
    assert step.reached == approx(found.end.value, abs=1e-15)
    assert found.start.value + found.total.value == approx(found.end.value, abs=1e-14)
    assert (found.size, found.replicates) == (300, 20)
    assert found.total.mcse < 0.6 * np.hypot(found.start.mcse, found.end.mcse)  # what common random numbers are for


@pytest.mark.parametrize(("first", "second"), [("registry", "landmark"), ("registry", "trial"), ("landmark", "dates")])
def test_the_steps_add_up_to_the_whole_difference(first, second) -> None:
    found = between(first, second, replicates=10)
    assert sum(step.moved.value for step in found.steps) == approx(found.total.value, abs=1e-14)
    assert found.steps[-1].reached == approx(found.end.value, abs=1e-15)
    assert sorted(number for step in found.steps for number in step.rows) == [row.number for row in found.rows]


def test_an_exposure_and_the_method_that_fits_it_are_one_change() -> None:
    found = between("registry", "dates", replicates=5)
    [row] = found.rows
    assert [line.path for line, *_ in row.lines] == ["exposure", "methods"]


def test_a_line_that_needs_another_brings_it() -> None:
    found = between("registry", "trial", replicates=5)
    paths = {row.number: row.lines[0].line.path for row in found.rows}
    assert paths == {1: "treatment", 2: "eligibility.randomised", 3: "time_zero", 4: "exposure"}
    by_path = {paths[row.number]: row for row in found.rows}
    assert by_path["eligibility.randomised"].alone.beside == (1,)
    assert by_path["time_zero"].alone.beside == (1,)
    assert by_path["treatment"].alone.beside == ()
    assert by_path["treatment"].out.beside == (2, 3)  # without a trial there is nobody randomised and no such month
    assert by_path["eligibility.randomised"].out.beside == ()
    assert [step.rows for step in found.steps] == [(1,), (2,), (3,), (4,)]


def test_a_line_that_alone_leaves_nobody_to_compare_brings_another() -> None:
    found = between("registry", "landmark", replicates=5)
    by_path = {row.lines[0].line.path: row for row in found.rows}
    assert by_path["exposure"].alone.beside == (by_path["time_zero"].number,)  # nobody is operated by diagnosis


def test_a_line_that_does_nothing_moves_nothing_at_all() -> None:
    study = small()
    other = small(("measurement: registry, methods: [cox, ", "measurement: nothing, methods: [cox, "))
    [row] = compare(analysis(study), analysis(other, method="cox"), replicates=5, workers=1).rows
    assert row.alone.difference == row.out.difference == Difference(0.0, 0.0, 5)
    assert not row.moves


def test_values_that_fit_only_together_move_together() -> None:
    """Shares that add up to 1: no single one of them can be changed."""
    study = load(resolve("paradox"))
    shares = "  patients.de_novo.tumour.t_stage: {T1: 0.25, T2: 0.35, T3: 0.2, T4: 0.2}\n"
    text = resolve("paradox").read_text().replace("designs:\n  registry", f"change:\n{shares}designs:\n  registry", 1)
    other = from_text(text, "paradox.yaml")
    mixed = mixture(analysis(study), analysis(other))
    assert len(mixed.lines) >= 2
    found = groups(Bench(mixture=mixed, like=study, size=200))
    assert len(found) < len(mixed.lines)
    assert max(map(len, found)) >= 2


def works_with(*sets: Iterable[int]):
    allowed = [frozenset(one) for one in sets]
    return lambda numbers: frozenset(numbers) in allowed


def test_smallest_change() -> None:
    assert smallest((1,), range(4), works_with({1}, {1, 2})) == (1,)
    assert smallest((1,), range(4), works_with({1, 3}, {0, 1, 2, 3})) == (1, 3)
    assert smallest((1,), range(5), works_with({1, 3, 4}, {1, 2, 3, 4}, {0, 1, 2, 3, 4})) == (1, 3, 4)
    assert smallest((1,), range(3), works_with({0, 1, 2})) == (0, 1, 2)


def test_a_road_takes_several_at_once_only_where_it_must() -> None:
    free = lambda numbers: True  # noqa: E731
    assert list(road([(0,), (1, 2), (3,)], free)) == [(0,), (1, 2), (3,)]
    needs = lambda numbers: 0 not in numbers or 3 in numbers  # noqa: E731
    assert list(road([(0,), (1,), (3,)], needs)) == [(0, 3), (1,)]
    all_or_none = lambda numbers: len(set(numbers)) in (0, 3)  # noqa: E731
    assert list(road([(0,), (1,), (2,)], all_or_none)) == [(0, 1, 2)]


def test_months_and_log_hazard_ratios_are_not_subtracted() -> None:
    with pytest.raises(BiasimError, match=r"small:registry, cox reports .*small:months, .* cannot be subtracted"):
        between("registry", "months", replicates=2)


def test_an_analysis_without_estimates_is_told() -> None:
    study = small(("months: 6}}, exposure", "months: 9}}, exposure"), ("share: 0.4", "share: 0.0"))
    with pytest.raises(BiasimError, match=r"small:registry, cox gave no estimate: nobody exposed 2 times"):
        compare(analysis(study), analysis(study, "landmark"), replicates=2, workers=1)


def test_replicates_fit_the_budget(monkeypatch) -> None:
    from biasim.engine import comparison

    study = small()
    monkeypatch.setattr(comparison, "seconds", lambda *_, **__: 0.1)
    monkeypatch.setattr(comparison, "cores", lambda: 2)
    assert comparison.affordable([], 300, analysis(study), None) == 20  # those of the study
    monkeypatch.setattr(comparison, "seconds", lambda *_, **__: 9.0)
    assert comparison.affordable([], 300, analysis(study), None) == 10  # the least


def test_the_file_holds_every_number(tmp_path) -> None:
    found = between("registry", "trial", replicates=5)
    path = write_comparison(tmp_path / "out.csv", found)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["kind"] for row in rows[:6]] == ["A", *["difference"] * 4, "B"]
    steps = [float(row["step"]) for row in rows if row["kind"] == "difference" and row["step"]]
    total = next(float(row["step"]) for row in rows if row["kind"] == "B")
    assert sum(steps) == approx(total, abs=1e-11)
    assert rows[2]["alone_with"] == "1"
    assert rows[1]["written_b"].startswith("small.yaml:")
