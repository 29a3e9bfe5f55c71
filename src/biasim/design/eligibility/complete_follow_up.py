"""Women whose follow-up is complete."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.types import Bools, Cohort
from biasim.units import OF_TREATMENT, Months, Switch


def complete_follow_up(
    cohort: Cohort, rng: np.random.Generator, *, months: Annotated[Months, Switch(0.0)] = 60.0
) -> Annotated[Bools, OF_TREATMENT]:
    """Women whose fate some months after diagnosis is known: dead by then, or still followed.

    Where the bias comes from
    -------------------------
    Eligibility looks into the future: women lost within these months were alive when last seen, so that leaving them out
    takes away months lived and no death, and survival looks shorter than it is. Where one group is lost more often within
    these months, more of its survivors go. Favours surgery where it is the unoperated that are lost, and no surgery where
    it is the operated. Loss at the same rate in both makes no difference of its own; it pulls a true effect towards none.
    Keeping these women until they are lost is what Cox regression and Kaplan-Meier curves are for.

    Parameters
    ----------
    months
        Months from diagnosis for which the follow-up must be complete; 0 asks for nothing. Default: assumed, five years
        being the horizon of many tables.

    Returns
    -------
    Bools
        Shape (n,). Women still followed when the study closes count as complete: only loss is asked about.
    """
    return cohort.lost >= np.minimum(cohort.death, months)
