"""Mean of paired differences as a truth."""

from __future__ import annotations

from math import nan, sqrt

from biasim.answers import Truth
from biasim.types import Floats


def paired_mean(difference: Floats) -> Truth:
    """Mean of one difference per woman with SD / sqrt(n); a single woman leaves the error unknown (nan)."""
    size = len(difference)
    mcse = float(difference.std(ddof=1)) / sqrt(size) if size > 1 else nan
    return Truth(value=float(difference.mean()), mcse=mcse)
