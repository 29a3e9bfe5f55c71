"""A solution or a curve as a CSV file: the points that were simulated, then what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biasim.engine.iso import Curve
from biasim.engine.solve import Solution
from biasim.store.tables import write_table

COLUMNS = (
    "kind", "first", "second", "log_hazard_ratio", "mcse", "low", "high", "first_path", "second_path", "design", "method",
    "estimand", "size", "replicates", "seed", "target_source", "target_marks",
)  # fmt: skip
SCAN, TARGET, ROOT, LIMITS, CURVE = "scan", "target", "root", "limits", "curve"
"""`target`: log hazard ratio with its interval. `root` and `curve`: mcse, low and high are those of the last unknown."""


def write_solution(path: Path, found: Solution | Curve) -> Path:
    """Write the file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, COLUMNS, table(found))
    return path


def table(found: Solution | Curve) -> Iterator[tuple[object, ...]]:
    """The rows of the file."""
    one, paths = found.analysis, [axis.path for axis in (found.axes if isinstance(found, Curve) else (found.axis,))]
    run = (*paths, *[""] * (2 - len(paths)), one.design, one.method, found.estimand, found.size, found.replicates, one.study.seed,
           found.target.source, found.target.marks)  # fmt: skip
    target = found.target
    yield (TARGET, "", "", target.value, "", target.low, target.high, *run)
    for row in rows_of_curve(found) if isinstance(found, Curve) else rows_of_solution(found):
        yield (*row, *run)


def rows_of_solution(found: Solution) -> Iterator[tuple[object, ...]]:
    for value, reported in found.scan:
        yield (SCAN, value, "", *reported[:2], "", "")
    for root in found.roots:
        yield (ROOT, root.value, "", found.target.value, root.mcse, root.low, root.high)
    if found.limits:
        low, high = (None if limit.beyond else limit.value for limit in found.limits)
        yield (LIMITS, "", "", "", "", low, high)


def rows_of_curve(found: Curve) -> Iterator[tuple[object, ...]]:
    for first, second, reported in found.grid:
        yield (SCAN, first, second, *reported[:2], "", "")
    for point in found.points:
        yield (CURVE, point.first, point.second, found.target.value, point.mcse, point.low, point.high)
