"""The hazard ratio of exposure among patients without missing values."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed


def cox_complete_cases(
    observed: Observed,
    *,
    adjust: bool | tuple[str, ...] = True,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression on the patients with every covariate of the model known.

    What statistical programs do without being asked. The diagnostics hold `dropped`, the number left out, and
    `events_dropped`, the deaths among them; the other counts are of the rest. Without missing values it is `cox`.

    Claims
    ------
    The conditional log hazard ratio when adjusted; the marginal one when not, and then nobody is left out.

    Assumes
    -------
    Values are missing completely at random, or for reasons that are among exposure and the covariates of the model
    (values that are missing included): given these, whether a record is complete has nothing to do with survival.
    Otherwise as `cox`.

    Breaks when
    -----------
    Completeness depends on survival, or on hidden prognosis, and on exposure too. Where an operation completes the
    record, and those who die early without one are never worked up, the unexposed that are left are the ones who
    lived long: favours the unexposed. Where survival acts alike in both arms no effect appears that is not there, but a
    true one looks larger without those who died early and smaller without those who lived long. MISSING_VALUES when
    nobody is complete.

    Parameters
    ----------
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
    White and Carlin 2010, doi 10.1002/sim.3944.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    lacking = np.isnan(observed.covariates[:, covariates]).any(axis=1)
    complete = take(observed, np.flatnonzero(~lacking)) if lacking.any() else observed
    diagnostics = counts(complete) | {
        "dropped": float(np.count_nonzero(lacking)),
        "events_dropped": float(np.count_nonzero(observed.event & lacking)),
    }
    if observed.size and not complete.size:
        message = f"none of {observed.size} patients has all of the {len(covariates)} covariates"
        return failed(estimand, Status.MISSING_VALUES, message, diagnostics)
    return refusal(estimand, complete, diagnostics) or log_hazard_ratio(
        estimand, complete, diagnostics, covariates=covariates, ties=ties
    )
