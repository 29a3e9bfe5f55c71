"""Whole replicates: ten analyses in the calibrated world, by kernel and by size; two workers against one."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from biasim.config.load import load, resolve
from biasim.engine.plan import plan
from biasim.engine.replicate import replicate
from biasim.engine.run import run
from biasim.kernels import backend

TEN = """\
study: ten_analyses
aim: ten analyses of one calibrated cohort
world: de_novo_stage_iv
designs:
  registry:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: {registry: {nodal_understaging: 0.45}}
    follow_up: {calendar: {until: 2019}}
    methods: [kaplan_meier, rmst, cox, {cox: {adjust: true}}, cox_matched, cox_weighted, {cox_weighted: {target: overlap}}]
  dates:
    time_zero: diagnosis
    exposure: time_varying
    measurement: {registry: {nodal_understaging: 0.45}}
    follow_up: {calendar: {until: 2019}}
    methods: [cox_time_dependent, {cox_time_dependent: {adjust: true}}, {cox_landmark: {adjust: true}}]
estimands: [marginal_log_hazard_ratio, conditional_log_hazard_ratio]
performance: [bias]
run: {size: 1000, replicates: 1, seed: 1}
"""


def median_cpu(work: Callable[[int], object], times: int) -> float:
    """Median CPU seconds of a call."""
    spent = []
    for number in range(times):
        begin = time.process_time()
        work(number)
        spent.append(time.process_time() - begin)
    return statistics.median(spent)


def rows() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ten_analyses.yaml"
        path.write_text(TEN)
        study = load(path)
        scenario = study.scenarios[0]
        for kernels in ("numpy", "compiled") if backend.compiled() else ("numpy",):
            with backend.using(kernels):
                small = plan(scenario, study.seed)
                replicate(small, 0)
                yield f"ten analyses, n = 1,000, {kernels}", f"{1e3 * median_cpu(partial(replicate, small), 21):.1f} ms"
        for size, times in ((1_000, 11), (10_000, 5), (100_000, 3), (1_000_000, 1)):
            sized = plan(scenario, study.seed, size=size)
            seconds = median_cpu(partial(replicate, sized), times)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            yield f"n = {size:>9,}", f"{seconds:.4f} s, {1e6 * seconds / size:.2f} us a patient, peak memory {peak:.2f} GB"
    yield from workers()


def workers() -> Iterator[tuple[str, str]]:
    """Wall clock of immortal_time as shipped, start-up of the pool and writing of the tables included."""
    study = load(resolve("immortal_time"))
    taken = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            run(study, results=folder, workers=count)
            taken[count] = time.perf_counter() - begin
        total = study.replicates * len(study.scenarios)
        yield f"immortal_time, {total:,} replicates of 2,000, {count} worker(s)", f"{taken[count]:.1f} s"
    yield "two workers against one", f"{taken[1] / taken[2]:.2f} times"
