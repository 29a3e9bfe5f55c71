"""How complete and how right records are, and who kept to her arm: figures that lessons cite and defaults are taken from."""

from __future__ import annotations

import csv
import inspect
from importlib import resources

import pytest

from biasim.registry import find


@pytest.fixture(scope="module")
def rows():
    text = resources.files("biasim.evidence").joinpath("records.csv").read_text(encoding="utf-8")
    found = list(csv.DictReader(text.splitlines()))
    assert len({row["record_id"] for row in found}) == len(found)
    return {row["record_id"]: row for row in found}


def test_every_figure_has_a_source_and_a_possible_value(rows):
    for name, row in rows.items():
        assert row["source"], name
        assert row["verified"] in ("verified", "recalled"), name
        value = float(row["value"])
        assert 0.0 < value < (1.0 if row["unit"] == "proportion" else 10.0), name
        if row["low"]:
            assert float(row["low"]) < value < float(row["high"]), name


def test_what_was_derived_from_counts_is_derived_from_them(rows):
    assert float(rows["compliance_lrt_e2108"]["value"]) == pytest.approx(107 / 125, abs=5e-4)
    assert float(rows["crossover_control_e2108"]["value"]) == pytest.approx(22 / 131, abs=5e-4)


def test_defaults_are_the_figures_that_they_name(rows):
    shape = inspect.signature(find("treatment", "randomised_selectively")).parameters
    assert shape["adherence"].default == float(rows["compliance_lrt_e2108"]["value"])
    assert shape["crossover"].default == float(rows["crossover_control_e2108"]["value"])
    shape = inspect.signature(find("recording", "incomplete")).parameters
    low, high = (float(rows[f"missing_any_key_{name}"]["value"]) for name in ("seer", "ncdb"))
    assert low < shape["share"].default < high
