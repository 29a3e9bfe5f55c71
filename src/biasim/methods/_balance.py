"""How far apart the arms are in what was measured, before and after somebody is weighted, matched or left out."""

from __future__ import annotations

import numpy as np

from biasim.kernels.balance import groups, standardised_differences
from biasim.kernels.weights import effective_size
from biasim.types import Floats, Observed


def smd(observed: Observed) -> Floats:
    """Standardised differences of all covariates before anything is done, worked out once."""
    return observed.once("differences", lambda: differences(observed, None))


def differences(observed: Observed, weights: Floats | None, sample: Observed | None = None) -> Floats:
    """Standardised mean differences of all covariates, exposed minus unexposed, in SDs of the unweighted arms of `observed`.

    The weights are those of the rows of `sample`, where that is another table than the data.
    """
    unweighted = observed.once("groups", lambda: groups(observed.covariates, observed.exposed))
    of = observed if sample is None else sample
    return standardised_differences(of.covariates, of.exposed, weights=weights, unweighted=unweighted)


def balance_diagnostics(observed: Observed, weights: Floats, sample: Observed | None = None) -> dict[str, float]:
    """Effective sizes after weighting, by arm and in all, and the largest absolute difference before and after.

    The weights are those of the rows of `sample`, where that is another table than the data.
    """
    arm = (observed if sample is None else sample).exposed
    exposed, unexposed = effective_size(weights[arm]), effective_size(weights[~arm])
    found = {
        "effective_size": float(exposed + unexposed),
        "effective_size_exposed": float(exposed),
        "effective_size_unexposed": float(unexposed),
    }
    after = differences(observed, weights, sample)
    for name, apart in (("max_smd_before", smd(observed)), ("max_smd_after", after)):
        known = np.abs(apart[np.isfinite(apart)])
        if len(known):
            found[name] = float(known.max())
    return found
