"""In a trial: the arm, and from when on she was operated in fact."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.types import Cohort, ExposureInTrial, Floats
from biasim.units import A_TRIAL, FROM_RANDOMISATION


def arm_and_surgery(
    cohort: Cohort, time_zero: Floats, rng: np.random.Generator
) -> Annotated[ExposureInTrial, A_TRIAL, FROM_RANDOMISATION]:
    """The arm that chance assigned, beside the operation as it happened, with its date.

    Where the bias comes from
    -------------------------
    Nowhere while the arms are compared. Whoever analyses by what was done instead, or leaves out those
    who did not keep to their arm, compares women who are no longer alike, and may bring immortal
    months back.

    Returns
    -------
    ExposureInTrial
        `decided` is the month of surgery, inf for those never operated; `assigned` the arm, True for surgery.
    """
    operated_at = cohort.operated_at
    return ExposureInTrial(exposed=np.isfinite(operated_at), decided=operated_at, assigned=cohort.treatment.intended)
