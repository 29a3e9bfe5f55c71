"""Baseline quantities: shares are shares, intervals are converted, and an assumption is not called evidence."""

from __future__ import annotations

import inspect

import pytest

from biasim.evidence.calibration import quantities, quantity
from biasim.registry import find

ROWS = list(quantities().values())


def test_age_and_response_by_hand() -> None:
    age = quantity("age_median_de_novo_stage_iv")
    assert (age.value, age.low, age.high, age.figure) == (61, 51, 71, "61 (51 to 71) years")
    assert quantity("share_operated_ncdb_2017").figure == "18 %"
    assert quantity("hr_css_gt3_v_1_site").figure == "HR 3.24 (2.68 to 3.91)"


def test_interval_of_99_percent_by_hand() -> None:
    # 1.23 (1.21-1.25) at 99%: the reach on the log scale shrinks by 1.959964 / 2.575829 = 0.760906.
    row = quantity("hr_missing_ncdb")
    assert row.converted
    assert row.low == pytest.approx(1.23 * (1.21 / 1.25) ** (0.760906 / 2), rel=1e-6)


def test_the_printed_posytive_is_turned_like_the_trial() -> None:
    row = quantity("hr_rct_posytive")
    assert row.turned
    assert row.value == pytest.approx(1 / 0.691, rel=1e-3)
    assert row.marks == ("¶",)


def test_shares_lie_between_0_and_1_and_parts_add_up() -> None:
    shares = [row for row in ROWS if row.unit.startswith("proportion")]
    assert len(shares) > 180
    assert all(0 <= end <= 1 for row in shares for end in (row.value, row.low, row.high) if end is not None)
    for parameter, words in (("subtype_share", "ESME de novo"), ("subtype_share", "SEER bone"), ("subtype_share", "EMERGE"),
                             ("subtype_share", "de novo brain"), ("metastatic_pattern_share", ""), ("n_sites_share", ""),
                             ("extracranial_sites_share", ""), ("lrt_mix_esme", "")):  # fmt: skip
        parts = [row.value for row in ROWS if row.parameter == parameter and words in row.group]
        assert sum(parts) == pytest.approx(1, abs=0.0015), (parameter, words)


def test_what_nobody_printed_is_assumed_and_counted() -> None:
    assert [row.provenance for row in ROWS].count("assumed") == 12
    assert {row.id for row in ROWS if row.provenance == "recalled"} == {
        "share_operated_seer_1988", "share_operated_seer_2011", "os_3y_no_surgery_khan", "metastatic_sites_missing_seer_pre_2010",
    }  # fmt: skip
    assert quantity("hr_os_ecog_2_v_0").citation.endswith("(assumed, not seen)")
    assert sum(row.derived for row in ROWS) >= 20
    assert quantity("age_sd_derived").label == "Comparison of immortal-time methods"


def test_what_was_derived_from_counts_is_derived_from_them() -> None:
    assert quantity("compliance_lrt_e2108").value == pytest.approx(107 / 125, abs=5e-4)
    assert quantity("crossover_control_e2108").value == pytest.approx(22 / 131, abs=5e-4)


def test_defaults_are_the_figures_that_they_name() -> None:
    shape = inspect.signature(find("treatment", "randomised_selectively")).parameters
    assert shape["adherence"].default == quantity("compliance_lrt_e2108").value
    assert shape["crossover"].default == quantity("crossover_control_e2108").value
    shape = inspect.signature(find("recording", "incomplete")).parameters
    assert quantity("missing_any_key_seer").value < shape["share"].default < quantity("missing_any_key_ncdb").value
