"""Another question put to a study than the `solve` of its file: what is said anew takes the place of what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from biasim.config.load import asking
from biasim.config.study import Study, Wanted
from biasim.errors import BiasimError

RATIO = ("hazard_ratio", "low", "high")


class Said(NamedTuple):
    """What was said anew; an empty text or sequence, or None, where nothing was."""

    unknown: Sequence[str] = ()
    between: Sequence[str] = ()  # "low,high" for every unknown
    design: str = ""
    method: str = ""
    hazard_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    published: str = ""


def asked_anew(study: Study, said: Said, published_ids: frozenset[str]) -> Study:
    """The study with its question changed as said, checked like that of a file. Raises StudyRefused and BiasimError."""
    if said == Said():
        return study
    question = {key: value for key, value in written(study.wanted).items() if key != "between" or not said.unknown}
    if said.unknown:
        question["unknown"] = said.unknown[0] if len(said.unknown) == 1 else list(said.unknown)
    if said.between:
        ranges = [ends(text) for text in said.between]
        question["between"] = ranges[0] if len(ranges) == 1 else ranges
    question["until"] = until(question.get("until", {}), said)
    return asking(study, question, published_ids)


def written(wanted: Wanted | None) -> dict[str, Any]:
    """The question of a file as plain data."""
    if wanted is None:
        return {}
    paths = [one.path for one in wanted.unknowns]
    ranges = [[one.low, one.high] for one in wanted.unknowns]
    target = {key: getattr(wanted, key) for key in ("design", "method", *RATIO, "published")}
    return {
        "unknown": paths[0] if len(paths) == 1 else paths,
        "between": ranges[0] if len(ranges) == 1 else ranges,
        "until": {key: value for key, value in target.items() if value not in (None, "")},
    }


def until(old: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """What is to be reported: another design brings its own first method, another ratio its own interval."""
    new = {key: value for key, value in said._asdict().items() if key in ("design", "method", *RATIO, "published")}
    new = {key: value for key, value in new.items() if value not in (None, "")}
    kept = dict(old)
    if "design" in new:
        kept.pop("method", None)
    if "published" in new or "hazard_ratio" in new:
        kept = {key: value for key, value in kept.items() if key not in (*RATIO, "published")}
    return kept | new


def ends(text: str) -> list[float]:
    """The two numbers of `0.1,1`."""
    try:
        low, high = (float(piece) for piece in text.replace(":", ",").split(","))
    except ValueError:
        raise BiasimError(f"--between {text}: two numbers are expected, such as --between 0.1,1") from None
    return [low, high]
