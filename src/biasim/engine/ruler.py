"""A plausibility ruler: how strong and how unevenly distributed a hidden factor is, in units of the recorded ones of its world.

Strength is the log hazard ratio per standard deviation, unevenness the standardised difference between those who are operated
on and the others. Their product is about what a factor moves a crude log hazard ratio by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biasim.cohort.generate import generate
from biasim.config.study import Design
from biasim.engine.plan import plan
from biasim.engine.streams import Streams
from biasim.engine.truth_of import alone
from biasim.kernels.balance import groups
from biasim.types import Cohort, Floats

SIZE = 50_000  # patients: a standardised difference is then known to about 0.01
ENOUGH = 10_000  # patients to read log hazard ratios back from, which is exact
SAME = 1e-9  # of a column's length that must be new for it to count beside those before it; a log hazard ratio below it is 0
EVEN = 0.02  # standardised difference below which a factor is called evenly distributed


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One cause of death of the world."""

    name: str
    log_ratio: float  # per unit, all other recorded factors held; nan for the hidden prognosis as a whole
    deviation: float
    difference: float  # operated minus others, in standard deviations

    @property
    def strength(self) -> float:
        """The log hazard ratio per standard deviation."""
        return self.log_ratio * self.deviation

    @property
    def weight(self) -> float:
        return abs(self.strength * self.difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """The hidden prognosis of a world, beside its recorded factors, those first that confound most."""

    hidden: Factor
    recorded: tuple[Factor, ...]

    @property
    def unit(self) -> Factor | None:
        """The recorded factor that confounds most; None where none does."""
        return next((one for one in self.recorded if abs(one.difference) >= EVEN and one.strength != 0.0), None)


def ruler(design: Design, seed: int, *, size: int = SIZE) -> Ruler | None:
    """The ruler of a design's world; None where nothing hidden drives the hazard."""
    world = plan(alone(design), seed).worlds[0]
    cohort = generate(world, size, Streams(seed, "ruler"))
    patients = cohort.patients
    if not np.ptp(patients.hidden_log_hazard) > 0.0:
        return None
    names, ratios = recorded_log_ratios(patients.columns, patients.recorded, patients.recorded_log_hazard)
    columns = np.column_stack([*(patients.columns[name] for name in names), patients.hidden_log_hazard])
    *recorded, hidden = factors([*names, "hidden prognosis"], [*ratios, 1.0], columns, cohort)
    return Ruler(hidden=hidden, recorded=tuple(sorted(recorded, key=lambda one: -one.weight)))


def factors(names: Sequence[str], ratios: Sequence[float], columns: Floats, cohort: Cohort) -> list[Factor]:
    """Deviation of every column, and its difference between the operated and the others."""
    found = groups(columns, cohort.operated)
    apart = (found.means[0] - found.means[1]) / found.deviation
    deviations = columns.std(axis=0)
    return [
        Factor(name=name, log_ratio=float(ratio), deviation=float(deviation), difference=float(difference))
        for name, ratio, deviation, difference in zip(names, ratios, deviations, apart, strict=True)
    ]


def recorded_log_ratios(columns: dict[str, Floats], recorded: Sequence[str], log_hazard: Floats) -> tuple[list[str], list[float]]:
    """The log hazard ratio of each recorded column, read back from the log hazard that they make together.

    It is a sum of them, so that least squares give the numbers of the world. A column that is a sum of others, such as
    the last of a set of classes, is the reference and left out, and so is one that is constant.
    """
    log_hazard = log_hazard[:ENOUGH]
    kept, held = [], [np.ones(len(log_hazard))]
    for name in recorded:
        column = columns[name][:ENOUGH]
        basis = np.column_stack(held)
        left = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if np.linalg.norm(left) > SAME * np.linalg.norm(column):
            kept.append(name)
            held.append(column)
    fitted = np.linalg.lstsq(np.column_stack(held), log_hazard, rcond=None)[0]
    return kept, np.where(np.abs(fitted[1:]) < SAME, 0.0, fitted[1:]).tolist()
