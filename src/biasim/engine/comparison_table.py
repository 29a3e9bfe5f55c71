"""A comparison as a CSV file: one row a line, then what does not touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biasim.config.lines import ABSENT, Line
from biasim.config.origins import Origin
from biasim.engine.comparison import Comparison
from biasim.engine.paired import Difference
from biasim.store.tables import write_table

COLUMNS = (
    "kind", "row", "line", "a", "b", "written_a", "written_b", "alone", "alone_mcse", "alone_used", "alone_with", "alone_ending",
    "out", "out_mcse", "out_used", "out_with", "out_ending", "step", "step_mcse", "step_used", "step_with", "reached",
)  # fmt: skip
EMPTY = ("",) * 15  # the columns from `alone` on
NOTHING = ("",) * 5


def write_comparison(path: Path, found: Comparison) -> Path:
    """Write the file and return its path. Numbers stand in the first line of each row and of each step."""
    write_table(path, COLUMNS, table(found))
    return path


def table(found: Comparison) -> Iterator[tuple[object, ...]]:
    """The rows of the file: `A`, `difference` (a row of lines), `B`, `does not touch`."""
    steps = {step.rows[0]: step for step in found.steps}
    if found.start is not None and found.total is not None and found.end is not None:
        yield ("A", "", told(found, 0), *("",) * 18, found.start.value)
        for row in found.rows:
            step = steps.get(row.number)
            numbers: tuple[object, ...] = (
                *spread(row.alone.difference, row.alone.beside, row.alone.ending),
                *spread(row.out.difference, row.out.beside, row.out.ending),
                *((*spread(step.moved, step.rows[1:], "")[:4], step.reached) if step else NOTHING),
            )
            for place, (line, *origins) in enumerate(row.lines):
                yield ("difference", row.number, *values(line), *map(place_of, origins), *(numbers if not place else EMPTY))
        whole = (*spread(found.total, (), "")[:4], found.end.value)
        yield ("B", "", told(found, 1), *("",) * 14, *whole)
    for line in found.besides:
        yield ("does not touch", "", *values(line), "", "", *EMPTY)


def told(found: Comparison, which: int) -> str:
    """`immortal_time:registry, cox: marginal_log_hazard_ratio, 500 replicates of 2000, seed 1`."""
    one = (found.first, found.second)[which]
    claim = found.estimands[which]
    run = f"{found.replicates} replicates of {found.size}, seed {found.first.study.seed}"
    return f"{one.study.name}:{one.design}, {one.method}: {claim}, {run}"


def place_of(spot: Origin | None) -> str:
    """`configs/paradox.yaml:17`, `default`, or nothing where the line is absent."""
    return "" if spot is None else "default" if spot.default else f"{spot.file}:{spot.line}"


def values(line: Line) -> tuple[object, ...]:
    return (line.path, *("" if value is ABSENT else value for value in (line.before, line.after)))


def spread(difference: Difference, beside: tuple[int, ...], ending: str) -> tuple[object, ...]:
    return (difference.value, difference.mcse, difference.used, " ".join(map(str, beside)), ending)
