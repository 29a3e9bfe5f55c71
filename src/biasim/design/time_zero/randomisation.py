"""Follow-up from randomisation."""

from __future__ import annotations

from biasim.types import Cohort, Floats


def randomisation(cohort: Cohort) -> Floats:
    """Follow-up starts at randomisation; women who were not randomised have no time zero.

    Where the bias comes from
    -------------------------
    Nowhere: eligibility, the arm and the clock all meet at one moment.

    Returns
    -------
    Floats
        Shape (n,), months from diagnosis, inf when not randomised.
    """
    return cohort.treatment.randomised_at
