"""`solve` in a study file: what is read, what is refused and where, and what the command line says anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from biasim.config.asking import Said, asked_anew, ends
from biasim.config.load import asking, from_text, load, switched
from biasim.config.study import Unknown
from biasim.errors import BiasimError, StudyRefused

GOOD = (Path(__file__).parent / "good.yaml").read_text()
LINE = next(line for line in GOOD.splitlines(keepends=True) if line.startswith("solve"))
IDS = frozenset({"khan2002"})


def read(text: str):
    """The good study with another `solve`."""
    assert LINE in GOOD
    return from_text(GOOD.replace(LINE, text), "good.yaml")


def refused(text: str) -> str:
    with pytest.raises(StudyRefused) as error:
        read(text)
    assert len(error.value.problems) == 1, error.value
    return str(error.value)


def solve(unknown="treatment.by_prognosis.hidden_odds_ratio", between="[0.1, 1]", until="hazard_ratio: 0.8") -> str:
    return f"solve: {{unknown: {unknown}, between: {between}, until: {{{until}}}}}\n"


def test_one_unknown() -> None:
    wanted = read(LINE).wanted
    assert wanted.unknowns == (Unknown(path="treatment.by_prognosis.hidden_odds_ratio", low=0.1, high=1.0),)
    assert (wanted.design, wanted.method) == ("registry", "cox")
    assert (wanted.hazard_ratio, wanted.low, wanted.high, wanted.published) == (0.8, 0.7, 0.9, "")


def test_two_unknowns_and_a_published_study(tmp_path: Path) -> None:
    both = "[treatment.by_prognosis.hidden_odds_ratio, designs.landmark.time_zero.landmark.months]"
    text = solve(both, "[[0.1, 1], [3, 9]]", "design: landmark, method: matched, published: khan2002")
    file = tmp_path / "good.yaml"
    file.write_text(GOOD.replace(LINE, text))
    wanted = load(file, published_ids=IDS).wanted
    assert [one.high for one in wanted.unknowns] == [1.0, 9.0]
    assert (wanted.design, wanted.method, wanted.hazard_ratio, wanted.published) == ("landmark", "matched", None, "khan2002")


def test_it_is_written_out_and_survives_switches() -> None:
    study = read(LINE)
    assert from_text(study.written_out, "good.yaml").wanted == study.wanted
    assert switched(study, "confounding").wanted == study.wanted
    assert read("").wanted is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (solve("treatment.by_prognosis.hiden_odds_ratio"), "Did you mean 'hidden_odds_ratio'?"),
        (solve("treatmen.by_prognosis.share"), "leads nowhere"),
        (solve("run.size"), "'run.size' is not a parameter"),
        (solve("[a.b, c.d, e.f]"), "expected a dotted path, or a list of two"),
        (solve("3"), "3 does not fit; expected a dotted path"),
        (solve(between="[0, 1]"), "solve.between: 0 does not fit; expected a number (odds ratio) above 0"),
        (solve(between="[1, 0.1]"), "[1, 0.1] does not fit; expected [low, high], two numbers of which the second is larger"),
        (solve(between="[0.1, yes]"), "two numbers of which the second is larger"),
        (solve(between="[0.1, true]"), "two numbers of which the second is larger"),
        (solve(between="[0.1, .inf]"), "two numbers of which the second is larger"),
        (solve(between="0.5"), "0.5 does not fit; expected [low, high]"),
        (solve("[treatment.by_prognosis.share, treatment.by_prognosis.odds_ratio]", "[0.1, 1]"), "a list of 2 ranges"),
        (solve("[treatment.by_prognosis.share, treatment.by_prognosis.odds_ratio]", "[[0.1, 1]]"), "a list of 2 ranges"),
        (solve("designs.landmark.methods.matched.ratio", "[1, 4]"), "2.5 does not fit; expected a whole number"),
        (solve("treatment.by_prognosis", "[1, 4]"), "1 does not fit; expected parameters of by_prognosis"),
        (solve(until="hazard_ratio: -0.8"), "A ratio is above 0"),
        (solve(until="design: registri, hazard_ratio: 0.8"), "no design called 'registri'"),
        (solve(until="method: coxx, hazard_ratio: 0.8"), "no method of 'registry' is called 'coxx'"),
        (solve(until="design: registry"), "nothing to be reported; expected 'hazard_ratio', or 'published' and an id"),
        (solve(until="hazard_ratio: 0.8, published: khan2002"), "'hazard_ratio' beside 'published'"),
        (solve(until="hazard_ratio: 0.8, low: 0.7"), "'low' alone"),
        (solve(until="hazard_ratio: 0.8, low: 0.9, high: 1.0"), "0.8 is not inside its interval; expected a number from 0.9"),
        (solve(until="hazard_ratio: 0.8, upper: 1.0"), "unknown key 'upper'"),
        (solve().replace("between", "betwen"), "unknown key 'betwen'"),
        ("solve: 3\n", "solve: 3 does not fit; expected a mapping with unknown, between, until"),
        ("solve: {between: [0, 1], until: {hazard_ratio: 0.8}}\n", "'unknown' is missing"),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_stand(text: str, message: str) -> None:
    said = refused(text)
    assert message in said
    line = GOOD[: GOOD.index(LINE)].count("\n") + 1
    assert said.startswith(f"good.yaml:{line}:")


def test_an_id_that_is_not_in_the_evidence_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD.replace(LINE, solve(until="published: khan202")))
    with pytest.raises(StudyRefused, match=r"no published study 'khan202'.*Did you mean 'khan2002'"):
        load(file, published_ids=IDS)


def test_what_is_said_anew_takes_the_place_of_what_is_written() -> None:
    study = read(LINE)
    assert asked_anew(study, Said(), IDS) is study
    other = asked_anew(study, Said(hazard_ratio=0.6), IDS).wanted
    assert (other.hazard_ratio, other.low, other.unknowns) == (0.6, None, study.wanted.unknowns)
    other = asked_anew(study, Said(published="khan2002"), IDS).wanted
    assert (other.hazard_ratio, other.published) == (None, "khan2002")
    other = asked_anew(study, Said(design="landmark"), IDS).wanted
    assert (other.design, other.method, other.hazard_ratio, other.high) == ("landmark", "plain", 0.8, 0.9)
    other = asked_anew(study, Said(between=["0.2,0.9"]), IDS).wanted
    assert (other.unknowns[0].low, other.unknowns[0].high) == (0.2, 0.9)
    fresh = Said(unknown=["treatment.by_prognosis.share", "treatment.by_prognosis.odds_ratio"], between=["0.1,0.5", "0.2,1"])
    assert [one.low for one in asked_anew(study, fresh, IDS).wanted.unknowns] == [0.1, 0.2]


def test_a_question_where_the_file_has_none() -> None:
    study = read("")
    with pytest.raises(StudyRefused, match="'unknown' is missing"):
        asked_anew(study, Said(hazard_ratio=0.6), IDS)
    with pytest.raises(StudyRefused, match="'between' is missing"):  # a range of another unknown is not taken over
        asked_anew(read(LINE), Said(unknown=["treatment.by_prognosis.share"]), IDS)
    said = Said(unknown=["treatment.by_prognosis.share"], between=["0.1,0.5"], published="khan")
    with pytest.raises(StudyRefused, match=r"solve\.until\.published: no published study 'khan'"):
        asked_anew(study, said, IDS)
    whole = {"unknown": "treatment.by_prognosis.share", "between": [0.1, 0.5], "until": {"hazard_ratio": 0.8}}
    assert asking(study, whole).wanted is not None


def test_ranges_as_they_are_typed() -> None:
    assert ends("0.1,1") == ends("0.1:1") == ends(" 0.1, 1e0 ") == [0.1, 1.0]
    for text in ("0.1", "a,b", "1,2,3", ""):
        with pytest.raises(BiasimError, match="two numbers are expected"):
            ends(text)
