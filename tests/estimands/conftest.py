"""Worlds small enough to know the truth of."""

from __future__ import annotations

import numpy as np
import pytest

from biasim.types import Care, Cohort, Course, Effect, Local, Patients, Potential, Staging, Treatment


def world(unoperated, wait, log_ratio=0.0, *, randomised_at=np.inf):
    """Constant hazards: what is left of life at surgery is stretched by exp(-log_ratio)."""
    unoperated = np.asarray(unoperated, float)
    size = len(unoperated)
    wait, randomised_at = (np.broadcast_to(np.asarray(months, float), size) for months in (wait, randomised_at))

    def under(wait):
        wait = np.broadcast_to(wait, size)
        if log_ratio == 0.0:
            return unoperated
        left = np.maximum(unoperated - wait, 0.0)
        return np.where(left > 0.0, np.minimum(wait, unoperated) + left / np.exp(log_ratio), unoperated)

    zeros, nobody = np.zeros(size), np.zeros(size, bool)
    return Cohort(
        patients=Patients(
            columns={}, recorded=(), hidden=(), recorded_log_hazard=zeros, hidden_log_hazard=zeros,
            diagnosed=zeros + 2010.0, occult=nobody,
        ),
        course=Course(evaluated=3.0, response=zeros.astype(np.int8), log_ratio=zeros),
        treatment=Treatment(
            intended=np.isfinite(wait), wait=wait, randomised=np.isfinite(randomised_at), randomised_at=randomised_at
        ),
        care=Care(begins=0.0, log_ratio=zeros),
        effect=Effect(after=np.zeros(1), log_ratio=np.full((size, 1), log_ratio)),
        potential=Potential(unoperated=unoperated, operated=under(wait), under=under),
        staging=Staging(known=zeros, found_by_surgery=nobody),
        local=Local(operated=np.full(size, np.inf), under=lambda wait: np.full(size, np.inf)),
        lost=np.full(size, np.inf),
    )  # fmt: skip


@pytest.fixture
def make_world():
    return world
