"""Whatever is done to a good study, it loads or it is refused: nothing else is raised."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biasim.config.load import load
from biasim.config.text import read
from biasim.config.written import yaml
from biasim.errors import StudyRefused

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text()
PIECES = ["yes", "on", "null", "'", '"', "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "&a ",
"*a", "!", "|", ">", "#", "%",
          "@", ".inf", ".nan", "1e999", "-1", "0", "007", "0x1f", "cox", "none", "treatment", "design",
          "é", "\x00", "\ufeff", "<<: "]  # fmt: skip
VALUES = st.sampled_from(
    [None, True, False, 0, -1, 1, 7, 40, 0.5, 1e300, -2.5, "yes", "", "cox", "none", "randomised",
     "registry", "landmark",
     "two_scores", "time_varying", [], {}, [1, 2], ["cox"], {"cox": None}, {"cox": {"adjust": 1}},
     {"a": {"b": {"c": 1}}},
     {"landmark": {"months": 600}}, {"treatment": "randomised"}, {"design.exposure": "intended"}]
)  # fmt: skip
KEYS = st.sampled_from(
    ["seed", "cox", "treatment", "treatment.by_prognosis", "treatment.by_prognosis.share.x",
     "design.methods.cox.adjust",
     "designs.trial.treatment.randomised.at", "designs.trial", "design.eligibility.stage_iv_known.by",
     "run", "run.size", "design",
     "design.", ".", "a.b.c", "world.treatment", "designs.landmark.methods.matched.ratio",
     "survival.weibull", "methods", "change"]
)  # fmt: skip
SETTINGS = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def loads_or_is_refused(text: str, folder: Path) -> None:
    file = folder / "study.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    problems, study = [], None
    try:
        study = load(file, published_ids=frozenset({"khan2002"}))
    except StudyRefused as refused:
        problems = refused.problems
    lines = len(file.read_bytes().splitlines()) + 1
    assert all(1 <= p.line <= lines and p.column >= 1 and p.expected for p in problems)
    assert (study is None) == bool(problems)
    if study is not None:
        file.write_text(study.written_out)
        assert load(file) == study


@SETTINGS
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=3))
def test_any_change_of_the_text(tmp_path_factory: Any, cuts: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for start, length, piece in cuts:
        text = text[:start] + piece + text[start + length :]
    loads_or_is_refused(text, tmp_path_factory.getbasetemp())


@SETTINGS
@given(st.data())
def test_any_change_of_the_tree(tmp_path_factory: Any, data: st.DataObject) -> None:
    root = read(GOOD, "good.yaml", [])
    assert root is not None
    content = root.plain
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(content, data)
    loads_or_is_refused(yaml(content) or "{}", tmp_path_factory.getbasetemp())


def mutate(content: Any, data: st.DataObject) -> None:
    """Replace, remove or add one entry somewhere in the tree."""
    while True:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(content[key], (dict, list)) and data.draw(st.integers(0, 3)):
            content = content[key]
            continue
        act = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if act == "remove":
            del content[key]
        elif act == "add" and isinstance(content, dict):
            content[data.draw(KEYS)] = deepcopy(data.draw(VALUES))
        else:
            content[key] = deepcopy(data.draw(VALUES))
        return
