"""Two designs as lines: what differs, any of it laid over the first, where each value was written, what does not touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from biasim.config.besides import besides
from biasim.config.chosen import chosen, named
from biasim.config.lines import ABSENT, LABEL, ONLY, Analysis, content, merged_order, mixture, text
from biasim.config.load import from_text, load, resolve
from biasim.config.origins import origin
from biasim.config.study import Design
from biasim.errors import BiasimError
from biasim.registry import VIEW

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text()


def good(*changed: tuple[str, str]):
    written = GOOD
    for old, new in changed:
        assert written.count(old) == 1, old
        written = written.replace(old, new)
    return from_text(written, "good.yaml")


def analysis(study, design="registry", method="cox") -> Analysis:
    return Analysis(study=study, design=design, method=method)


def same(first: Design, second: Design) -> bool:
    return first.world == second.world and all(getattr(first, room) == getattr(second, room) for room in VIEW)


PAIRS = [("registry", "cox", "landmark", "plain"), ("registry", "cox", "trial", "cox"), ("landmark", "matched", "dates", "")]


@pytest.mark.parametrize("pair", PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_no_line_is_the_first_design_and_all_lines_are_the_second(pair) -> None:
    study = good()
    first = analysis(study, *pair[:2])
    second = analysis(study, pair[2], pair[3] or "cox_time_dependent")
    mixed = mixture(first, second)
    for numbers, end in (((), first), (range(len(mixed.lines)), second)):
        laid = mixed.laid(numbers)
        assert laid == content(end.drawn, end.method)
        read = from_text(text(laid, mixed.several, study), "mixture.yaml").scenarios[0].designs[ONLY]
        assert same(read, end.drawn)
        assert read.methods[LABEL] == end.drawn.methods[end.method]


def test_lines_are_as_deep_as_both_designs_go_and_in_the_order_of_the_resolved_file() -> None:
    other = good(
        ("odds_ratio: 0.5", "odds_ratio: 0.7"),
        ("{exponential: {per_month: 0.008}}", "none"),
        ("    exposure: ever_operated\n", "    exposure: intended\n    eligibility: [stage_iv_known, {alive_at: {months: 3}}]\n"),
    )
    mixed = mixture(analysis(good()), analysis(other))
    assert [(line.path, line.before, line.after) for line in mixed.lines] == [
        ("treatment.by_prognosis.odds_ratio", 0.5, 0.7),
        ("censoring", {"exponential": {"per_month": 0.008}}, {"none": {}}),
        ("eligibility.stage_iv_known", ABSENT, {"by": 0.0}),
        ("eligibility.alive_at", ABSENT, {"months": 3.0}),
        ("exposure", {"ever_operated": {}}, {"intended": {}}),
    ]
    third = mixed.laid((3,))
    assert third["eligibility"] == {"alive_at": {"months": 3.0}}
    assert {room: third[room] for room in third if room != "eligibility"} == {
        room: mixed.first[room] for room in mixed.first if room != "eligibility"
    }


def test_a_part_that_a_list_names_twice_keeps_its_place() -> None:
    criteria = "eligibility: [{column: {name: occult, high: 0}}, stage_iv_known, {column: {name: hidden_score, low: 0}}]"
    record = "    measurement: {registry: {without: [recorded_score]}}\n    recording: {incomplete: {share: 0.1}}\n"
    study = good(
        ("eligibility: stage_iv_known", criteria), ("    measurement: {registry: {without: [recorded_score]}}\n", record)
    )
    other = good(
        ("eligibility: stage_iv_known", criteria.replace("low: 0", "low: 1")),
        ("    measurement: {registry: {without: [recorded_score]}}\n", record.replace("0.1", "0.3")),
    )
    first, second = analysis(study, "landmark", "plain"), analysis(other, "landmark", "plain")
    mixed = mixture(first, second)
    assert [line.path for line in mixed.lines] == ["eligibility.column#2.low", "recording.incomplete.share"]
    assert origin(first, mixed.lines[0].steps).line == origin(second, mixed.lines[0].steps).line == 18
    assert origin(second, mixed.lines[1].steps).line == 22
    read = from_text(text(mixed.laid((0,)), mixed.several, study), "mixture.yaml").scenarios[0].designs[ONLY]
    assert [choice.name for choice in read.eligibility] == ["column", "stage_iv_known", "column"]
    assert read.eligibility[2].parameters["low"] == 1.0
    assert read.recording == first.drawn.recording


def test_equal_studies_have_no_lines_however_they_are_written() -> None:
    other = good(("    methods: [cox, {cox: {adjust: true}}]", "    methods: [{cox: {ties: efron}}, {cox: {adjust: true}}]"))
    mixed = mixture(analysis(good()), Analysis(study=other, design="registry", method="cox(ties=efron)"))
    assert not mixed.lines


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("ab", "ab", "ab"), ("ab", "", "ab"), ("", "ab", "ab"), ("ac", "abc", "abc"), ("abc", "xbz", "axbcz"), ("ab", "ba", None),
    ],
)  # fmt: skip
def test_an_order_that_both_lists_keep(first, second, order) -> None:
    found = merged_order(list(first), list(second))
    assert found == (None if order is None else list(order))


@pytest.mark.parametrize(
    ("design", "steps", "line"),
    [
        ("registry", ("treatment", "by_prognosis", "odds_ratio"), 6),
        ("registry", ("treatment", "by_prognosis", "hidden_odds_ratio"), 9),
        ("registry", ("treatment", "by_prognosis", "median_wait"), 40),  # `vary` counts more than the world
        ("registry", ("censoring",), 10),
        ("registry", ("censoring", "exponential", "per_month"), 10),
        ("registry", ("exposure",), 14),
        ("registry", ("methods",), 16),
        ("landmark", ("eligibility", "stage_iv_known"), 18),
        ("landmark", ("time_zero", "landmark", "months"), 41),
        ("landmark", ("measurement", "registry", "without"), 21),
        ("landmark", ("methods",), 23),
        ("trial", ("treatment", "randomised", "at"), 30),
        ("trial", ("eligibility", "randomised"), 31),
    ],
)
def test_values_are_traced_to_the_line_that_counts(design, steps, line) -> None:
    study = good()
    label = next(iter(study.scenarios[0].designs[design].methods))
    found = origin(analysis(study, design, label), steps)
    assert (found.file, found.line, found.default) == ("good.yaml", line, False)
    assert str(found) == f"good.yaml:{line}"


def test_defaults_say_so_and_worlds_are_named_by_their_file() -> None:
    assert str(origin(analysis(good()), ("treatment", "by_prognosis", "wait_spread"))) == "default"
    assert str(origin(analysis(good()), ("follow_up",))) == "default"
    study = load(resolve("stage_migration"))
    found = origin(analysis(study), ("survival", "weibull", "scale"))
    assert Path(found.file).name == "two_scores.yaml"
    assert "scale" in Path(found.file).read_text().splitlines()[found.line - 1]


def test_what_does_not_touch_is_told_apart() -> None:
    other = good(
        ("study: good", "study: better"), ("seed: 1", "seed: 2"), ("[cox, {cox: {adjust: true}}]", "[cox]"),
        ("{randomised: {at: 6.0}}", "{randomised: {at: 3.0}}"), ("odds_ratio: 0.5", "odds_ratio: 0.7"),
        ("  treatment.by_prognosis.median_wait: [1, 4.5, 8]", "  treatment.by_prognosis.median_wait: [1, 4.5]"),
    )  # fmt: skip
    first, second = analysis(good()), analysis(other)
    mixed = mixture(first, second)
    assert [line.path for line in mixed.lines] == ["treatment.by_prognosis.odds_ratio"]
    found = {line.path: (line.before, line.after) for line in besides(first, second, mixed.lines)}
    assert found == {
        "study": ("good", "better"),
        "run.seed": (1, 2),
        "vary.treatment.by_prognosis.median_wait": ([1, 4.5, 8], [1, 4.5]),
        "designs.registry.methods.cox(adjust=true)": ("there", ABSENT),
        "designs.trial.treatment.randomised.at": (6.0, 3.0),
    }
    assert besides(first, first, ()) == []


def test_choosing_what_is_compared() -> None:
    study = good()
    assert named("good") == ("good", "")
    assert named("good:trial") == ("good", "trial")
    assert named("C:\\studies\\good.yaml") == ("C:\\studies\\good.yaml", "")
    assert named("a:b/good.yaml") == ("a:b/good.yaml", "")
    first, second = chosen((study, study), ("", ""))
    assert (first.design, first.method, second.design, second.method) == ("registry", "cox", "registry", "cox")
    first, second = chosen((study, study), ("registry", "trial"))
    assert (first.design, second.design, second.method) == ("registry", "trial", "cox")
    first, second = chosen((study, study), ("registry", "dates"))
    assert (first.method, second.method) == ("cox", "cox_time_dependent")
    assert chosen((study, study), ("", "landmark"))[0].design == "landmark"
    with pytest.raises(BiasimError, match=r"good.yaml:11: no design called 'registri'. Did you mean 'registry'\?"):
        chosen((study, study), ("registri", ""))
    with pytest.raises(BiasimError, match=r"good.yaml:23: no method of 'landmark' is called 'matchd'. Did you mean 'matched'\?"):
        chosen((study, study), ("landmark", ""), "matchd")
    apart = from_text(GOOD.replace("  registry:\n", "  r:\n").replace("registry: favours surgery", "r: none"), "apart.yaml")
    assert chosen((study, apart), ("", ""))[1].design == "landmark"
    alone = load(resolve("literature"))
    with pytest.raises(BiasimError, match=r"no design is in both: good has registry, .*; literature has registries, trials"):
        chosen((study, alone), ("", ""))
