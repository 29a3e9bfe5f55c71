"""Follow-up from randomisation."""

from __future__ import annotations

from typing import Annotated

from biasim.types import Cohort, Floats
from biasim.units import A_TRIAL, RANDOMISATION, Gives


def randomisation(cohort: Cohort) -> Annotated[Floats, A_TRIAL, Gives(RANDOMISATION)]:
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
