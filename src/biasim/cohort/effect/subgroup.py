"""Effect: surgery works in some patients and not, or less, in the others."""

from __future__ import annotations

from math import log
from typing import Literal

import numpy as np

from biasim.errors import UnknownPart
from biasim.types import Effect, Patients
from biasim.units import HazardRatio, Number


def subgroup(
    patients: Patients,
    *,
    column: str,
    where: Literal["equals", "above", "below"] = "equals",
    value: Number = 1.0,
    hazard_ratio: HazardRatio = 1.0,
    elsewhere: HazardRatio = 1.0,
) -> Effect:
    """One true hazard ratio in the subgroup, another elsewhere, both from surgery on.

    Raises UnknownPart where the patients have no such column.

    Equation
    --------
    HR of surgery = theta in the subgroup, theta' elsewhere

    Where the bias comes from
    -------------------------
    Nowhere by itself: the truth differs between patients, so estimands that average over
    different populations differ too, and none of them is wrong.

    Parameters
    ----------
    column
        Covariate that defines the subgroup, recorded or hidden.
    where
        How the covariate is compared with `value`.
    value
        The value it is compared with.
    hazard_ratio
        True hazard ratio in the subgroup.
    elsewhere
        True hazard ratio in the other patients.
    """
    if column not in patients.columns:
        raise UnknownPart("effect.subgroup: column", column, list(patients.columns))
    compare = {"equals": np.equal, "above": np.greater, "below": np.less}[where]
    member = compare(patients.columns[column], value)
    return Effect(after=np.zeros(1), log_ratio=np.where(member, log(hazard_ratio), log(elsewhere))[:, None])
