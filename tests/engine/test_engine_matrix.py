"""The matrix: every bias, every method that fits, and the survivors that theory names."""

from __future__ import annotations

import pytest

from biasim.config.designs import takes
from biasim.config.load import load
from biasim.config.needs import met, needs
from biasim.config.resolve import all_studies
from biasim.config.signature import parameters
from biasim.engine.matrix import CONTROL, Cell, cells_of, matrix_studies, required, run_matrix
from biasim.registry import names
from biasim.store.tables import read_table
from biasim.types import Observed, ObservedOverTime, ObservedTrial


@pytest.fixture(scope="module")
def studies():
    return matrix_studies(size=60, replicates=2)


def test_every_study_with_switches_in_the_data_is_a_column(studies) -> None:
    of_methods = {"publication", "analyst_freedom", "trial_early_stop"}  # which stand in the rows
    of_methods |= {"trial_responders"}  # where surgery does something
    wanted = {study.name for study in map(load, all_studies()) if study.switches} - of_methods
    assert studies[0].name == CONTROL
    assert {study.name for study in studies[1:]} == wanted
    assert studies[-1].name == "every_mechanism"


def test_every_method_that_needs_no_special_column_stands_in_every_column(studies) -> None:
    kinds = {"recorded": Observed, "dated": ObservedOverTime, "trial": ObservedTrial}
    for study in studies:
        for design in study.scenarios[0].designs.values():
            for name in names("methods"):
                free = not any(parameter.required for parameter in parameters("methods", name).values())
                if free and takes(name) is kinds[design.name]:
                    here = {room: choice.name for room, choice in design.world.items()} | {"outcome": design.outcome.name}
                    possible = all(met(need, here) for need, _ in needs("methods", name, {}))
                    assert (name in design.methods) == possible, (study.name, design.name, name)
        assert {"recorded", "dated"} <= set(study.scenarios[0].designs)


def test_deaths_of_other_causes_are_asked_for_where_there_are_some(studies) -> None:
    asked = {study.name: "negative_control_outcome" in study.scenarios[0].designs["recorded"].methods for study in studies}
    assert asked["hidden_confounding"]
    assert not asked["immortal_time"]


def test_the_control_has_every_switch_off(studies) -> None:
    world = studies[0].scenarios[0].world
    assert world["treatment"].parameters["odds_ratio"] == world["treatment"].parameters["hidden_odds_ratio"] == 1.0


def test_a_method_without_its_column_is_left_out() -> None:
    shape = parameters("eligibility", "column")  # a part with required parameters
    assert required(shape, ("age",)) is None
    assert required(parameters("methods", "cox"), ("age",)) == {"adjust": True}


def test_a_cell_gathers_the_measures_of_an_analysis() -> None:
    base = {"design": "d", "method": "m", "estimand": "marginal_log_hazard_ratio", "truth": "0", "used": "9", "attempts": "10"}
    values = {"mean": ("-0.5", "0.1"), "bias": ("-0.5", "0.1"), "coverage": ("0.2", "0.05"), "rejection": ("0.8", "0.04"),
              "convergence": ("0.9", "0.1")}  # fmt: skip
    rows = [{**base, "measure": name, "value": value, "mcse": error} for name, (value, error) in values.items()]
    assert list(cells_of("b", rows)) == [
        Cell("b", "d", "m", "marginal_log_hazard_ratio", 0.0, -0.5, -0.5, 0.1, 0.2, 0.05, 0.8, 0.04, 9, 10)
    ]


@pytest.mark.long
def test_which_analysis_survives_which_bias(tmp_path) -> None:
    """No matching saves a hidden confounder; a landmark saves immortal time but not selection of responders."""
    table = run_matrix(tmp_path, size=1000, replicates=60, workers=None, progress=lambda bias: lambda done, total: None)
    rows = {(row["bias_of"], row["method"]): row for row in read_table(table)}

    def distance(bias: str, method: str) -> float:
        row = rows[bias, method]
        return float(row["bias"]) / float(row["bias_mcse"])

    assert all(abs(distance(CONTROL, method)) < 4 for method in ("cox_crude", "cox", "cox_matched", "cox_landmark"))
    assert distance("confounding_by_indication", "cox_matched") < -10
    assert distance("immortal_time", "cox_crude") < -10
    assert abs(distance("immortal_time", "cox_landmark")) < 4
    assert distance("responder_selection", "cox_landmark") < -10
    again = run_matrix(tmp_path, size=1000, replicates=60, workers=1, progress=lambda bias: lambda done, total: None)
    assert again.read_text() == table.read_text()
