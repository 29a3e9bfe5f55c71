"""Diagrams as rows of a table: nodes, arrows and open paths, from which figures are drawn and reports written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from biasim.engine.diagram import COMPLETE, RECORD, REPORT, Diagram
from biasim.engine.flags import flags
from biasim.engine.interventions import AT_DIAGNOSIS, CARE, DEATH, RESPONSE, SURGERY
from biasim.engine.sight import EXPOSURE, OUTCOME

WHEN = {
    **dict.fromkeys(AT_DIAGNOSIS, "diagnosis"),
    RESPONSE: "evaluation",
    **dict.fromkeys((SURGERY, CARE), "treatment"),
    DEATH: "death",
    **dict.fromkeys((RECORD, COMPLETE, REPORT, EXPOSURE, OUTCOME), "record"),
}
LATER = "follow-up"  # what is not in WHEN


class Row(NamedTuple):
    """A node, an arrow or an open path of one diagram. Of an arrow, `name` is the cause; of a path, its nodes in order."""

    design: str
    analyses: str
    kind: str  # node, arrow, path
    name: str
    to: str
    when: str
    strength: float | None
    unit: str
    given: bool | None  # a node that the analysis conditions on
    open: bool | None  # on an open path
    effect: bool | None  # an arrow that is a true effect of surgery
    says: str  # what is wrong: the flag of a path, or one without a path


def rows(drawn: Iterable[Diagram]) -> Iterator[Row]:
    """Every diagram, one after the other."""
    for diagram in drawn:
        yield from rows_of(diagram)


def rows_of(diagram: Diagram) -> Iterator[Row]:
    """One diagram: nodes, then arrows, then what is wrong. Only paths that a flag tells of are marked open."""
    found, analyses = flags(diagram), "; ".join(diagram.analyses)
    told = [flag.path for flag in found if flag.path]
    steps = {frozenset(step) for path in told for step in pairwise(path)}
    start = (diagram.design, analyses)
    for node in diagram.nodes:
        is_open = any(node in path for path in told)
        yield Row(*start, "node", node, "", WHEN.get(node, LATER), None, "", node in diagram.given, is_open, None, "")
    for arrow in diagram.arrows:
        is_open, effect = frozenset(arrow.ends) in steps, arrow.ends in diagram.effects
        strength = None if arrow.strength == 1.0 and arrow.unit == "of women" else arrow.strength
        yield Row(*start, "arrow", *arrow.ends, "", strength, arrow.unit if strength else "", None, is_open, effect, "")
    for flag in found:
        yield Row(*start, "path", " - ".join(flag.path), "", "", None, "", None, True, None, flag.says)
