"""The numbers of `biasim sensitivity`: from rows, from stored tables, and back to the estimate that they explain."""

from math import inf, isfinite, log
from pathlib import Path

import pytest

from biasim.answers import Estimate, Status
from biasim.engine import sensitivity as engine
from biasim.engine.replicate import Row
from biasim.errors import BiasimError
from biasim.kernels import sensitivity as kernel
from biasim.store.tables import write_table

approx = pytest.approx
Z = 1.959963984540054


def analysis(ratio=0.6, error=0.05, common=True):
    point = log(ratio)
    return engine.Analysis(
        design="registry", method="cox", estimate=point, low=point - Z * error, high=point + Z * error, common=common
    )


def test_limit_is_the_end_nearest_one():
    assert analysis(0.6).limit == approx(0.6 * 2.718281828459045 ** (Z * 0.05))
    assert analysis(1.6).limit == approx(1.6 / 2.718281828459045 ** (Z * 0.05))
    assert analysis(0.95).limit == 1.0


@pytest.mark.parametrize("ratio", [0.6, 1.7])
@pytest.mark.parametrize("common", [True, False])
def test_bounds_explain_the_estimate(ratio, common):
    one = analysis(ratio, common=common)
    risk, risk_limit = one.risk_ratios()
    for exposure, point, limit in engine.bounds(one):
        for target, outcome in ((risk, point), (risk_limit, limit)):
            away = max(target, 1 / target)
            if outcome < inf:
                assert kernel.bounding_factor(exposure, outcome) == approx(away, rel=1e-9)
            else:
                assert exposure <= away
    assert not common or abs(log(risk)) < abs(one.estimate)


@pytest.mark.parametrize("ratio", [0.8, 1.3])
def test_tipping_points_explain_the_estimate(ratio):
    one = analysis(ratio)
    rows = engine.tipping_hazard_ratios(one)
    assert len(rows) == 6
    assert all((exposed < unexposed) == (ratio < 1) for exposed, unexposed, *_ in rows)  # more of a killer where more die
    for exposed, unexposed, point, limit in rows:
        for target, found in ((one.ratio, point), (one.limit, limit)):
            if isfinite(found):
                assert kernel.confounding_ratio(exposed, unexposed, found) == approx(target, rel=1e-9)
    found = [(g, p) for g, p, _ in engine.tipping_prevalences(one) if isfinite(p)]
    assert found
    for hazard_ratio, prevalence in found:
        assert kernel.confounding_ratio(prevalence, engine.UNEXPOSED, hazard_ratio) == approx(ratio, rel=1e-9)


def test_rows_that_are_no_usable_hazard_ratio_are_left_out():
    def row(method, estimand, status=Status.OK, events=300.0):
        return Row(0, 0, "registry", method, Estimate(
            estimand=estimand, estimate=-0.5, standard_error=0.1, low=-0.7, high=-0.3, status=status,
            diagnostics={"size": 1000.0, "events": events},
        ))  # fmt: skip

    found = list(engine.of_rows([
        row("common", "marginal_log_hazard_ratio"), row("failed", "marginal_log_hazard_ratio", Status.SINGULAR),
        row("months", "rmst_difference(horizon=60)"), row("rare", "conditional_log_hazard_ratio", events=149.0),
    ]))  # fmt: skip
    assert [(one.method, one.common) for one in found] == [("common", True), ("rare", False)]


def stored(folder: Path, measure: str = "model_se", alive: float = 0.4) -> Path:
    performance = [
        (0, "registry", "cox", "marginal_log_hazard_ratio", "mean", -0.5), (0, "registry", "cox", "marginal_log_hazard_ratio",
        measure, 0.1), (0, "registry", "rmst", "rmst_difference(horizon=60)", "mean", 3.0), (1, "registry", "cox",
        "marginal_log_hazard_ratio", "mean", 0.0), (0, "registry", "none", "marginal_log_hazard_ratio", "mean", None),
        (0, "registry", "none", "marginal_log_hazard_ratio", measure, None),
    ]  # fmt: skip
    columns = ("scenario", "design", "method", "estimand", "measure", "value")
    write_table(folder / "tables" / "performance.csv", columns, performance)
    described = [(0, "registry", "all", "survival_12", 0.9), (0, "registry", "all", "survival_60", alive)]
    write_table(folder / "tables" / "description.csv", ("scenario", "design", "group", "quantity", "value"), described)
    return folder


def test_stored_tables_give_the_typical_study(tmp_path):
    (tmp_path / "tables").mkdir()
    [one] = engine.of_tables(stored(tmp_path), 0)
    assert (one.estimate, one.low, one.high) == approx((-0.5, -0.5 - 0.1 * Z, -0.5 + 0.1 * Z))
    assert one.common
    [one] = engine.of_tables(stored(tmp_path, "empirical_se", alive=0.9), 0)
    assert not one.common
    with pytest.raises(BiasimError, match="model_se"):
        list(engine.of_tables(stored(tmp_path, "mse"), 0))


def test_a_wrong_name_is_refused_with_the_likely_intention():
    found = [analysis()]
    assert engine.selected(found, "", "") == engine.selected(found, "registry", "cox") == found
    with pytest.raises(BiasimError, match="Did you mean 'registry'"):
        engine.selected(found, "registri", "")
    with pytest.raises(BiasimError, match="no hazard ratio of method 'matched'"):
        engine.selected(found, "", "matched")
    with pytest.raises(BiasimError, match="no analysis"):
        engine.selected([], "", "")
