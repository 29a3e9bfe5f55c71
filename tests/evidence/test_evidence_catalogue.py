"""Every row of every table: read, identified, sourced, seen or not; and the tables agree with each other."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from biasim.errors import BiasimError
from biasim.evidence import _reading
from biasim.evidence.calibration import quantity
from biasim.evidence.catalogue import TABLES, every_row, row
from biasim.evidence.published import published
from biasim.evidence.ratio import Ratio
from biasim.evidence.recalled import recalled_of, recalled_values
from biasim.evidence.row import MARKS, Row
from biasim.evidence.subgroups import subgroup, subgroups

ROWS = list(every_row().values())
every = pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
SAME = {
    # a baseline quantity -> the published estimate that is the same figure
    "hr_surgery_khan_2002": "khan2002_ncdb",
    "hr_surgery_gnerlich_2007": "gnerlich2007_seer",
    "hr_surgery_tan_2016_primary_resection": "tan2016_seer",
    "hr_surgery_lin_2020_adj": "lin2020_seer",
    "hr_surgery_warschkow_psm": "warschkow2016_seer",
    "hr_surgery_warschkow_psm_1998": "warschkow2016_seer_1998",
    "hr_surgery_warschkow_psm_2009": "warschkow2016_seer_2009",
    "hr_surgery_cebp_dichotomous": "duchesneau2022_ncdb",
    "hr_surgery_esme_landmark_1y_lrt": "pons2019_esme",
    "hr_surgery_lane_surgery_first": "lane2019_ncdb_surgfirst",
    "hr_surgery_lane_after_systemic": "lane2019_ncdb_systemicfirst",
    "hr_surgery_bafford_adj": "bafford2009_dfci",
    "hr_surgery_meta_30_obs": "xiao2018_obs",
    "hr_surgery_meta_43_obs": "sidiropoulou2023_obs",
    "hr_surgery_meta_4_rct_2023": "sidiropoulou2023_rct",
    "hr_surgery_meta_4_rct_2021": "reinhorn2021_rct",
    "hr_rct_e2108": "e2108_khan2022",
    "hr_rct_tata": "tata_badwe2015",
    "hr_rct_mf07_01_40_mo": "mf0701_soran2018",
    "hr_rct_mf07_01_10_y": "mf0701_soran2021_10y",
    "hr_rct_posytive": "abcsg28_fitzal2019",
}


def test_the_tables_are_those_in_the_folder_and_none_is_left_unread() -> None:
    names = [file.name for file in resources.files("biasim.evidence").iterdir()]
    assert set(TABLES) == {name.removesuffix(".csv") for name in names if name.endswith(".csv")}
    assert {name: len(table.rows) for name, table in TABLES.items()} == {
        "retrospective": 49, "trials": 10, "meta_analyses": 13, "trial_subgroups": 13, "other_cancers": 25, "bias_evidence": 27,
        "calibration": 373, "recalled_values": 40,
    }  # fmt: skip
    assert len(ROWS) == 550


@every
def test_every_row_says_what_who_and_where_it_was_seen(row: Row) -> None:
    assert re.fullmatch(r"\w{3,46}", row.id)
    assert all((row.label, row.what, row.source, row.figure))
    assert (row.provenance == "seen") == row.verified
    assert not row.verified or row.seen_in
    assert not row.doi or re.fullmatch(r"10\.\d{4,9}/\S+", row.doi)
    assert row.n is None or row.n > 30


@every
def test_a_row_that_was_not_seen_bears_the_mark_and_says_so(row: Row) -> None:
    assert ("†" in row.marks) == (not row.verified)
    assert row.verified or row.citation.endswith(f"({row.provenance}, not seen)")
    assert set(row.marks) <= set(MARKS)


@every
def test_intervals_hold_their_estimates_and_are_at_95(row: Row) -> None:
    if not isinstance(row, Ratio) or row.low is None:
        return
    assert 0 < row.low <= row.hr <= row.high
    assert row.printed_level in (70, 90, 95)
    assert row.converted == (row.printed_level != 95)
    assert row.converted or row.printed_ends == (row.low, row.high)


@pytest.mark.parametrize("id", list(SAME))
def test_the_same_figure_is_the_same_in_both_tables(id: str) -> None:
    one, other = quantity(id), published(SAME[id])
    assert (one.value, one.turned) == (other.hr, other.turned)
    if one.low is not None and other.low is not None:
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_subgroups_belong_to_a_study_and_repeat_its_figures() -> None:
    assert subgroup("mf0701_soran2018_solitary_bone").figure == "HR 0.47 (0.23 to 0.98)"
    assert [row.id for row in subgroups().values() if not row.verified] == ["e2108_khan2022_triple_negative"]
    for burden in ("low", "high"):
        one, whole = subgroup(f"stampede_h_2022_{burden}_burden"), published(f"stampede_h_2022_{burden}")
        assert (one.hr, one.low, one.high, one.p) == (whole.hr, whole.low, whole.high, whole.p)


def test_a_recalled_value_stands_for_an_empty_cell_only() -> None:
    """What was seen is never also recalled: a recalled number would be the second figure of one cell."""
    cells_of = {}
    for file in ("retrospective", "trials", "other_cancers"):
        text = resources.files("biasim.evidence").joinpath(f"{file}.csv").read_text(encoding="utf-8")
        cells_of |= {cells["study_id"]: cells for cells in _reading.csv.DictReader(text.splitlines())}
    second = {one.id for one in recalled_values().values() if cells_of[one.study].get(one.cell)}
    assert {id for id in second if not id.endswith("_note")} == {"rapiti2006_geneva_adjusted"}  # the cell says "unknown"
    assert recalled_of("tata_badwe2015")["n_treated"].number == 173
    assert recalled_of("ruiterkamp2009_eindhoven")["hr"].ratio == (0.62, 0.51, 0.76)
    assert recalled_of("rapiti2006_geneva")["ci"].ends == (0.4, 1.0)


def test_unknown_id_or_table_names_the_likely_one() -> None:
    with pytest.raises(BiasimError, match="Did you mean 'khan2002_ncdb'"):
        row("khan2002_ncbd")
    with pytest.raises(BiasimError, match="Did you mean 'trials'"):
        row("trails")
    with pytest.raises(BiasimError, match="lists the tables"):
        row("zebra")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"hr": "0.5", "ci_low": "0.6", "ci_high": "0.7", "ci_level": "95"}, "does not hold"),
        ({"hr": "0.5", "ci_low": "0.4", "ci_high": "", "ci_level": "95"}, "two ends"),
        ({"hr": "0.5", "ci_low": "0.4", "ci_high": "0.6", "ci_level": ""}, "a level"),
    ],
)
def test_a_wrong_interval_is_refused(cells: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        _reading.interval(cells)


def test_a_wrong_share_or_provenance_is_refused() -> None:
    with pytest.raises(ValueError, match="no percentage"):
        _reading.percent("143")
    with pytest.raises(ValueError, match="recalled"):
        _reading.verified({"verified": "probably"})


def test_a_row_that_cannot_be_read_is_named() -> None:
    def refuse(cells: dict[str, str]) -> Row:
        raise ValueError("143 is no percentage")

    with pytest.raises(BiasimError, match=r"trials.csv: row 'tata_badwe2015' cannot be read: 143"):
        _reading.rows("trials.csv", refuse)
