"""The subdistribution hazard ratio of exposure for death of one cause."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import fine_gray as kernel
from biasim.methods._cause import by_cause, cause_refused, counts_by_cause
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, estimated, failed
from biasim.methods._hazard_ratio import DETERMINED, FEW_CLUSTERS, MISSING, SAID, VANISHED
from biasim.types import Observed
from biasim.units import IF_OTHER

NO_WEIGHT = "a weight is not defined: nobody was under observation at some time before a death of another cause"


def fine_gray(
    observed: Observed,
    *,
    cause: Annotated[Literal["cancer", "other"], IF_OTHER] = "cancer",
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log ratio of the subdistribution hazards of exposed and unexposed for death of one cause, after Fine and Gray.

    Who dies of another cause stays at risk, with a weight that falls as she would have been lost to follow-up; the
    ratio so describes how exposure goes with the share who die of the cause, not with the rate among those alive. Delayed
    entry is honoured. A death of unknown cause counts as one of another cause. MISSING VALUES where no causes are
    recorded. The error is the sandwich with one cluster per patient that takes the censoring weights as known (R: `finegray`
    with `coxph`); that of R's `cmprsk::crr` adds a term for their estimation, usually small.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, of the outcome of its design (of the cause-specific
    hazard where something competes): equal to it under no effect (without confounding), and otherwise only so far as deaths
    of other causes are few.

    Assumes
    -------
    Proportional subdistribution hazards; censoring unrelated to covariates, exposure and prognosis; causes known without
    error; the covariates hold whatever drives both exposure and death of any cause.

    Breaks when
    -----------
    Exposure lowers the hazard of the cause and not that of others: those saved from the one live to die of the other, the
    ratio is drawn towards 1 and no longer constant. Exposure that spares other deaths seems to cause deaths of this
    cause, with no effect on it. Confounding of the other cause enters the ratio for this one. Loss to follow-up
    that differs between the arms biases the weights.

    Parameters
    ----------
    cause : {"cancer", "other"}
        The deaths that count.
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
    Fine and Gray 1999, doi 10.1080/01621459.1999.10474144. Late entry: Geskus 2011, doi
    10.1111/j.1541-0420.2010.01420.x. Reading: Lau, Cole and Gange 2009, doi 10.1093/aje/kwp107.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    columns = np.column_stack((observed.covariates[:, chosen(observed, adjust)], observed.exposed))
    diagnostics = counts_by_cause(observed, cause)
    if refused := cause_refused(estimand, observed, cause, diagnostics):
        return refused
    if np.isnan(columns).any():
        return failed(estimand, Status.MISSING_VALUES, MISSING, diagnostics)
    entry = observed.entry if observed.entry.any() else None
    died, other = by_cause(observed, cause)
    fit = kernel.fit(observed.time, died, other, columns, entry=entry, efron=ties == "efron")
    diagnostics |= {"iterations": float(fit.iterations)}
    if fit.status is Status.SINGULAR and not fit.aliased.any():
        return failed(estimand, fit.status, NO_WEIGHT, diagnostics)
    if fit.status is not Status.OK:
        return failed(estimand, fit.status, SAID.get(fit.status, str(fit.status)), diagnostics)
    if fit.aliased[-1]:
        return failed(estimand, Status.SINGULAR, DETERMINED.format("exposure"), diagnostics)
    variance = fit.robust_covariance[-1, -1]
    if variance <= VANISHED * fit.covariance[-1, -1]:
        return failed(estimand, Status.SINGULAR, FEW_CLUSTERS, diagnostics)
    return estimated(estimand, fit.coefficients[-1], np.sqrt(variance), diagnostics)
