"""Follow-up of the operated from one moment, and of all others from another."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.types import Cohort, Floats
from biasim.units import OF_TREATMENT, Switch


def by_group(
    cohort: Cohort,
    *,
    operated: Annotated[Literal["surgery", "diagnosis", "evaluation"], Switch("diagnosis")] = "surgery",
    others: Annotated[Literal["diagnosis", "evaluation"], Switch("diagnosis")] = "diagnosis",
) -> Annotated[Floats, OF_TREATMENT]:
    """Follow-up starts at one moment for the women who were operated and at another for all others.

    Where the bias comes from
    -------------------------
    The clocks of the two groups do not begin together, so that month 12 of one is compared with another month 12 of the
    other. Operated counted from surgery, others from diagnosis: the months that an operated woman had to live before her
    operation are thrown away, while the women who died before theirs stay among the others without the months of those who
    lived, which favours surgery. By intention it is the other way round: the deaths of the wait stay among those meant for
    surgery, which favours no surgery. Others counted from the evaluation of systemic therapy lose their early deaths, and
    where the hazard differs between patients the frailest with them, which favours no surgery when the operated are counted
    from diagnosis. A hazard that changes with the months since diagnosis biases in its own direction, whichever the moments.
    With both at diagnosis the two clocks are one; what `ever_operated` does from there is immortal time.
    Source: Suissa 2008, doi 10.1093/aje/kwm324; Hernan, Sauer, Hernandez-Diaz, Platt and Shrier 2016, doi
    10.1016/j.jclinepi.2016.04.014.

    Parameters
    ----------
    operated : {"surgery", "diagnosis", "evaluation"}
        From when a woman is followed who was operated, whenever that was. Default: assumed.
    others : {"diagnosis", "evaluation"}
        From when everybody else is followed. Default: assumed. The evaluation is that of systemic therapy, in the month
        that the course of the world says; without a course it falls on the diagnosis.

    Returns
    -------
    Floats
        Shape (n,).
    """
    months = {"diagnosis": 0.0, "evaluation": cohort.course.evaluated, "surgery": cohort.operated_at}
    return np.where(cohort.operated, months[operated], months[others])
