"""Adjusted Cox regression against lifelines: CPU time, one thread, medians of ratios within one run, 8 covariates."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import statistics  # noqa: E402 - threads are set before numpy loads
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402

import numpy as np  # noqa: E402

from biasim.kernels import backend, cox  # noqa: E402

EFFECT = np.array([0.3, 0.2, -0.3, 0.4, 0.1, 0.0, 0.2, -0.1])
NAMES = [f"x{j}" for j in range(8)]
PATHS = ("numpy", "compiled") if backend.COX is not None else ("numpy",)
Rows = Iterator[tuple[str, str, str]]


def patients(size: int, seed: int, *, monthly: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, death and covariates; about a fifth censored; months continuous, or whole with many ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(size, 8))
    x[:, 0], x[:, 3] = rng.random(size) < 0.4, rng.random(size) < 0.2
    death, end = rng.exponential(size=size) * np.exp(-x @ EFFECT) * 24, rng.uniform(12, 72, size=size)
    months = np.minimum(death, end)
    return np.ceil(months) if monthly else months, death <= end, x


def switching(size: int, seed: int) -> tuple[np.ndarray, ...]:
    """Start-stop rows: the exposed patients' months before a wait count as unexposed. Adds entry and patient."""
    months, dead, x = patients(size, seed)
    wait = np.random.default_rng(seed + 1).exponential(12, size)
    later = np.flatnonzero((wait < months) & (x[:, 0] > 0))
    stop, event = np.append(months, months[later]), np.append(dead, dead[later])
    stop[later], event[later] = wait[later], False
    before, after = x.copy(), x[later]
    before[:, 0] = 0.0
    entry = np.append(np.zeros(size), wait[later])
    return stop, event, np.vstack([before, after]), entry, np.append(np.arange(size), later)


def seconds(work: Callable[[], object], times: int) -> float:
    """Median CPU seconds of a call, after one that warms caches."""
    spent = []
    for number in range(times + 1):
        begin = time.process_time()
        work()
        if number or times == 1:
            spent.append(time.process_time() - begin)
    return statistics.median(spent)


def compared(name: str, size: int, rounds: int, ours: Callable, theirs: Callable) -> Rows:
    """Ratios of lifelines' time to ours, both on the same data, new data in each round."""
    spent = []
    for seed in range(rounds):
        reference = seconds(theirs(size, seed), 1)
        fits = []
        for path in PATHS:
            with backend.using(path):
                fits.append(seconds(ours(size, seed), max(5, 60_000 // size)))
        spent.append((reference, *fits))
    for k, path in enumerate(PATHS, start=1):
        ratio = statistics.median(row[0] / row[k] for row in spent)
        mine, other = (1e3 * statistics.median(row[j] for row in spent) for j in (k, 0))
        yield f"{name}, n = {size:,}, {path}", f"{ratio:,.0f} times", f"{mine:.3f} ms, lifelines {other:,.0f} ms"


def _fixed(monthly: bool) -> tuple[Callable, Callable]:
    def ours(size: int, seed: int) -> Callable:
        data = patients(size, seed, monthly=monthly)
        return lambda: cox.fit(*data)

    def theirs(size: int, seed: int) -> Callable:
        import pandas as pd
        from lifelines import CoxPHFitter

        months, dead, x = patients(size, seed, monthly=monthly)
        table = pd.DataFrame(x, columns=NAMES).assign(months=months, dead=dead.astype(int))
        return lambda: CoxPHFitter().fit(table, "months", "dead")

    return ours, theirs


def _over_time() -> tuple[Callable, Callable]:
    def ours(size: int, seed: int) -> Callable:
        stop, event, x, entry, _ = switching(size, seed)
        return lambda: cox.fit(stop, event, x, entry=entry)

    def theirs(size: int, seed: int) -> Callable:
        import pandas as pd
        from lifelines import CoxTimeVaryingFitter

        stop, event, x, entry, patient = switching(size, seed)
        table = pd.DataFrame(x, columns=NAMES).assign(stop=stop, start=entry, dead=event.astype(int), id=patient)
        return lambda: CoxTimeVaryingFitter().fit(table, event_col="dead", id_col="id")

    return ours, theirs


def growth() -> Rows:
    """Time of one fit by size, compiled where there is a compiler."""
    for size in (1_000, 10_000, 100_000, 1_000_000):
        data = patients(size, 0)
        spent = seconds(lambda data=data: cox.fit(*data), max(1, 20_000 // size))
        yield f"one fit, n = {size:,}, {'compiled' if backend.compiled() else 'numpy'}", f"{1e3 * spent:.2f} ms", ""


def rows() -> Rows:
    """(name, median ratio, times), one after another."""
    for size, rounds in ((1_000, 9), (5_000, 5)):
        yield from compared("adjusted Cox, continuous times", size, rounds, *_fixed(False))
    for size, rounds in ((1_000, 5), (5_000, 3)):
        yield from compared("adjusted Cox, monthly ties", size, rounds, *_fixed(True))
    for size, rounds in ((1_000, 3), (5_000, 1)):
        yield from compared("time-dependent Cox, continuous times", size, rounds, *_over_time())
    yield from growth()


if __name__ == "__main__":
    for row in rows():
        print("  ".join(row), flush=True)
