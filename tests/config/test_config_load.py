"""Loading a study: what a good one becomes, and where every mistake of a bad one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from biasim.config.load import load, located, resolve, switched, with_changes
from biasim.errors import BiasimError, StudyRefused
from biasim.registry import names

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text()


def problems_of(text: str, tmp_path: Path, **how: object) -> list:
    file = tmp_path / "study.yaml"
    file.write_text(text)
    with pytest.raises(StudyRefused) as refused:
        load(file, **how)
    return refused.value.problems


def test_twelve_mistakes_are_twelve_located_messages() -> None:
    with pytest.raises(StudyRefused) as refused:
        load(HERE / "twelve_mistakes.yaml")
    problems = refused.value.problems
    wanted = [
        (1, "twelve mistakes", "Write 'twelve_mistakes'."),
        (5, "'yes'", "'yes' is a word, not a number."),
        (5, "40", "For 40 percent write 0.4."),
        (6, "'1.2'", "Remove the quotes: 1.2."),
        (10, "'ever_operatd' is not a part of exposure", "Did you mean 'ever_operated'?"),
        (12, "'cox' stands twice", "name them"),
        (14, "nobody is randomised", "Add 'change: {treatment: randomised}'"),
        (17, "'cox_time_dependent' needs an exposure that begins during follow-up", "exposure: time_varying"),
        (20, "'seed' is missing", "Write 'seed: ...' here."),
        (20, "0 does not fit", "The least is 1."),
        (22, "unknown key 'median_weight'", "Did you mean 'median_wait'?"),
        (23, "no design called 'registri'", "Did you mean 'registry'?"),
    ]
    assert len(problems) == len(wanted) == 12
    for problem, (line, found, hint) in zip(problems, wanted, strict=True):
        assert problem.line == line
        assert found in problem.found
        assert hint in problem.hint
        assert problem.expected
        assert str(problem).startswith(f"{HERE / 'twelve_mistakes.yaml'}:{line}:{problem.column}: {problem.path}: ")


def test_message_reads_as_promised() -> None:
    with pytest.raises(StudyRefused) as refused:
        load(HERE / "twelve_mistakes.yaml")
    message = str(next(p for p in refused.value.problems if p.path == "designs.registry.exposure"))
    place, said = message.split(": ", 1)
    assert place.endswith(":10:15")
    assert said == (
        "designs.registry.exposure: 'ever_operatd' is not a part of exposure; expected one of "
        f"{', '.join(names('exposure'))}. Did you mean 'ever_operated'?"
    )


def test_good_study() -> None:
    study = load(HERE / "good.yaml", published_ids=frozenset({"khan2002"}))
    assert study.name == "good"
    assert [dict(s.varied) for s in study.scenarios] == [
        {"treatment.by_prognosis.median_wait": wait, "designs.landmark.time_zero.landmark.months": landmark}
        for wait in (1, 4.5, 8)
        for landmark in (3, 6)
    ]
    third = study.scenarios[2]
    assert third.world["treatment"].parameters["median_wait"] == 4.5
    assert third.world["treatment"].parameters["hidden_odds_ratio"] == 0.8  # from `change`, beside what the world says
    assert third.world["treatment"].parameters["share"] == 0.4
    assert third.world["effect"].name == "none"  # left out: neutral
    assert third.designs["landmark"].time_zero.parameters["months"] == 3.0
    assert third.designs["trial"].world["treatment"].name == "randomised"
    assert third.designs["registry"].world["treatment"].name == "by_prognosis"
    assert list(third.designs["registry"].methods) == ["cox", "cox(adjust=true)"]
    assert list(third.designs["landmark"].methods) == ["plain", "matched"]
    assert third.designs["registry"].follow_up.name == "complete"
    assert third.designs["landmark"].measurement.parameters["without"] == ("recorded_score",)
    assert study.where["designs.registry.exposure"] == (14, 5)


# what in the good study is replaced by what; the line, a piece of the finding and a piece of the hint
MISTAKES = [
    ("share: 0.4", "share: 40%", 6, "'40%' does not fit", "Write 0.4."),
    ("share: 0.4", "share: 0,4", 6, "", ""),
    ("odds_ratio: 0.5", "odds_ratio: -0.5", 6, "-0.5 does not fit", "write 0.6065"),
    ("odds_ratio: 0.5", "odds_ratio: true", 6, "true does not fit", "true is a word, not a number."),
    ("odds_ratio: 0.5", "odds_ratio: [0.5, 1]", 6, "a list does not fit", "under 'vary'"),
    ("odds_ratio: 0.5", "odds_ratio: ", 6, "nothing does not fit", "after the colon"),
    ("odds_ratio: 0.5", "odds_ratio: .nan", 6, ".nan does not fit", "finite"),
    ("odds_ratio: 0.5", "odds_ratio: .inf", 6, ".inf does not fit", "finite"),
    ("odds_ratio: 0.5", "odds_ratoi: 0.5", 6, "unknown key 'odds_ratoi'", "Did you mean 'odds_ratio'?"),
    ("median_wait: 4}", "median_wait: 4 months}", 6, "'4 months' does not fit", "the number alone: 4."),
    ("adjust: true", "adjust: yes", 16, "'yes' does not fit", "Write true"),
    ("adjust: true", "adjust: 1", 16, "1 does not fit", "write true"),
    ("ratio: 2}", "ratio: 2.5}", 23, "2.5 does not fit", "Write 2."),
    (
        "exposure: ever_operated",
        "exposure: landmark",
        14,
        "'landmark' is not a part",
        "'landmark' is a part of time_zero.",
    ),
    (
        "exposure: ever_operated",
        "exposure: time_varying",
        16,
        "'cox' needs an exposure fixed at time zero",
        "Or choose",
    ),
    ("exposure: ever_operated", "exposure: [intended, ever_operated]", 14, "a list", "under 'vary'"),
    ("    exposure: ever_operated\n", "", 12, "'exposure' is missing", "Write 'exposure: ...' here."),
    (
        "    exposure: ever_operated\n",
        "    exposure: ever_operated\n    exposure: intended\n",
        15,
        "stands twice",
        "one of the two",
    ),
    ("{landmark: {months: 6}}", "{landmark: 6}", 19, "6 does not fit", "Write {landmark: {months: 6}}."),
    ("{landmark: {months: 6}}", "{landmark: , months: 6}", 19, "a mapping with 2 keys", "Are months parameters?"),
    (
        "plain: cox,",
        "plain: {cox_landmark: {months: 6}},",
        23,
        "'cox_landmark' needs an exposure that begins",
        "time_varying",
    ),
    ("change: {treatment: {randomised: {at: 6.0}}}", "change: {}", 31, "nobody is randomised", "treatment: randomised"),
    (
        "change: {treatment: {randomised: {at: 6.0}}}",
        "change: {exposure: intended}",
        30,
        "not of the world",
        "in the design",
    ),
    (
        "  treatment.by_prognosis.hidden",
        "  tretment.by_prognosis.hidden",
        9,
        "leads nowhere",
        "Did you mean 'treatment'?",
    ),
    (
        "  treatment.by_prognosis.hidden",
        "  treatment.by_prognos.hidden",
        9,
        "not a part of treatment",
        "'by_prognosis'",
    ),
    (
        "  treatment.by_prognosis.hidden",
        "  treatment.randomised.hidden",
        9,
        "here is 'by_prognosis'",
        "or replace the part",
    ),
    ("  censoring: {exponential", "  exposure: {exponential", 10, "leads nowhere", "Write 'design.exposure'"),
    (
        "vary:\n  treatment",
        "vary:\n  size: [1, 2]\n  treatment",
        40,
        "'size' leads nowhere",
        "Did you mean 'run.size'?",
    ),
    ("[1, 4.5, 8]", "[1, 4.5, -8]", 40, "-8 does not fit", "Months count forward"),
    ("[1, 4.5, 8]", "[]", 40, "an empty list", "Leave out the path"),
    ("[1, 4.5, 8]", "4.5", 40, "4.5 does not fit", "Write a list of values."),
    ("[1, 4.5, 8]", "[1, 4.5, 1]", 40, "the value 1 stands twice", "Leave one out."),
    (
        "designs.landmark.time_zero.landmark.months",
        "designs.landmarc.time_zero",
        41,
        "no design called",
        "Did you mean 'landmark'?",
    ),
    ("seed: 1}", "seed: 1.5}", 38, "1.5 does not fit", "Write 2."),
    ("seed: 1}", "seed: '1'}", 38, "'1' does not fit", "Remove the quotes: 1."),
    ("seed: 1}", "sead: 1}", 38, "unknown key 'sead'", "Did you mean 'seed'?"),
    ("size: 500", "size: 1e99", 38, "1e99 does not fit", "The most is 10000000."),
    ("size: 500", "size: 1_000", 38, "'1_000' does not fit", "Write the digits together: 1000."),
    (
        "expect: {registry: favours surgery",
        "expect: {registry: favors surgery",
        45,
        "'favors surgery'",
        "Did you mean 'favours surgery'?",
    ),
    ("published: [khan2002]", "published: [kahn2002]", 46, "no published study 'kahn2002'", "Did you mean 'khan2002'?"),
    ("published: [khan2002]", "publish: [khan2002]", 46, "unknown key 'publish'", "Did you mean 'published'?"),
    ("published: [khan2002]", "seed: 3", 46, "unknown key 'seed'", "'seed' stands under 'run'."),
    ("published: [khan2002]", "exposure: intended", 46, "unknown key 'exposure'", "stands under a design"),
    (
        "{design.exposure: intended}",
        "{design.exposure: itended}",
        43,
        "not a part of exposure",
        "Did you mean 'intended'?",
    ),
    ("performance: [bias, coverage]", "performance: [bias, bias]", 37, "'bias' stands twice", "Leave one out."),
    ("performance: [bias, coverage]", "performance: []", 37, "an empty list", "biasim parts performance"),
    ("study: good", "study: ../good", 1, "cannot name a folder", "Write 'good'."),
    ("study: good", "study: 7", 1, "7 does not fit", "Put it in quotes: '7'."),
    ("  registry:\n    time_zero", "  regi.stry:\n    time_zero", 12, "cannot name a design", "Dots"),
    ("world:\n", "world: de_novo\nold:\n", 4, "no world called 'de_novo'", "de_novo_stage_iv"),
    (
        "  patients: {two_scores: {recorded_log_ratio: 0.4, hidden_log_ratio: 0.3}}\n",
        "",
        4,
        "'patients' is missing",
        "here",
    ),
    (
        "methods: {plain: cox,",
        "methods: {plain: {rmst: {horizon: 72}},",
        23,
        "72 months in a follow-up of 60",
        "shorten",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "found", "hint"), MISTAKES, ids=[f"{m[2]}-{m[1][:30]}" for m in MISTAKES])
def test_one_mistake(old: str, new: str, line: int, found: str, hint: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1, "the good study has changed"
    problems = problems_of(GOOD.replace(old, new), tmp_path, published_ids=frozenset({"khan2002"}))
    fitting = [p for p in problems if p.line == line and found in p.found and hint in p.hint]
    assert fitting, "\n".join(map(str, problems))


@pytest.mark.parametrize("key", ["exposure: ever", "world", "designs", "run", "performance", "replicates", "treatment", "seed"])
def test_a_misspelt_key_is_one_problem_and_what_follows_is_still_read(key: str, tmp_path: Path) -> None:
    text = GOOD.replace("share: 0.4", "share: 1.4").replace("    exposure: ever", "    exposre: ever")
    misspelt = GOOD.replace(key, key[:2] + key[3:], 1)
    assert len(problems_of(misspelt, tmp_path)) == 1
    assert len(problems_of(text, tmp_path)) == 2


def test_a_problem_of_every_scenario_is_told_once(tmp_path: Path) -> None:
    problems = problems_of(GOOD.replace("share: 0.4", "share: 1.4"), tmp_path)
    assert len(problems) == 1


def test_absurd_grid(tmp_path: Path) -> None:
    many = ", ".join(map(str, range(1, 100)))
    text = GOOD.replace("[1, 4.5, 8]", f"[{many}]").replace("[3, 6]", f"[{many}]")
    (problem,) = problems_of(text, tmp_path)
    assert (problem.line, problem.found) == (39, "9,801 scenarios")


def test_holding_paths_cannot_be_varied_together(tmp_path: Path) -> None:
    text = GOOD.replace("vary:\n", "vary:\n  treatment: [by_prognosis, at_random]\n")
    assert any("varied together" in problem.found for problem in problems_of(text, tmp_path))


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("study: [a, b\n", 2, "closing bracket"),
        ("study: a\n\tworld: b\n", 2, ""),
        ("study: a: b\n", 1, "quotes"),
        ("", 1, ""),
        ("- study\n", 1, ""),
        ("study: a\n---\nstudy: b\n", 2, "one study"),
        ("study: *x\n", 1, ""),
        ("study: !!python/object:os.system x\n", 1, ""),
        ("a: &a [*a]\n", 1, "alias"),
        ("\x00", 1, ""),
        ("[" * 600, 1, ""),
    ],
)
def test_what_is_not_a_mapping_of_yaml(text: str, line: int, hint: str, tmp_path: Path) -> None:
    problems = problems_of(text, tmp_path)
    assert problems[0].line == line
    assert any(hint in problem.hint for problem in problems)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes(b"study: a\naim: \xff\xfe\n")
    with pytest.raises(StudyRefused) as refused:
        load(tmp_path / "study.yaml")
    assert refused.value.problems[0].line == 2


def test_switches_turn_mechanisms_off_and_pass_by_designs_that_cannot_follow() -> None:
    study = load(HERE / "good.yaml")
    off = switched(study, "immortal time", "confounding")
    for before, after in zip(study.scenarios, off.scenarios, strict=True):
        assert after.world["treatment"].parameters["odds_ratio"] == 1.0
        assert after.world["treatment"].parameters["median_wait"] == before.varied["treatment.by_prognosis.median_wait"]
        assert after.designs["registry"].exposure.name == "intended"
        assert after.designs["dates"].exposure.name == "time_varying"
    with pytest.raises(BiasimError, match="Did you mean 'confounding'"):
        switched(study, "confouding")


def test_changes_from_python_win_over_vary() -> None:
    study = with_changes(load(HERE / "good.yaml"), {"treatment.by_prognosis.median_wait": 2.0, "run.size": 50})
    assert {s.world["treatment"].parameters["median_wait"] for s in study.scenarios} == {2.0}
    assert {s.size for s in study.scenarios} == {50}
    with pytest.raises(StudyRefused):
        with_changes(study, {"treatment.by_prognosis.median_wait": -2.0})


def test_errors_of_a_trial_run_are_located() -> None:
    study = load(HERE / "good.yaml")
    problem = located(study, "designs.landmark.measurement.registry.without", BiasimError("no column 'x'"))
    assert problem.line == 21
    assert "no column 'x'" in str(problem)
    assert located(study, "designs.registry.methods.cox", BiasimError("no")).line == 16
    assert located(study, "nowhere", BiasimError("no")).line == 4


def test_resolve_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    for typed in ("mine", "mine.yaml", "configs/mine.yaml", tmp_path / "configs" / "mine.yaml"):
        assert resolve(typed).resolve() == tmp_path / "configs" / "mine.yaml"
    with pytest.raises(BiasimError, match="Did you mean 'mine'"):
        resolve("mien")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("patients.de_novo.tumour.t_stage: {T1: 0.5, T2: 0.5, T3: 0.4, T4: 0.4}", "the shares add up to 1.8; expected 1 in all"),
        ("patients.de_novo.person.age.low: 99", "low 99 and high 95; expected low below high"),
        ("patients.de_novo.calendar.last_year: 1990", "first_year 2004 after last_year 1990"),
        ("patients.de_novo.person.comorbidity.cci1: 0.96", "cci1 and cci2 add up to 1.02"),
        ("course.first_line.responding.tnbc: 1.0", "expected a number (probability) above 0, below 1"),
    ],
)
def test_values_that_do_not_fit_together_are_refused_where_they_were_changed(tmp_path: Path, change: str, wanted: str) -> None:
    study = (
        "study: study\naim: x\nworld: de_novo_stage_iv\nchange:\n"
        f"  {change}\n"
        "designs:\n  registry: {time_zero: diagnosis, exposure: ever_operated, measurement: registry, methods: [cox]}\n"
        "estimands: [marginal_log_hazard_ratio]\nperformance: [bias]\nrun: {size: 200, replicates: 6, seed: 1}\n"
    )
    (problem,) = problems_of(study, tmp_path)
    assert wanted in str(problem)
    assert (problem.line, Path(problem.file).name) == (5, "study.yaml")
