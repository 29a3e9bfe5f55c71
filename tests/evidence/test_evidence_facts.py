"""The facts of a replica: seen, recalled or not known, and never one for the other."""

from __future__ import annotations

from dataclasses import fields

import pytest

from biasim.errors import BiasimError
from biasim.evidence.facts import Arms, Fact, Facts, facts
from biasim.evidence.published import published, published_ids


def every_fact(known: Facts) -> list[tuple[str, Fact]]:
    found = [(field.name, getattr(known, field.name)) for field in fields(known)]
    arms = [(f"median {a}", getattr(known.median, a)) for a in ("operated", "unoperated")]
    arms += [(f"{y} years {a}", getattr(one, a)) for y, one in known.survival.items() for a in ("operated", "unoperated")]
    return [(name, one) for name, one in (*found, *arms) if isinstance(one, Fact)]


@pytest.mark.parametrize("id", published_ids())
def test_a_value_has_a_provenance_and_nothing_else_has(id: str) -> None:
    known = facts(id)
    for name, one in every_fact(known):
        assert (one.value is None) == (one.provenance is None), name
        assert published(id).verified or one.provenance in (None, "recalled"), name
    shares = [one.value for arms in known.survival.values() for one in (arms.operated, arms.unoperated)]
    assert all(0 < value < 1 for value in (*shares, known.share_operated.value) if value is not None)


def test_a_registry_by_hand() -> None:
    known = facts("blanchard2008")
    assert known.size == Fact(395, "seen")
    assert known.share_operated == Fact(0.613, "seen")
    assert known.years == Fact((1973, 1991), "seen")
    assert known.covariates == Fact(("age", "race", "ER", "PR", "number of metastatic sites", "visceral metastases"), "seen")
    assert not known.more_covariates
    assert known.propensity == Fact(False, "seen")
    assert known.surgery_timing == Fact()
    assert (known.immortal_time, known.immortal_time_how) == (Fact("partly", "seen"), "90-day survivors only")
    assert known.median == Arms(operated=Fact(27.1, "seen"), unoperated=Fact(16.8, "seen"))


def test_landmark_matching_and_dates() -> None:
    belgium = facts("belgium_9m_landmark")
    assert (belgium.immortal_time, belgium.immortal_time_how) == (Fact("yes", "seen"), "9-month landmark")
    assert (belgium.propensity, belgium.propensity_method) == (Fact(True, "seen"), "PS matching (same findings)")
    assert belgium.surgery_timing == Fact(True, "seen")
    assert facts("warschkow2016_seer").surgery_timing == Fact(False, "seen")
    assert facts("dominici2011_nccn").propensity == Fact(False, "seen")  # exact matching is none
    assert facts("marks2022_ncdb").propensity == Fact(False, "seen")
    assert facts("hanna2016_ncdb").propensity == Fact(True, "seen")  # in the words of its estimate
    assert facts("khan2002_ncdb").more_covariates
    assert facts("ruiterkamp2009_eindhoven").covariates == Fact(("comorbidity",), "seen")


def test_what_is_recalled_fills_gaps_and_keeps_its_name() -> None:
    tata = facts("tata_badwe2015")
    assert tata.size == Fact(350, "seen")
    assert tata.share_operated == Fact(0.494, "recalled")
    assert tata.years == Fact((2005, 2013), "recalled")
    turkey = facts("mf0701_soran2018")
    assert turkey.survival[5] == Arms(operated=Fact(0.416, "recalled"), unoperated=Fact(0.244, "recalled"))
    assert turkey.covariates == Fact((), "seen")  # a trial adjusts for nothing
    netherlands = facts("ruiterkamp2009_eindhoven")
    assert (netherlands.hazard_ratio, netherlands.interval) == (Fact(0.62, "recalled"), Fact((0.51, 0.76), "recalled"))
    assert facts("rapiti2006_geneva").interval == Fact((0.4, 1.0), "recalled")
    assert facts("jcog1007_2021").interval == Fact((0.76, 1.59), "recalled")
    assert "survival (recalled)" in facts("khan2002_ncdb").notes


def test_intervals_are_at_95_percent() -> None:
    row = published("e2108_khan2022")
    assert facts(row.id).interval == Fact((row.low, row.high), "seen")


def test_unknown_study_names_the_likely_one() -> None:
    with pytest.raises(BiasimError, match="Did you mean 'lin2020_seer'"):
        facts("lin2020_sear")
