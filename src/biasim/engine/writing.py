"""After a run: the tables and the manifest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from biasim.config.study import Scenario, Study
from biasim.engine.describe import Fact, describe
from biasim.engine.diagram import Diagram, diagrams
from biasim.engine.diagram_table import Row as DiagramRow
from biasim.engine.diagram_table import rows as diagram_rows
from biasim.engine.examples import COLUMNS, examples
from biasim.engine.keys import RESULTS, key
from biasim.engine.prepare import Run
from biasim.engine.summary import PERFORMANCE, failures, performance
from biasim.engine.target_trial import Row as TrialRow
from biasim.engine.target_trial import target_trial
from biasim.store.folder import Folder
from biasim.store.manifest import host, versions, write_manifest
from biasim.store.tables import write_table

TRUTHS = ("scenario", "design", "estimand", "value", "mcse", "cohort_size", "judged_as")


def write_results(run: Run) -> None:
    """Write every table of a finished run, then the manifest."""
    folder, study = run.folder, run.study
    varied = list(dict.fromkeys(path for scenario in study.scenarios for path in scenario.varied))
    rows = [
        [scenario.number, scenario.size, *(scenario.varied.get(path) for path in varied)]
        for scenario in study.scenarios
    ]
    write_table(folder.table("scenarios"), ["scenario", "size", *varied], rows)
    write_table(folder.table("truths"), TRUTHS, truth_rows(run))
    write_table(folder.table("performance"), PERFORMANCE, performance_rows(run))
    shown = examples(run.scenarios[0].plan, study.scenarios[0].designs.values())
    for name, columns in COLUMNS.items():
        write_table(folder.table(name), columns, shown[name])
    facts = describe(run.scenarios[0].plan, study.truth_size)
    write_table(folder.table("description"), Fact._fields, facts)
    write_manifest(folder.manifest, manifest(run))
    write_explanation(folder, study.scenarios[0], diagrams(run.scenarios[0].plan))
    write_manifest(folder.times, times(run))


def write_explanation(folder: Folder, scenario: Scenario, drawn: list[Diagram]) -> None:
    """The causal diagrams of a scenario, and its designs beside the trial that would answer the question."""
    write_table(folder.table("diagram"), DiagramRow._fields, diagram_rows(drawn))
    write_table(folder.table("target_trial"), TrialRow._fields, target_trial(scenario.designs, drawn))


def truth_rows(run: Run) -> Iterator[tuple[object, ...]]:
    """Every truth that could be computed, with its Monte Carlo standard error."""
    for (scenario, design, label), asked in run.truths.items():
        if asked.answer is not None:
            yield scenario, design, label, *asked.answer[:3], {asked.choice.name: asked.choice.parameters}


def performance_rows(run: Run) -> Iterator[tuple[object, ...]]:
    """Every measure of every analysis, against the truth of the estimand that its method claims."""
    for progress in run.scenarios:
        number = progress.plan.scenario
        truths = {
            (design, label): asked.answer
            for (scenario, design, label), asked in run.truths.items()
            if scenario == number and asked.answer is not None
        }
        yield from performance(progress, run.claims[number], truths, run.study.performance)


def manifest(run: Run) -> dict[str, Any]:
    """What made these results, on what, and what went wrong."""
    from biasim.kernels.backend import compiled

    return {
        "study": run.study.name,
        "file": place_of(run.study),
        "study_hash": key(run.study.written_out),
        "seed": run.study.seed,
        "results_version": RESULTS,
        "precision": run.precision,
        "scenarios": [
            {
                "scenario": one.plan.scenario,
                "size": one.plan.size,
                "replicates": one.replicates,
                "fingerprint": one.fingerprint,
            }
            for one in run.scenarios
        ],
        "versions": versions(),
        "kernels": "compiled" if compiled() else "numpy",
        "host": host(),
        "failures": [row for one in run.scenarios for row in failures(one)],
        "warnings": warnings(run),
    }


def place_of(study: Study) -> str:
    """The study's file from here; for one elsewhere its name and a digest of where, so that no path of a machine is kept."""
    path = Path(study.source)
    if not path.is_absolute():
        return path.as_posix()
    return f"{path.name} ({key(path.as_posix())})"


def times(run: Run) -> dict[str, Any]:
    """What differs from run to run though the results do not: kept apart, so that the manifest stays the same."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.started)),
        "seconds": round(time.time() - run.started, 3),
        "found": {one.plan.scenario: one.found for one in run.scenarios},
    }


def warnings(run: Run) -> list[str]:
    """What a reader of the tables should know."""
    found = [text for one in run.scenarios for text in one.warnings]
    for (scenario, design, label), asked in run.truths.items():
        if asked.answer is not None and asked.answer.message:
            found.append(f"scenario {scenario}, {design}, {label}: no truth: {asked.answer.message}")
        elif asked.answer is not None and run.precision is not None and asked.answer.mcse > run.precision:
            error = f"{asked.answer.mcse:.2g} is larger than the precision asked for; raise run.truth"
            found.append(f"scenario {scenario}, {design}, {label}: the truth's own Monte Carlo error {error}")
    found += [
        f"scenario {one.plan.scenario}: the precision was not reached with {one.replicates:,} replicates"
        for one in run.scenarios
        if one.prefix is not None and not one.prefix.met
    ]
    return list(dict.fromkeys(found))
