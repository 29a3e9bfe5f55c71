"""Inversion: roots against a grid simulated study by study, errors, what has no root, two unknowns, the ruler."""

from __future__ import annotations

import csv
from math import exp, log

import numpy as np
import pytest

from biasim.config.load import asking, from_text, load, resolve
from biasim.engine import response as responses
from biasim.engine import solve as solving
from biasim.engine.iso import curve
from biasim.engine.paired import Difference
from biasim.engine.plan import plan
from biasim.engine.plausible import plausible
from biasim.engine.replicate import replicate
from biasim.engine.response import Axis, Response, widened
from biasim.engine.ruler import ruler
from biasim.engine.solution_table import COLUMNS, write_solution
from biasim.engine.solve import solve
from biasim.errors import BiasimError
from biasim.evidence.published import published
from biasim.report.solution_text import curve_text, ruler_text, solution_text

approx = pytest.approx
UNKNOWN = "treatment.by_prognosis.hidden_odds_ratio"
SMALL = """
study: small
aim: x
world:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.7}}
  treatment: {by_prognosis: {share: 0.4, hidden_odds_ratio: 0.6, median_wait: 3}}
  effect: none
  survival: {weibull: {shape: 1, scale: 30}}
designs:
  registry: {time_zero: diagnosis, exposure: intended, measurement: registry, methods: [cox, {rmst: {horizon: 24}}]}
  trial:
    change: {treatment: {randomised: {at: 6.0}}}
    time_zero: diagnosis
    exposure: intended
    measurement: registry
    methods: [cox]
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {size: 500, replicates: 20, seed: 5}
"""


def small(unknown=UNKNOWN, between=(0.2, 1.0), *changed: tuple[str, str], **until):
    text = SMALL
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    until = until or {"hazard_ratio": 0.75}
    return asking(from_text(text, "small.yaml"), {"unknown": unknown, "between": list(between), "until": until})


def quick(study, **how):
    return solve(study, **({"size": 500, "replicates": 8, "workers": 1} | how))


def reported(value: float, replicates: int = 8, size: int = 500, seed: int = 5) -> float:
    """What the design reports at one value: a study of its own, read from text."""
    text = SMALL.replace("hidden_odds_ratio: 0.6", f"hidden_odds_ratio: {value!r}").replace("seed: 5", f"seed: {seed}")
    made = plan(from_text(text, "small.yaml").scenarios[0], seed, size=size)
    rows = [replicate(made, number)[0].estimate.estimate for number in range(replicates)]
    return float(np.mean(rows))


def said(pieces) -> str:
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=110)
    for piece in pieces:
        console.print(piece, highlight=False)
    return console.file.getvalue()


def test_the_root_is_that_of_a_grid_of_studies() -> None:
    found = quick(small())
    [root] = found.roots
    grid = np.linspace(root.value - 0.05, root.value + 0.05, 9)
    values = np.array([reported(float(value)) for value in grid])
    by_grid = np.interp(log(0.75), values, grid)
    assert root.value == approx(by_grid, abs=0.1 * root.mcse)
    slope = np.polyfit(grid, values, 1)[0]
    error = np.std([row.estimate.estimate for row in firsts(root.value)], ddof=1) / np.sqrt(8)
    assert root.mcse == approx(error / slope, rel=0.15)
    assert root.low < root.value < root.high
    assert root.high - root.low == approx(2 * 1.96 * root.mcse, rel=0.1)


def firsts(value: float):
    text = SMALL.replace("hidden_odds_ratio: 0.6", f"hidden_odds_ratio: {value!r}")
    made = plan(from_text(text, "small.yaml").scenarios[0], 5, size=500)
    return [replicate(made, number)[0] for number in range(8)]


def test_the_scan_is_what_the_studies_report() -> None:
    found = quick(small())
    assert [value for value, _ in found.scan][:: len(found.scan) - 1] == [0.2, 1.0]
    for value, mean in found.scan[::4]:
        assert mean.value == approx(reported(value), abs=1e-13)
    ratios = [second[0] / first[0] for first, second in zip(found.scan, found.scan[1:], strict=False)]
    assert ratios == approx([5.0 ** (1 / 8)] * 8)  # equal ratios
    assert found.monotone
    assert not found.flat
    assert set(found.steps) <= {0, 1}


def test_the_interval_of_what_is_wanted_is_carried_over() -> None:
    found = quick(small(hazard_ratio=0.75, low=0.68, high=0.82))
    [root] = found.roots
    low, high = found.limits
    assert not low.beyond
    assert not high.beyond
    assert low.value < root.low < root.value < root.high < high.value
    error = found.scan[4][1].mcse
    # a little outside of where the limits themselves are met
    assert log(0.68) - 3 * error < reported(low.value) < log(0.68)
    assert log(0.82) < reported(high.value) < log(0.82) + 3 * error
    wide = quick(small(hazard_ratio=0.75, low=0.3, high=0.82)).limits
    assert wide[0].beyond
    assert wide[0].value == 0.2
    assert wide[1].value == approx(high.value, rel=0.02)


def test_two_errors_are_added_as_squares() -> None:
    assert widened(0.0, -0.3, 0.4 / 1.959963984540054) == approx(-0.5)
    assert widened(0.0, 0.3, 0.4 / 1.959963984540054) == approx(0.5)
    assert widened(0.0, 0.3, float("nan")) == approx(0.3)


def test_axes_walk_in_equal_steps_or_in_equal_ratios() -> None:
    even, ratios = Axis("a", -1.0, 3.0), Axis("b", 0.01, 1.0)
    assert [even.value(u) for u in (0.0, 0.5, 1.0)] == [-1.0, 1.0, 3.0]
    assert [ratios.value(u) for u in (0.0, 0.5, 1.0)] == approx([0.01, 0.1, 1.0])
    for axis in (even, ratios):
        assert axis.stretch(0.3) == approx((axis.value(0.3 + 1e-6) - axis.value(0.3 - 1e-6)) / 2e-6, rel=1e-6)
    assert not Axis("c", 0.5, 1.0).geometric


def test_no_root_is_said_plainly() -> None:
    found = quick(small(hazard_ratio=0.3))
    assert found.roots == ()
    assert found.answer is None
    assert found.limits is None
    told = said(solution_text(found))
    assert "No value in this range: the design reports hazard ratios from" in told
    assert "never 0.3" in told
    assert f"It comes nearest at 0.2, with {exp(found.scan[0][1].value):.3f}." in told
    near = found.scan[0][1]
    touching = quick(small(hazard_ratio=exp(near.value - near.mcse)))
    assert "Monte Carlo error does not tell them apart" in said(solution_text(touching))


class Made(Response):
    """A response with a formula in place of a simulation."""

    formula = staticmethod(lambda x: x)

    def __call__(self, points):
        points = list(points)
        noise = np.linspace(-0.01, 0.01, 5)
        self.estimand = "marginal_log_hazard_ratio"
        self.known |= {point: self.formula(point[0]) + noise for point in points}
        return np.array([self.known[point] for point in points])


def made(monkeypatch, formula, **until):
    monkeypatch.setattr(Made, "formula", staticmethod(formula))
    monkeypatch.setattr(solving, "Response", Made)
    return solve(small(between=(0.2, 0.5), **until))


def test_a_response_that_turns_is_said_to_and_every_root_given(monkeypatch) -> None:
    found = made(monkeypatch, lambda x: -0.2 - 40.0 * (x - 0.35) ** 2, hazard_ratio=exp(-0.5), low=exp(-0.6), high=exp(-0.4))
    assert not found.monotone
    away = np.sqrt(0.3 / 40.0)
    assert [root.value for root in found.roots] == approx([0.35 - away, 0.35 + away], abs=1e-4)
    assert found.limits is None
    told = said(solution_text(found))
    assert "not monotone: it rises from 0.2 to 0.35, falls from 0.35 to 0.5" in told
    assert "no interval from that of what is wanted: it is met more than once" in told


def test_a_response_that_does_not_move_is_said_not_to(monkeypatch) -> None:
    found = made(monkeypatch, lambda x: -0.5 + 1e-9 * x, hazard_ratio=0.8)
    assert found.flat is False  # the same replicates at every point: a step of any size is sure
    monkeypatch.setattr(Difference, "mcse", property(lambda self: 0.01))
    flat = made(monkeypatch, lambda x: -0.5 + 1e-9 * x, hazard_ratio=0.8)
    assert flat.flat
    assert "does not move what is reported" in said(solution_text(flat))


def test_a_root_of_a_formula_with_its_error(monkeypatch) -> None:
    """x = -log(ratio) / 2: the slope is -2, and the error that of five numbers over it."""
    found = made(monkeypatch, lambda x: -2.0 * x, hazard_ratio=0.5)
    [root] = found.roots
    assert root.value == approx(log(2.0) / 2.0, abs=1e-4)
    assert root.mcse == approx(np.linspace(-0.01, 0.01, 5).std(ddof=1) / np.sqrt(5) / 2.0, rel=1e-6)
    curved = made(monkeypatch, lambda x: -6.0 * x**2, hazard_ratio=0.5)
    slope = 12.0 * np.sqrt(log(2.0) / 6.0)
    assert curved.roots[0].mcse * slope == approx(root.mcse * 2.0, rel=1e-3)


def test_surgery_does_nothing_whatever_the_study_says() -> None:
    changed = ("effect: none", "effect: {constant: {hazard_ratio: 0.5}}")
    plain, with_effect = quick(small()), quick(small(UNKNOWN, (0.2, 1.0), changed))
    assert plain.roots == with_effect.roots
    asked = quick(small("effect.constant.hazard_ratio", (0.4, 1.0), changed, hazard_ratio=0.5))
    assert asked.scan[-1][1].value == approx(reported(0.6), abs=1e-13)  # no effect: confounding alone
    assert 0.4 < asked.roots[0].value < 0.6  # from surgery on, and not in all alike: weaker in the mean


def test_what_cannot_be_solved_is_refused() -> None:
    study = from_text(SMALL, "small.yaml")
    with pytest.raises(BiasimError, match=r"small\.yaml: no 'solve'\. Write it in the file, or say --unknown"):
        solve(study)
    with pytest.raises(BiasimError, match="does not touch the design 'trial'"):
        quick(small(design="trial", hazard_ratio=0.8))
    with pytest.raises(BiasimError, match=r"reports rmst_difference.*a hazard ratio is looked for"):
        quick(small(method="rmst(horizon=24)", hazard_ratio=0.8))
    with pytest.raises(BiasimError, match=r"no estimate at treatment\.by_prognosis\.share = 0: nobody exposed\. Narrow"):
        quick(small("treatment.by_prognosis.share", (0.0, 0.5)))


def test_a_published_study_gives_the_target() -> None:
    text = SMALL + f"solve: {{unknown: {UNKNOWN}, between: [0.1, 1], until: {{published: khan2002_ncdb}}}}\n"
    found = quick(from_text(text, "small.yaml"))
    assert (found.target.value, found.target.low, found.target.high) == approx((log(0.61), log(0.58), log(0.65)), abs=0.01)
    assert "Khan" in found.target.source


@pytest.mark.parametrize("id", ["rashaan2012_nl", "e2108_khan2022", "abcsg28_fitzal2019"])
def test_a_published_figure_keeps_its_marks(id, tmp_path) -> None:
    text = SMALL + f"solve: {{unknown: {UNKNOWN}, between: [0.3, 3], until: {{published: {id}}}}}\n"
    found, row = quick(from_text(text, "small.yaml"), size=300, replicates=2), published(id)
    assert row.marks
    told = said(solution_text(found))
    for mark in row.marks:
        assert told.count(mark) >= 2, f"{mark} beside the figure and explained"
        assert mark in found.target.marks
        assert write_solution(tmp_path / "solution.csv", found).read_text().count(mark) >= 2


def test_points_are_simulated_once(monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(responses, "paired", lambda cases, **how: (seen.append(len(cases)), responses_paired(cases, **how))[1])
    quick(small())
    assert seen[0] == 9
    assert set(seen[1:]) == {1}
    assert len(seen) <= 6


responses_paired = responses.paired


def test_two_unknowns_give_a_curve() -> None:
    other = "patients.two_scores.hidden_log_ratio"
    study = small([UNKNOWN, other], ([0.2, 1.0], [0.2, 1.0]), hazard_ratio=0.75, low=0.7, high=0.8)
    found = curve(study, size=500, replicates=6, workers=1)
    assert len(found.grid) == 9 * 7
    there = [point for point in found.points if point.crossed]
    assert 2 <= len(there) < 9
    assert np.isnan(found.points[-1].second)  # nobody is selected: no strength explains it
    second = [point.second for point in there]
    assert second == sorted(second)  # the less uneven, the stronger
    inner = there[1]
    assert inner.low < inner.second < inner.high
    text = (("hidden_odds_ratio: 0.6", f"hidden_odds_ratio: {inner.first!r}"),)
    [root] = quick(small(other, (0.2, 1.0), *text), replicates=6).roots
    assert inner.second == approx(root.value, abs=0.3 * root.mcse)
    assert inner.mcse == approx(root.mcse, rel=0.15)
    told = said(curve_text(found))
    assert "none in this range" in told
    assert f"{len(there)} of 9 values of hidden odds ratio" in told


def test_the_ruler_of_two_scores_by_hand() -> None:
    """Log ratios are those of the world, a score has standard deviation 1, and the hidden one alone is selected on."""
    study = small()
    found = ruler(study.scenarios[0].designs["registry"], 1)
    [recorded] = found.recorded
    assert recorded.log_ratio == approx(0.5, abs=1e-9)
    assert recorded.deviation == approx(1.0, abs=0.02)
    assert abs(recorded.difference) < 0.12  # the operated outlived their wait
    assert found.hidden.strength == approx(0.7, abs=0.02)
    assert -0.65 < found.hidden.difference < -0.45
    told = said(ruler_text(found))
    assert "hidden prognosis" in told
    nothing = small(UNKNOWN, (0.2, 1.0), ("hidden_log_ratio: 0.7", "hidden_log_ratio: 0.0")).scenarios[0].designs["registry"]
    assert ruler(nothing, 1) is None


def test_the_ruler_reads_the_calibrated_log_ratios_back() -> None:
    study = load(resolve("paradox"))
    found = ruler(study.scenarios[0].designs["registry"], 1)
    by_name = {one.name: one.log_ratio for one in found.recorded}
    written = study.scenarios[0].world["patients"].parameters["prognosis"].recorded
    for name in ("age", "year", "tnbc", "hr_pos_her2_pos", "grade3", "T4", "N3", "cci2", "medicaid", "academic"):
        assert by_name[name] == approx(getattr(written, name), abs=1e-6), name
    weights = [one.weight for one in found.recorded]
    assert weights == sorted(weights, reverse=True)
    assert found.unit == found.recorded[0]
    told = said(ruler_text(found))
    strong = abs(found.hidden.strength / found.unit.strength)
    assert f"A hidden factor {strong:.1f} times as strong as '{found.unit.name}'" in told
    assert "times as unevenly distributed" in " ".join(told.split())


def test_what_stands_beside_an_answer() -> None:
    found = quick(small(hazard_ratio=0.75, low=0.7, high=0.8))
    beside = plausible(found.answer, "cox", found.target, 5)
    assert found.answer.world["treatment"].parameters["hidden_odds_ratio"] == found.roots[0].value
    assert (beside.analysis.estimate, beside.analysis.high) == approx((log(0.75), log(0.8)))
    assert beside.analysis.common
    assert beside.ruler.hidden.strength == approx(0.7, abs=0.02)
    point = quick(small(hazard_ratio=0.75))
    assert plausible(point.answer, "cox", point.target, 5).analysis.limit == approx(0.75)


def test_the_file_holds_what_was_simulated_and_found(tmp_path) -> None:
    found = quick(small(hazard_ratio=0.75, low=0.7, high=0.8))
    path = write_solution(tmp_path / "deep" / "solution.csv", found)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["kind"] for row in rows] == ["target", *["scan"] * 9, "root", "limits"]
    assert float(rows[-2]["first"]) == approx(found.roots[0].value)
    assert float(rows[-1]["low"]) == approx(found.limits[0].value)
    assert rows[0]["first_path"] == UNKNOWN
    assert rows[0]["second_path"] == ""


def test_the_answer_does_not_depend_on_workers(monkeypatch) -> None:
    one = quick(small())
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 10)
    assert quick(small(), workers=2).roots == one.roots


@pytest.mark.long
def test_errors_of_roots_are_those_of_seeds() -> None:
    """Twenty seeds: every pair of the first three within 3 errors, and the spread of all what the error says."""
    roots = []
    for seed in range(1, 21):
        study = small(UNKNOWN, (0.2, 1.0), ("seed: 5", f"seed: {seed}"))
        roots += quick(study, size=2_000, replicates=20).roots
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert abs(roots[first].value - roots[second].value) < 3.0 * np.hypot(roots[first].mcse, roots[second].mcse)
    spread = np.std([root.value for root in roots], ddof=1)
    assert spread == approx(np.mean([root.mcse for root in roots]), rel=0.5)
    covered = sum(root.low < np.mean([one.value for one in roots]) < root.high for root in roots)
    assert covered >= 16
