"""An attribution as a CSV file: the truth, what is not switched, one row a mechanism, and what the analysis reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biasim.engine.attribution import Attribution
from biasim.store.tables import write_table

COLUMNS = (
    "kind", "mechanism", "moved", "mcse", "orders_mcse", "alone", "alone_mcse", "left_out", "left_out_mcse", "reached",
    "design", "method", "estimand", "size", "replicates", "used", "seed", "sets", "orders",
)  # fmt: skip
TRUTH, NOT_SWITCHED, MECHANISM, APPARENT = "truth", "not switched", "mechanism", "apparent"


def write_attribution(path: Path, found: Attribution) -> Path:
    """Write the file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, COLUMNS, table(found))
    return path


def table(found: Attribution) -> Iterator[tuple[object, ...]]:
    """The rows of the file, in the order of the bars."""
    one = found.analysis
    run = (one.design, one.method, found.estimand, found.size, found.replicates, found.apparent.used, one.study.seed, found.sets,
           found.orders)  # fmt: skip
    nothing = ("",) * 4
    truth, left, apparent = found.truth, found.not_switched, found.apparent
    yield (TRUTH, "", truth.value, truth.mcse, 0.0, *nothing, truth.value, *run)
    yield (NOT_SWITCHED, "", left.value, left.mcse, 0.0, *nothing, truth.value + left.value, *run)
    for share in found.shares:
        beside = (*share.alone[:2], *share.left_out[:2])
        yield (MECHANISM, share.mechanism, *share.moved[:2], share.orders_mcse, *beside, share.reached, *run)
    yield (APPARENT, "", apparent.value, apparent.mcse, 0.0, *nothing, apparent.value, *run)
