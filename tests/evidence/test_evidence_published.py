"""The published figures: read whole, oriented, and every interval at 95%."""

from __future__ import annotations

import csv
from importlib import resources
from math import exp, log, sqrt
from statistics import NormalDist

import pytest

from biasim.errors import BiasimError
from biasim.evidence.published import FILES, KINDS, Published, estimates, known, published, published_ids
from biasim.evidence.ratio import at_95

PUBLISHED = published_ids()


def raw() -> list[dict[str, str]]:
    folder = resources.files("biasim.evidence")
    return [row for table in FILES for row in csv.DictReader(folder.joinpath(table).read_text().splitlines())]


def test_khan_2002_by_hand() -> None:
    khan = published("khan2002_ncdb")
    assert (khan.kind, khan.label, khan.database) == ("retrospective", "Khan 2002", "NCDB")
    assert (khan.hr, khan.low, khan.high) == (0.61, 0.58, 0.65)
    assert khan.n == 16023
    assert khan.share_operated == pytest.approx(0.572)
    assert khan.verified
    assert not khan.converted
    assert khan.citation == "Khan, Surgery, 2002"


def test_fields_medians_and_lescodan_three_years() -> None:
    median = published("fields2007_washu").median
    assert (median.operated, median.unoperated) == (31.9, 15.4)
    three = published("lescodan2009").survival[3]
    assert (three.operated, three.unoperated) == (pytest.approx(0.434), pytest.approx(0.267))


@pytest.mark.parametrize(
    ("id", "word"),
    [("gnerlich2007_seer", "alive at the end"), ("stahl2021_ncdb_surg", "HER2+"), ("thomas2016_seer", "before 2002 only")],
)
def test_survival_of_a_part_of_the_cohort_stands_in_a_note_only(id: str, word: str) -> None:
    row = published(id)
    assert word in row.notes["survival"]
    assert row.survival == {}
    assert row.median.operated is None or id == "thomas2016_seer"


def test_interval_of_90_percent_by_hand() -> None:
    # E2108: 1.11 (0.82-1.52) at 90%. (ln 1.52 - ln 0.82) / (2 * 1.644854) = 0.187607; 1.959964 * that = 0.367703.
    trial = published("e2108_khan2022")
    assert trial.printed_level == 90
    assert trial.printed_ends == (0.82, 1.52)
    assert trial.converted
    assert trial.figure == "HR 1.11 (0.77 to 1.60)"
    assert trial.low == pytest.approx(1.11 / 1.444414, rel=2e-5)
    assert trial.high == pytest.approx(1.11 * 1.444414, rel=2e-5)


def test_interval_of_70_percent_by_hand() -> None:
    low, high = at_95(1.0, 1 / 1.1, 1.1, 70)  # z(70%) = 1.036433: the ratio of the reaches is 1.891066
    assert log(high) == pytest.approx(1.891066 * log(1.1), rel=1e-6)
    assert low * high == pytest.approx(1.0)


def test_interval_of_95_percent_is_left_as_printed() -> None:
    assert at_95(0.566, 0.557, 0.625, 95) == (0.557, 0.625)


def test_ids_are_unique_and_complete() -> None:
    ids = [row["study_id"] for row in raw()]
    assert len(set(ids)) == len(ids)
    assert list(published_ids()) == ids


@pytest.mark.parametrize("id", PUBLISHED)
def test_interval_holds_the_estimate(id: str) -> None:
    row = published(id)
    if row.low is None or row.high is None:
        assert row.printed_level is None
    else:
        assert 0 < row.low < row.hr < row.high


def test_orientation_is_operated_against_not() -> None:
    turned = {row["study_id"]: row for row in raw() if row.get("hr_as_published")}
    assert set(turned) == {row.id for row in estimates().values() if row.turned}
    assert set(turned) == {"abcsg28_fitzal2019", "carmena2018", "nsw_renal"}
    for id, cells in turned.items():
        row = published(id)
        assert "reciprocal of the published figure" in row.measure
        assert row.hr == pytest.approx(1 / float(cells["hr_as_published"]), abs=0.005)
        assert row.low == pytest.approx(1 / float(cells["ci_high_as_published"]), abs=0.005)
        assert row.high == pytest.approx(1 / float(cells["ci_low_as_published"]), abs=0.005)


def test_longer_medians_go_with_ratios_below_one() -> None:
    both = [r for r in estimates().values() if r.hr and r.median.operated and r.median.unoperated]
    against = {r.id for r in both if (r.median.operated > r.median.unoperated) != (r.hr < 1)}
    assert len(both) >= 14
    assert against == {"e2108_khan2022"}  # 54.9 and 53.1 months: its curves cross


def test_units() -> None:
    for row in estimates().values():
        shares = [s for years in row.survival.values() for s in (years.operated, years.unoperated) if s is not None]
        assert all(0 < share < 1 for share in shares)
        assert row.share_operated is None or 0 < row.share_operated < 1
        assert row.n is None or row.n > 30


def test_a_prospective_registry_is_not_a_trial() -> None:
    assert all(row.design.startswith("RCT") for row in known("trial"))
    assert {"bomet_mf1401_soran2021", "bometin2025"} <= {row.id for row in known("prospective")}
    assert sum(len(known(kind)) for kind in KINDS) == len(known())
    assert all(row.cancer == "breast" for row in known())


def test_other_cancers_by_hand() -> None:
    trial = published("you2020_npc")
    assert (trial.kind, trial.cancer, trial.hr, trial.share_operated) == ("trial", "nasopharynx", 0.42, 0.5)
    assert [row.id for row in known("trial", cancer="prostate")] == [
        "stampede_h_2022_low", "stampede_h_2022_high", "horrad2019", "stampede_h_2018_all",
    ]  # fmt: skip


def test_recalled_rows_say_so() -> None:
    recalled = {row.id for row in known() if not row.verified}
    assert all(row.verified for row in known(cancer="kidney"))
    assert recalled == {"rashaan2012_nl", "tbcrc013_king2021", "bomet_mf1401_soran2021", "tosello2018_cochrane"}
    assert all(published(id).citation.endswith("(recalled, not seen)") for id in recalled)


def test_hazards_other_than_death_from_any_cause_are_known() -> None:
    others = {row.id for row in estimates().values() if not row.of_death}
    assert others == {"seer2010_13_7669", "nrgbr002_2022", "ncdb_colon2017_iv_all"}


def test_one_primary_estimate_per_label_and_database() -> None:
    rows = [(row.label, row.database, row.kind) for row in known() if row.primary]
    assert len(set(rows)) == len(rows)


def test_every_figure_names_where_it_was_seen() -> None:
    assert all(row.seen_in for row in estimates().values() if row.verified)
    assert all(row.source and row.label for row in estimates().values())


def test_what_is_recalled_of_a_citation_is_said() -> None:
    assert published("mudgway2020_ncdb_her2").citation.endswith("2020 (year, journal recalled)")
    assert published("bometin2025").citation.endswith("(doi (built from the journal address) recalled)")
    assert published("rashaan2012_nl").citation.endswith("2012 (recalled, not seen)")


def test_p_values_agree_with_the_intervals() -> None:
    """Two-sided normal P of the interval against the printed P, where that is a number and not a bound."""
    off = set()
    for row in estimates().values():
        if row.p is None or row.low is None or row.high is None or row.p <= 0.001:
            continue
        z = abs(log(row.hr)) / ((log(row.high) - log(row.low)) / (2 * 1.959964))
        off |= {row.id} if not 0.55 < 2 * (1 - NormalDist().cdf(z)) / row.p < 1.8 else set()
    one_sided = {"jcog1017_shien2025", "nrgbr002_2022"}
    assert off == one_sided | {"blanchard2008"}  # P of the abstract, interval of a review


def test_operated_and_all_give_the_share() -> None:
    rows = [row for row in estimates().values() if row.conduct.operated and row.n and row.share_operated]
    assert len(rows) >= 30
    for row in rows:
        assert row.conduct.operated / row.n == pytest.approx(row.share_operated, abs=0.006), row.id


def test_years_are_plausible() -> None:
    for cells, row in zip(raw(), estimates().values(), strict=True):
        first, last = row.conduct.years or (1962, 1962)
        assert 1960 < first <= last, row.id
        assert last <= float(cells["year"] or 2026) <= 2026, row.id


def test_pooling_four_trials_reproduces_the_published_pool() -> None:
    """DerSimonian-Laird over the four trials of Reinhorn 2021 gives 0.97; the misread POSYTIVE would give 0.88."""
    ids = ("tata_badwe2015", "mf0701_soran2021_10y", "abcsg28_fitzal2019", "e2108_khan2022")
    rows: list[Published] = [published(id) for id in ids]
    effects = [log(row.hr) for row in rows]
    variances = [((log(row.high) - log(row.low)) / (2 * 1.959964)) ** 2 for row in rows]
    weights = [1 / v for v in variances]
    fixed = sum(w * e for w, e in zip(weights, effects, strict=True)) / sum(weights)
    q = sum(w * (e - fixed) ** 2 for w, e in zip(weights, effects, strict=True))
    between = max(0.0, (q - 3) / (sum(weights) - sum(w * w for w in weights) / sum(weights)))
    weights = [1 / (v + between) for v in variances]
    pooled = sum(w * e for w, e in zip(weights, effects, strict=True)) / sum(weights)
    reach = 1.959964 / sqrt(sum(weights))
    assert [round(exp(x), 2) for x in (pooled, pooled - reach, pooled + reach)] == [0.97, 0.73, 1.30]


def test_unknown_id_names_the_likely_one() -> None:
    with pytest.raises(BiasimError, match="Did you mean 'khan2002_ncdb'"):
        published("khan2002_ncbd")
