"""The infinitesimal jackknife: a standard error from the influence of each row on an estimate."""

from __future__ import annotations

import numpy as np

from biasim.types import Floats, Integers


def clustered_error(influence: Floats, cluster: Integers) -> float:
    """Root of the sum of squares over clusters, the influences of the rows of one added first."""
    if not (cluster[1:] > cluster[:-1]).all():  # labels that ascend are one cluster a row
        influence = np.bincount(np.unique(cluster, return_inverse=True)[1], influence)
    return float(np.sqrt(influence @ influence))
