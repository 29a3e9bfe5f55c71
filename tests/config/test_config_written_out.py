"""The study written out with every default reads back as itself; the fingerprint follows content, not spelling."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biasim.config.fingerprint import fingerprint, truth_fingerprint
from biasim.config.load import load
from biasim.config.text import read
from biasim.config.written import yaml

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text()
SHIPPED = sorted((HERE.parents[1] / "configs").glob("*.yaml"))


def loaded(text: str, folder: Path) -> object:
    file = folder / "study.yaml"
    file.write_text(text)
    return load(file)


@pytest.mark.parametrize("file", [HERE / "good.yaml", *SHIPPED], ids=lambda file: file.stem)
def test_round_trip(file: Path, tmp_path: Path) -> None:
    study = load(file)
    again = loaded(study.written_out, tmp_path)
    assert again == study
    assert again.written_out == study.written_out
    assert [fingerprint(again, s) for s in again.scenarios] == [fingerprint(study, s) for s in study.scenarios]


def test_round_trip_of_a_change_that_merges_with_what_is_varied(tmp_path: Path) -> None:
    text = GOOD.replace("{treatment: {randomised: {at: 6.0}}}", "{treatment.by_prognosis.odds_ratio: 1}")
    text = text.replace("    eligibility: [randomised]\n    time_zero: randomisation\n", "    time_zero: diagnosis\n")
    study = loaded(text, tmp_path)
    assert [s.designs["trial"].world["treatment"].parameters["median_wait"] for s in study.scenarios[::2]] == [
        1,
        4.5,
        8,
    ]
    assert loaded(study.written_out, tmp_path) == study


def test_every_default_is_written(tmp_path: Path) -> None:
    written = loaded(GOOD, tmp_path).written_out
    for default in ("wait_spread: 0.5", "truth: 200000", "known_at_diagnosis: {}", "complete: {}", "ties: efron"):
        assert default in written


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@given(st.dictionaries(TEXT.filter(lambda key: key not in ("", "<<")), PLAIN, max_size=4))
def test_plain_data_survive_being_written(content: dict) -> None:
    def keyed(value: object) -> bool:
        if isinstance(value, dict):
            return all(key not in ("", "<<") and keyed(item) for key, item in value.items())
        return all(map(keyed, value)) if isinstance(value, list) else True

    problems: list = []
    root = read(yaml(content) or "{}", "x.yaml", problems)
    if keyed(content):
        assert not problems
        assert root is not None
        assert root.plain == content


SAME = [
    ("share: 0.4", "share: 4e-1"),
    ("shape: 1,", "shape: 1.0,"),
    ("median_wait: 4}", "median_wait: 4.0, wait_spread: 0.5}"),
    ("time_zero: diagnosis\n    exposure: ever", "time_zero: {diagnosis: {}}\n    exposure: ever"),
    ("aim: A study", "aim: Another study"),
    ("replicates: 20", "replicates: 21"),
    ("[bias, coverage]", "[bias]"),
    ("trial: none}", "trial: against surgery}"),
    ("published: [khan2002]", "published: []"),
    ("study: good", "study: better"),
]
OTHER = [
    ("share: 0.4", "share: 0.40001"),
    ("size: 500", "size: 501"),
    ("seed: 1", "seed: 2"),
    ("methods: [cox, {cox", "methods: [{cox: {ties: breslow}}, {cox"),
    ("{at: 6.0}", "{at: 6.5}"),
    ("without: [recorded_score]", "without: []"),
    ("eligibility: stage_iv_known", "eligibility: everyone"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_fingerprint_of_equal_content(old: str, new: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    before, after = loaded(GOOD, tmp_path), loaded(GOOD.replace(old, new), tmp_path)
    assert fingerprint(before, before.scenarios[1]) == fingerprint(after, after.scenarios[1])


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_fingerprint_of_other_content(old: str, new: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    before, after = loaded(GOOD, tmp_path), loaded(GOOD.replace(old, new), tmp_path)
    assert fingerprint(before, before.scenarios[1]) != fingerprint(after, after.scenarios[1])


def test_fingerprints_of_scenarios_differ() -> None:
    study = load(HERE / "good.yaml")
    keys = [fingerprint(study, s) for s in study.scenarios]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 for key in keys)


def test_truth_does_not_depend_on_methods(tmp_path: Path) -> None:
    before = loaded(GOOD, tmp_path)
    after = loaded(GOOD.replace("methods: [cox, {cox: {adjust: true}}]", "methods: [cox]"), tmp_path)
    other = loaded(GOOD.replace("shape: 1,", "shape: 2,"), tmp_path)
    keys = [truth_fingerprint(study, study.scenarios[0]) for study in (before, after, other)]
    assert keys[0] == keys[1] != keys[2]
