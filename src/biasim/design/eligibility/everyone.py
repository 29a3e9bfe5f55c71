"""No restriction."""

from __future__ import annotations

import numpy as np

from biasim.types import Bools, Cohort


def everyone(cohort: Cohort, rng: np.random.Generator) -> Bools:
    """Every patient of the cohort qualifies.

    Where the bias comes from
    -------------------------
    Nowhere: nobody is left out.

    Returns
    -------
    Bools
        Shape (n,).
    """
    return np.ones(cohort.size, dtype=bool)
