"""The hazard ratio of exposure without those who died early."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed
from biasim.units import Months


def cox_early_deaths_excluded(
    observed: Observed,
    *,
    months: Months = 6.0,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression without the patients who died within the first months.

    Left out is who died at or before `months`; time zero and exposure stay as they are. Who was censored by then
    stays, which changes nothing: no death is left that she could be compared at. The fit is therefore that of all
    patients followed from `months` on, exposure being whatever it became later. The diagnostic `dropped` counts
    those left out; the other counts are of the rest.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    Exposure fixed at time zero, and a hazard ratio after `months` that is the one before; otherwise as `cox`.

    Breaks when
    -----------
    Exposure is decided after time zero: what is immortal beyond `months` still favours the exposed (the exclusion
    takes away only a part of it, unless all are exposed by then). Exposure kills early: these deaths are the ones
    left out, which favours the exposed. Among those who live beyond `months` a marginal hazard ratio is nearer to 1.

    Parameters
    ----------
    months : float
        Deaths up to this month from time zero are left out; 0 leaves out nobody.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Anderson, Cain and Gelber 1983, doi 10.1200/JCO.1983.1.11.710, for the landmark that it resembles.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    early = observed.event & (observed.time <= months)
    rest = take(observed, np.flatnonzero(~early)) if early.any() else observed
    diagnostics = counts(rest) | {"dropped": float(np.count_nonzero(early))}
    if observed.size and not rest.size:
        message = f"all of {observed.size} patients died within {months:g} months"
        return failed(estimand, Status.NO_PATIENTS, message, diagnostics)
    return refusal(estimand, rest, diagnostics) or log_hazard_ratio(
        estimand, rest, diagnostics, covariates=covariates, ties=ties
    )
