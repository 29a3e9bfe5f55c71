"""Local progression: the primary tumour never progresses."""

from __future__ import annotations

import numpy as np

from biasim.types import Floats, Local, Patients, Treatment


def none(patients: Patients, treatment: Treatment, rng: np.random.Generator) -> Local:
    """Nobody's primary tumour progresses: a world in which this outcome is not looked at.

    Equation
    --------
    local progression = never

    Where the bias comes from
    -------------------------
    Nowhere.
    """
    never = np.full(patients.size, np.inf)

    def under(wait: Floats | float) -> Floats:
        return never

    return Local(operated=never, under=under)
