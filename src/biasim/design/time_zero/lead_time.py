"""Follow-up from an earlier diagnosis in one group."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.types import Cohort, Floats
from biasim.units import OF_TREATMENT, Months, Switch


def lead_time(
    cohort: Cohort,
    *,
    months: Annotated[Months, Switch(0.0)] = 3.0,
    group: Literal["intended", "operated", "unoperated", "everyone"] = "intended",
) -> Annotated[Floats, OF_TREATMENT]:
    """Follow-up starts when metastases are found: some months before diagnosis in one group, at diagnosis in all others.

    Month 0 is the day on which symptoms would have led to the diagnosis. Imaging in the work-up for surgery finds the
    same metastases earlier: nobody lives a day longer, and nobody enters who would not have been found.

    Where the bias comes from
    -------------------------
    These months are lead time, which is counted as survival although nobody in the group can have died in it: favours
    surgery where the group is that of the intended or the operated, and no surgery where it is that of the unoperated. In
    everyone the months move both clocks alike, which leaves the hazard ratio where it was.

    Parameters
    ----------
    months
        Months by which the metastases of the group are found earlier. Default: assumed.
    group : {"intended", "operated", "unoperated", "everyone"}
        In whom: those meant for surgery, those who had it, those who did not, or all. Default: assumed; the work-up comes
        before the operation and does not wait for it.

    Returns
    -------
    Floats
        Shape (n,), months from diagnosis, negative where the metastases were found earlier.
    """
    found_early = {
        "intended": cohort.treatment.intended,
        "operated": cohort.operated,
        "unoperated": ~cohort.operated,
        "everyone": np.ones(cohort.size, dtype=bool),
    }
    return 0.0 - months * found_early[group]
