"""What outcomes that look at the primary tumour need of a world."""

from __future__ import annotations

import numpy as np

from biasim.errors import UnknownColumn
from biasim.types import Cohort, Local


def primary_progresses(cohort: Cohort, outcome: str) -> Local:
    """Progression of the primary tumours. Raises UnknownColumn where there is none, naming the room of the world."""
    if cohort.size and not np.isfinite(cohort.local.under(np.inf)).any():
        reason = "nobody's primary tumour progresses in this world; it needs local.exponential"
        raise UnknownColumn(f"outcome.{outcome}", "local", ["local.exponential"], reason)
    return cohort.local
