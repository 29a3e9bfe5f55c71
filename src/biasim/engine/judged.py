"""What the claim of a method is judged against: an estimand in the women of its design, and the cohort it is computed from."""

from __future__ import annotations

from typing import NamedTuple

from biasim.config.study import Choice, Design, Study
from biasim.engine.alignment import NOTHING, aligned
from biasim.engine.as_counted import PLAIN
from biasim.engine.truth import NULL_SIZE, read


class Judged(NamedTuple):
    """An estimand as it is to be computed."""

    choice: Choice
    measured: bool  # whether it is given what the design measures
    size: int  # patients to compute it from


def judged(study: Study, design: Design, label: str, choice: Choice, *, claimed: bool) -> Judged:
    """The estimand called `label`, put to the patients and the time zero of a design; `claimed` by a method of it or not."""
    choice = aligned(choice, design, read(label)[1] if claimed else NOTHING)
    measured = choice.parameters.get("given") == "recorded" or choice.parameters.get("target") == "overlap"
    size = study.truth_size if surgery_may_matter(design) else min(study.truth_size, NULL_SIZE)
    return Judged(choice, measured, size)


def surgery_may_matter(design: Design) -> bool:
    """Whether a truth can be other than exactly 0: surgery has an effect, or an outcome other than death is counted."""
    return design.world["effect"].name != "none" or design.outcome.name != PLAIN
