"""Published measurements of biases: read whole, and in accord with the tables of published estimates."""

from __future__ import annotations

import csv
import re
from importlib import resources

import pytest

from biasim.errors import BiasimError
from biasim.evidence.measured_biases import MeasuredBias, measured_bias, measured_bias_ids
from biasim.evidence.published import published

ROWS = [measured_bias(id) for id in measured_bias_ids()]
every_row = pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
SAME = {
    # measurement -> the published estimate that is the same figure of the same paper
    "cebp2022_dichotomous": "duchesneau2022_ncdb",
    "bafford2009_stage_migration": "bafford2009_dfci",
}
QUOTED = {
    # measurement -> published estimates whose figures its words repeat
    "warschkow2016_trend": ("warschkow2016_seer_1998", "warschkow2016_seer_2009"),
    "yu2021_matching": ("yu2021_cohort_unmatched", "yu2021_cohort_matched"),
    "lane2019_sequence": ("lane2019_ncdb_surgfirst", "lane2019_ncdb_systemicfirst"),
    "esme_response_gradient": ("pons2019_esme", "hotton2021_esme"),
    "landmark_alone_not_enough": ("belgium_9m_landmark", "pons2019_esme"),
}


def raw() -> list[dict[str, str]]:
    text = resources.files("biasim.evidence").joinpath("bias_evidence.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_duchesneau_by_hand() -> None:
    row = measured_bias("cebp2022_dichot_excl")
    assert (row.label, row.bias) == ("Duchesneau 2022", "immortal time")
    assert (row.hr, row.low, row.high) == (0.62, 0.59, 0.65)
    assert row.figure == "HR 0.62 (0.59 to 0.65)"
    assert row.citation == "Duchesneau, Cancer Epidemiol Biomarkers Prev, 2022. doi:10.1158/1055-9965.EPI-22-0495"
    assert row.verified


def test_ids_are_unique_and_in_order() -> None:
    ids = [row["item_id"] for row in raw()]
    assert len(set(ids)) == len(ids) == 27
    assert list(measured_bias_ids()) == ids


@every_row
def test_every_row_says_who_what_and_where_it_was_seen(row: MeasuredBias) -> None:
    assert all((row.bias, row.label, row.where, row.what, row.source, row.figure))
    assert not row.verified or row.seen_in
    assert not row.doi or re.fullmatch(r"10\.\d{4,9}/\S+", row.doi), row.doi


@every_row
def test_interval_holds_the_estimate(row: MeasuredBias) -> None:
    assert (row.low is None) == (row.high is None)
    if row.hr is not None and row.low is not None and row.high is not None:
        assert 0 < row.low < row.hr < row.high


@every_row
def test_intervals_in_words_hold_their_estimates(row: MeasuredBias) -> None:
    for value, low, high in re.findall(r"(0\.\d+) \((0\.\d+)-([01]\.\d+)\)", row.also):
        assert float(low) < float(value) < float(high), row.also


@pytest.mark.parametrize("id", list(SAME))
def test_the_same_figure_is_the_same_in_both_tables(id: str) -> None:
    row, other = measured_bias(id), published(SAME[id])
    assert (row.hr, row.low, row.high, row.doi) == (other.hr, other.low, other.high, other.doi)


@pytest.mark.parametrize("id", list(QUOTED))
def test_figures_quoted_in_words_are_those_of_the_published_rows(id: str) -> None:
    words = measured_bias(id).also
    for other in QUOTED[id]:
        row = published(other)
        interval = "" if row.low is None or id == "warschkow2016_trend" else f" ({row.low:.2f}-{row.high:.2f})"
        assert f"{row.hr:.2f}{interval}" in words, (other, words)


def test_what_is_recalled_of_a_citation_is_said() -> None:
    recalled = {row.id: row.recalled_cells for row in ROWS if row.recalled_cells}
    assert recalled == {"maringe2020_tutorial": ("first author", "year", "journal"), "chakiryan_methods": ("year",)}
    assert measured_bias("chakiryan_methods").citation.endswith("(year recalled)")
    assert all(row.verified for row in ROWS)


def test_unknown_id_names_the_likely_one() -> None:
    with pytest.raises(BiasimError, match="Did you mean 'cady2008_sequence'"):
        measured_bias("cady2008_sequense")
