"""Follow-up from a fixed month after diagnosis."""

from __future__ import annotations

import numpy as np

from biasim.types import Cohort, Floats
from biasim.units import Months


def landmark(cohort: Cohort, *, months: Months = 6.0) -> Floats:
    """Follow-up starts this many months after diagnosis, for those alive and followed then.

    Where the bias comes from
    -------------------------
    Nowhere by itself: nothing after the landmark decides who is exposed or eligible. The answer is
    about women alive at the landmark, and operations after it count as unexposed time, which
    pulls a true effect towards none. Selection before the landmark stays.
    Source: Anderson, Cain, Gelber 1983, doi 10.1200/JCO.1983.1.11.710.

    Parameters
    ----------
    months
        The landmark, months from diagnosis.

    Returns
    -------
    Floats
        Shape (n,).
    """
    return np.full(cohort.size, float(months))
