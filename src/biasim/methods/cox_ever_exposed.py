"""The hazard ratio of ever against never exposed, all followed from time zero: immortal time counted as exposed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._fixed_exposure import fixed
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import ObservedOverTime


def cox_ever_exposed(
    observed: ObservedOverTime,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of those ever exposed during follow-up, counted as exposed from time zero on.

    The usual wrong analysis, on the data that would allow a right one: `exposed_from` is ignored. The diagnostic
    `immortal_months` is the person-time before exposure that is counted as exposed, in which none of the exposed
    can die. The estimate is that of `cox` under an exposure `ever_operated`.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    Everybody exposed is so from time zero on; otherwise as `cox`: proportional hazards, censoring and delayed entry
    that carry no information, every common cause of exposure and death among the covariates.

    Breaks when
    -----------
    Exposure begins later: one must live until then to be called exposed, and those who do not are counted against
    the unexposed. Favours the exposed, the more the longer the wait and the higher the early mortality.

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
    Suissa 2008, doi 10.1093/aje/kwm324. Levesque, Hanley, Kezouh and Suissa 2010, doi 10.1136/bmj.b5087.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    ever = fixed(observed, exposed=observed.exposed)
    before = np.minimum(observed.exposed_from, observed.time) - observed.entry
    diagnostics = counts(ever) | {"immortal_months": float(np.maximum(before, 0.0)[ever.exposed].sum())}
    return refusal(estimand, ever, diagnostics) or log_hazard_ratio(
        estimand, ever, diagnostics, covariates=covariates, ties=ties
    )
