"""Women alive some months after diagnosis."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.types import Bools, Cohort
from biasim.units import OF_TREATMENT, Months, Switch


def alive_at(
    cohort: Cohort, rng: np.random.Generator, *, months: Annotated[Months, Switch(0.0)] = 0.0
) -> Annotated[Bools, OF_TREATMENT]:
    """Women alive this many months after diagnosis.

    Where the bias comes from
    -------------------------
    Eligibility looks into the future unless time zero lies at or after `months`: the months before
    are immortal for everyone, exposed or not. Set against a design whose exposed alone are
    immortal it therefore hides part of that bias, which favours surgery, and does not remove it:
    operations after `months` still need survivors. Where surgery does harm or good early, the
    survivors no longer compare like with like.

    Parameters
    ----------
    months
        Months from diagnosis to be survived. Default: none of it.

    Returns
    -------
    Bools
        Shape (n,).
    """
    return cohort.death > months
