"""A whole study: what is missing is computed and stored, then the tables are written."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from biasim.config.study import Study
from biasim.engine.blocks import Block
from biasim.engine.prepare import Asked, Run, prepare
from biasim.engine.scenarios import run_block
from biasim.engine.truth import answers
from biasim.engine.workers import Task, compute, cores
from biasim.engine.writing import place_of, write_results
from biasim.errors import StoreError
from biasim.store.folder import Folder
from biasim.store.manifest import read_manifest
from biasim.store.shards import connect
from biasim.store.whole import sweep, write_text

DAY = 86_400.0  # seconds after which an unfinished file belongs to no living run


def run(
    study: Study,
    *,
    results: Path | str,
    workers: int | None = None,
    replicates: int | None = None,
    precision: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Run a study and return its folder, results/<study>.

    Parameters
    ----------
    results
        The folder of all results. Finished replicates in it are not computed again.
    workers
        Processes; all cores by default. Results do not depend on it.
    replicates
        Instead of the study's own number. With `precision`: the most that are made.
    precision
        Add replicates, block by block, until the MCSE of every bias on the log scale is at most this.
    progress
        Called as `progress(done, total)`, replicates over all scenarios.

    Raises
    ------
    PartFailed, WorkerDied, StoreError, KeyboardInterrupt
        What is finished is kept; the same call goes on from there. StoreError also where the folder
        holds the results of another file.
    """
    folder = Folder(Path(results) / study.name)
    refuse_folder_of_another(study, folder)
    write_text(folder.study, study.written_out)
    sweep(folder.root, older_than=time.time() - DAY)
    making = prepare(study, folder, connect(), replicates, precision)
    report = progress or (lambda done, total: None)
    try:
        for task, answer in compute(tasks(making), workers or cores()):
            take(making, task, answer)
            report(*counts(making))
        write_results(making)
    except KeyboardInterrupt:
        kept = f"{counts(making)[0]:,} replicates are kept in '{folder.root}'"
        raise KeyboardInterrupt(f"stopped: {kept}; the same command goes on from there") from None
    report(*counts(making))
    return folder.root


def refuse_folder_of_another(study: Study, folder: Folder) -> None:
    """Raises StoreError where `folder` holds the results of another file, as when a study was copied and kept its name."""
    if not folder.manifest.exists():
        return
    file, made_by = place_of(study), read_manifest(folder.manifest).get("file")
    if made_by not in (None, file):
        stem = Path(study.source).stem
        other = stem if stem != study.name else f"{stem}_copy"
        raise StoreError(
            f"'{folder.root}' holds the results of '{made_by}', and '{file}' is called `study: {study.name}` as well. "
            f"Give it a name of its own (study: {other}), or another place with --results"
        )


def tasks(making: Run) -> Iterator[Task]:
    """What is still to be computed: truths first, because some take long, then blocks in order."""
    pending: dict[tuple[int, int], dict[Path, Asked]] = defaultdict(dict)
    known: set[Path] = set()
    for asked in making.truths.values():
        if asked.answer is None and asked.path not in known:
            known.add(asked.path)
            pending[asked.plan.scenario, asked.world][asked.path] = asked
    for (scenario, world), group in pending.items():
        first = next(iter(group.values()))
        asked_for = tuple(asked.question for asked in group.values())
        arguments = (first.plan.worlds[world], asked_for, making.study.truth_size, making.study.seed)
        yield Task(f"the truth of scenario {scenario}", tuple(group), first.size, answers, arguments)
    for one in making.scenarios:
        for block in one.missing():
            patients = block.length * one.plan.size
            yield Task(f"{block}", block, patients, run_block, (one.plan, block))


def take(making: Run, task: Task, answer: Any) -> None:
    """Store what a worker computed."""
    if isinstance(task.key, Block):
        one = next(one for one in making.scenarios if one.plan.scenario == task.key.scenario)
        one.keep(task.key, answer)
        return
    for path, value in zip(task.key, answer, strict=True):
        for asked in making.truths.values():
            if asked.path == path:
                asked.keep(value)


def counts(making: Run) -> tuple[int, int]:
    """Replicates done and to be done, over all scenarios."""
    return sum(one.done for one in making.scenarios), sum(one.expected for one in making.scenarios)
