"""Published subgroup estimates: one row is one subgroup of a study of the other tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from biasim.evidence import _reading as read
from biasim.evidence.published import published
from biasim.evidence.ratio import Ratio

FILE = "trial_subgroups.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup(Ratio):
    """One subgroup estimate. The hazard ratio of death is operated against not operated; below 1 favours surgery."""

    study: str  # id of the published estimate that it is a subgroup of
    subgroup: str
    planned: str  # whether the subgroup was named before the data were seen
    p: float | None  # of the effect in the subgroup, as printed; no test of interaction


def subgroup(id: str) -> Subgroup:
    """The subgroup estimate with this id; BiasimError with the likely intention when there is none."""
    return read.one(subgroups(), id, "subgroups")


@cache
def subgroups() -> Mapping[str, Subgroup]:
    """Every subgroup estimate by id, in the order of the table."""
    return read.rows(FILE, _record)


def _record(cells: read.Cells) -> Subgroup:
    study = published(cells["study_id"])
    return Subgroup(
        id=cells["row_id"],
        label=study.label,
        where=study.where or study.cancer,
        what=f"HR death, {cells['subgroup']}",
        study=study.id,
        subgroup=cells["subgroup"],
        planned=cells["planned"],
        **read.interval(cells),
        p=read.number(cells["p_value"]),
        verified=read.verified(cells),
        recalled_cells=study.recalled_cells,
        source=study.source,
        doi=study.doi,
        seen_in=cells["verified_from"],
    )
