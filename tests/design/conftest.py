"""Cohorts written down patient by patient."""

from __future__ import annotations

import numpy as np
import pytest

from biasim.registry import find
from biasim.types import Care, Cohort, Course, Effect, Local, Patients, Potential, Staging, Treatment


def written_down(death, **given):
    """A cohort in which surgery does nothing; whatever is not `given` is the plainest value there is."""
    death = np.asarray(death, float)
    size = len(death)

    def each(name, plain, kind=float):
        return np.broadcast_to(np.asarray(given.get(name, plain), kind), size).copy()

    columns = {name: np.asarray(values, float) for name, values in given.get("columns", {}).items()}
    randomised_at = each("randomised_at", np.inf)
    return Cohort(
        patients=Patients(
            columns=columns,
            recorded=tuple(name for name in columns if name not in given.get("hidden", ())),
            hidden=tuple(given.get("hidden", ())),
            recorded_log_hazard=np.zeros(size),
            hidden_log_hazard=np.zeros(size),
            diagnosed=each("diagnosed", 2010.0),
            occult=each("occult", False, bool),
        ),
        course=Course(evaluated=3.0, response=each("response", 0, np.int8), log_ratio=np.zeros(size)),
        treatment=Treatment(
            intended=each("intended", np.isfinite(each("wait", np.inf)), bool),
            wait=each("wait", np.inf),
            randomised=np.isfinite(randomised_at),
            randomised_at=randomised_at,
        ),
        care=Care(begins=0.0, log_ratio=np.zeros(size)),
        effect=Effect(after=np.zeros(1), log_ratio=np.zeros((size, 1))),
        potential=Potential(unoperated=death, operated=death, under=lambda wait: death),
        staging=Staging(known=each("known", 0.0), found_by_surgery=each("found_by_surgery", False, bool)),
        local=Local(operated=each("local", np.inf), under=lambda wait: each("local", np.inf)),
        lost=each("lost", np.inf),
        of_other_cause=None if "of_other_cause" not in given else each("of_other_cause", False, bool),
    )


@pytest.fixture
def make_cohort():
    return written_down


@pytest.fixture
def streams():
    """Stage name -> its stream, the same at every call."""
    return lambda stage: np.random.default_rng([7, *stage.encode()])


@pytest.fixture
def make_design():
    """A design of plain parts, some replaced."""

    def design(**changes):
        plain = {
            "eligibility": (),
            "time_zero": find("time_zero", "diagnosis"),
            "exposure": find("exposure", "ever_operated"),
            "measurement": find("measurement", "nothing"),
            "recording": (),
            "follow_up": find("follow_up", "complete"),
            "outcome": find("outcome", "death"),
        }
        return plain | changes

    return design
