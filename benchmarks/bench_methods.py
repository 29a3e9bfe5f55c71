"""Every method against an adjusted Cox regression of the same size: CPU time, one thread, n = 1,000, 8 covariates."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.bench_cox import patients, seconds
from biasim.config.designs import takes
from biasim.config.signature import parameters
from biasim.registry import find, names
from biasim.types import Observed, ObservedOverTime, ObservedTrial

LIMIT = 20  # adjusted Cox fits; a bootstrap: a draw
ROUNDS = 3
NEEDED = {"instrument": "x5", "column": "x6", "consequence": "x7"}
DRAWS = "draws"
SOME = 20  # draws of a bootstrap that is not the default


def data(kind: type[Observed], size: int, seed: int) -> Observed:
    """Patients of bench_cox as an investigator's data of one kind; new each time, so that nothing is remembered."""
    months, dead, x = patients(size, seed)
    rng = np.random.default_rng(seed + 100)
    exposed = x[:, 0] > 0
    fields = {
        "names": tuple(f"x{j}" for j in range(1, x.shape[1] + 1)),
        "covariates": np.column_stack([x[:, 1:], rng.normal(size=size)]),
        "exposed": exposed, "entry": np.zeros(size), "time": months, "event": dead, "patient": np.arange(size),
        "cause": (dead * np.where(rng.random(size) < 0.7, 1, 2)).astype(np.int8), "started": 2005.0 + 5.0 * rng.random(size),
    }  # fmt: skip
    if issubclass(kind, ObservedOverTime):
        begins = np.where(exposed, rng.exponential(6.0, size), np.inf)
        fields |= {"exposed": begins < months, "exposed_from": np.where(begins < months, begins, np.inf)}
    if issubclass(kind, ObservedTrial):
        fields["assigned"] = np.where(rng.random(size) < 0.85, fields["exposed"], ~fields["exposed"])
    return kind(**fields)


def chosen(name: str) -> dict[str, object]:
    """Parameters as an analyst would set them: adjusted where that can be, required columns filled in."""
    shape = parameters("methods", name)
    asked: dict[str, object] = {key: NEEDED[key] for key, parameter in shape.items() if parameter.required}
    return asked | ({"adjust": True} if "adjust" in shape and not asked else {})


def cost(name: str, size: int, seed: int, **more: object) -> float:
    """CPU seconds of one analysis on data that no other analysis has seen."""
    method, kind, options = find("methods", name), takes(name) or Observed, chosen(name) | more

    def work() -> Callable[[], object]:
        observed = data(kind, size, seed)
        return lambda: method(observed, **options)

    return statistics.median(seconds(work(), 1) for _ in range(ROUNDS))


def rows(size: int = 1_000) -> Iterator[tuple[str, ...]]:
    """(method, multiple of an adjusted Cox, milliseconds), one after another; a bootstrap's draws are divided out."""
    cost("cox", size, 0)  # warms the imports
    for name in names("methods"):
        cost(name, size, 0)
        ratios, spent = [], []
        for seed in range(ROUNDS):
            plain = statistics.median(cost("cox", size, seed) for _ in range(5))
            spent.append(cost(name, size, seed))
            ratios.append(spent[-1] / plain)
        yield told(name, statistics.median(ratios), statistics.median(spent), parameters("methods", name).get(DRAWS))
        if DRAWS in parameters("methods", name) and not parameters("methods", name)[DRAWS].default:
            again = cost(name, size, 0, draws=SOME) / cost("cox", size, 0)
            yield f"{name}, bootstrap", f"{again / SOME:.1f} times a draw, {SOME} draws", ""


def told(name: str, ratio: float, spent: float, draws: object) -> tuple[str, ...]:
    """A row, a bootstrap's draws divided out, marked where it is above the limit."""
    each = ratio / (getattr(draws, "default", 0) or 1)
    per = f"{each:.1f} times" + (" a draw" if each != ratio else "")
    return name, per, f"{1e3 * spent:.2f} ms" + ("  <- more than the limit" if each > LIMIT else "")


if __name__ == "__main__":
    for row in rows():
        print("  ".join(row), flush=True)
