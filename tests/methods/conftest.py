"""Investigator's data for the tests of methods: written by hand, read from the reference folder, or simulated."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from biasim.types import Observed, ObservedOverTime

REFERENCE = Path(__file__).parent.parent / "reference"


def data(time, event, exposed, *, covariates=None, names=None, entry=None, exposed_from=None, patient=None):
    """Observed, or ObservedOverTime when `exposed_from` is given."""
    size = len(time)
    values = np.empty((size, 0)) if covariates is None else np.asarray(covariates, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    fields = {
        "names": tuple(names or (f"x{k}" for k in range(values.shape[1]))),
        "covariates": values,
        "exposed": np.asarray(exposed, dtype=bool),
        "entry": np.zeros(size) if entry is None else np.asarray(entry, dtype=float),
        "time": np.asarray(time, dtype=float),
        "event": np.asarray(event, dtype=bool),
        "patient": np.arange(size) if patient is None else np.asarray(patient),
    }
    if exposed_from is None:
        return Observed(**fields)
    return ObservedOverTime(**fields, exposed_from=np.asarray(exposed_from, dtype=float))


def table(name: str) -> dict[str, np.ndarray]:
    """A CSV file of the reference folder as columns; text that is no number stays text, empty is inf."""
    with (REFERENCE / name).open(newline="") as file:
        rows = list(csv.DictReader(file))

    def column(values: list[str]) -> np.ndarray:
        try:
            return np.array([float(value or "inf") for value in values])
        except ValueError:
            return np.array(values)

    return {key: column([row[key] for row in rows]) for key in rows[0]}


def simulate(
    size: int,
    seed: int,
    *,
    log_ratio: float = 0.0,
    confounding: float = 0.8,
    covariates: int = 3,
    over_time: bool = False,
    late: bool = False,
) -> Observed:
    """Exponential survival with normal covariates, the first of which drives both exposure and death."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((size, covariates))
    exposed = rng.random(size) < 1 / (1 + np.exp(0.4 - confounding * values[:, 0]))
    clock, wait = rng.standard_exponential(size), rng.exponential(8.0, size)
    lost, entry = rng.uniform(20, 90, size), rng.uniform(0, 6, size) * late
    base = 0.03 * np.exp(0.7 * values[:, 0])
    if over_time:
        before = base * wait
        death = np.where(exposed & (clock > before), wait + (clock - before) / (base * np.exp(log_ratio)), clock / base)
    else:
        death = clock / (base * np.exp(log_ratio * exposed))
    time = np.minimum(death, lost)
    exposed_from = np.where(exposed & (wait < time), wait, np.inf)
    kept = time > entry
    return data(
        time[kept], (death <= lost)[kept], np.isfinite(exposed_from)[kept] if over_time else exposed[kept],
        covariates=values[kept], entry=entry[kept], exposed_from=exposed_from[kept] if over_time else None,
    )


@pytest.fixture(scope="session")
def make() -> Callable[..., Observed]:
    return data


@pytest.fixture(scope="session")
def simulated() -> Callable[..., Observed]:
    return simulate


@pytest.fixture(scope="session")
def read() -> Callable[[str], dict[str, np.ndarray]]:
    return table


@pytest.fixture(scope="session")
def expected() -> dict:
    return json.loads((REFERENCE / "expected.json").read_text())
