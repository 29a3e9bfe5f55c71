"""No covariates."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Measured


def nothing(cohort: Cohort, rng: np.random.Generator) -> Measured:
    """The study holds no covariates.

    Where the bias comes from
    -------------------------
    Nothing can be adjusted for, so all of the confounding stays in the estimate. Favours surgery
    where the fitter women are operated.

    Returns
    -------
    Measured
        Values of shape (n, 0).
    """
    return Measured(names=(), values=np.empty((cohort.size, 0)))
