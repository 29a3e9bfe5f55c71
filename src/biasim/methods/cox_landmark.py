"""The hazard ratio among those still at risk at a landmark, by exposure until then."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, MARGINAL, counts, failed, refusal
from biasim.methods._consequences import at_time_zero
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed, ObservedOverTime
from biasim.units import Months


def cox_landmark(
    observed: ObservedOverTime,
    *,
    months: Months = 6.0,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio from a landmark on, by Cox regression, exposed being those exposed by then.

    Follow-up must reach beyond the landmark (`time > months`); exposed are those with `exposed_from <= months`;
    who becomes exposed later stays unexposed. The clock restarts at the landmark. A patient whose observation
    begins after the landmark enters late.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, of exposure by the landmark among
    those still under observation at it.

    Assumes
    -------
    Proportional hazards after the landmark; given the covariates, who is exposed by then is unrelated to the
    prognosis from then on.

    Breaks when
    -----------
    Many become exposed after the landmark (a true effect is diluted), few live to it, or response to treatment
    before it decides who is exposed (favours the exposed).

    Parameters
    ----------
    months : float
        The landmark, months from time zero; from diagnosis when time zero is the diagnosis.
    adjust : bool or tuple of str
        True adjusts for every covariate known by the landmark, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Anderson, Cain and Gelber 1983, doi 10.1200/JCO.1983.1.11.710.
    """
    judged = f"(population=alive_at, landmark={months:g}, grace={months:g}, strategies=within_grace)"
    estimand = (CONDITIONAL if adjust else MARGINAL) + judged
    at_risk = from_landmark(observed, months)
    covariates = at_time_zero(at_risk, adjust, besides=())
    diagnostics = counts(at_risk)
    if not at_risk.size:
        message = f"nobody is at risk at the landmark of {months:g} months"
        return failed(estimand, Status.NO_PATIENTS, message, diagnostics)
    return refusal(estimand, at_risk, diagnostics) or log_hazard_ratio(
        estimand, at_risk, diagnostics, covariates=covariates, ties=ties
    )


def from_landmark(observed: ObservedOverTime, months: float) -> Observed:
    """Those at risk beyond the landmark, in months from it, with exposure as it stood there."""
    kept = np.flatnonzero(observed.time > months)
    return Observed(
        names=observed.names,
        covariates=observed.covariates[kept],
        exposed=observed.exposed_from[kept] <= months,
        entry=np.maximum(observed.entry[kept] - months, 0.0),
        time=observed.time[kept] - months,
        event=observed.event[kept],
        patient=observed.patient[kept],
        known_from=None if observed.known_from is None else np.maximum(observed.known_from - months, 0.0),
    )
