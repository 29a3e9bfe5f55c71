"""The hazard ratio of exposure for death from the cancer, less what it is for deaths that exposure cannot act on."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._cause import cause_refused, died_of, no_causes
from biasim.methods._checks import CONDITIONAL, chosen, counts, failed, take
from biasim.methods._hazard_ratio import MISSING, coefficient_of_last
from biasim.types import Bools, Floats, Integers, Observed
from biasim.units import OTHER_CAUSES

ESTIMAND = f"{CONDITIONAL}(given=everything)"


def negative_control_calibrated(
    observed: Observed, *, adjust: bool | tuple[str, ...] = False, ties: Literal["efron", "breslow"] = "efron"
) -> Annotated[Estimate, OTHER_CAUSES]:
    """The log hazard ratio of exposure for death from the cancer minus the one for death from other causes.

    Every patient stands twice in one Cox regression, once per cause, stratified by cause and with coefficients of
    their own for both (Lunn and McNeil), so that each part equals a Cox regression of its cause. The error of the
    difference is the sandwich with the patient as cluster, as both parts are about the same women.

    Claims
    ------
    `conditional_log_hazard_ratio(given=everything)`, for death from the cancer, adjusted or not: what is not
    adjusted for is taken off, confounding and depletion of the frail together.

    Assumes
    -------
    Surgery has no effect on other deaths, and what is not adjusted for multiplies both hazards alike. At any moment the
    same women are at risk of both deaths, so that the log hazard ratios then differ by the effect and by nothing else.

    Breaks when
    -----------
    Hidden causes bear on the cancer more than on other deaths (too little is taken off: with exposure chosen by the
    better outlook the rest favours the exposed), or less (too much). Few other deaths make it very uncertain. The two
    kinds of death may come at different times, and average a confounding that fades as the frail die differently.
    MISSING_VALUES when the causes of death are not recorded.

    Parameters
    ----------
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone, for each cause on its own.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Tchetgen Tchetgen 2014, doi 10.1093/aje/kwt303 (control outcomes to take bias off, on other scales). Two causes in
    one regression: Lunn and McNeil 1995, doi 10.2307/2532940.
    """
    columns = chosen(observed, adjust)
    diagnostics = counts(observed)
    if missing := no_causes(ESTIMAND, observed, diagnostics):
        return missing
    for cause in ("cancer", "other"):
        if refusal := cause_refused(ESTIMAND, observed, cause, diagnostics):
            return refusal
    if np.isnan(observed.covariates[:, columns]).any():
        return failed(ESTIMAND, Status.MISSING_VALUES, MISSING, diagnostics)
    diagnostics["events_other"] = float(np.count_nonzero(died_of(observed, "other").event))
    stacked, own = by_cause(observed)
    return coefficient_of_last(
        ESTIMAND,
        stacked,
        interacting(stacked, own, columns),
        diagnostics,
        strata=own.astype(np.int64),
        clusters=(stacked.patient,),
        ties=ties,
    )


def by_cause(observed: Observed) -> tuple[Observed, Bools]:
    """Every patient twice, deaths from the cancer as events in the first half and the others in the second; the first half."""
    stacked = take(observed, np.tile(np.arange(observed.size), 2))
    own = np.arange(stacked.size) < observed.size
    cancer, other = died_of(stacked, "cancer").event, died_of(stacked, "other").event
    return Observed(
        names=stacked.names, covariates=stacked.covariates, exposed=stacked.exposed, entry=stacked.entry,
        time=stacked.time, event=np.where(own, cancer, other), patient=stacked.patient,
    ), own  # fmt: skip


def interacting(stacked: Observed, own: Bools, columns: Integers) -> Floats:
    """Covariates for each cause, exposure, and last what exposure does to death from the cancer beyond the others."""
    values, exposed = stacked.covariates[:, columns], stacked.exposed.astype(np.float64)
    return np.column_stack((values * own[:, None], values * ~own[:, None], exposed, exposed * own))
