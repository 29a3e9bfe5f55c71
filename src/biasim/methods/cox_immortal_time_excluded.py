"""The hazard ratio of exposure with the months before it thrown away."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._fixed_exposure import fixed
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed, ObservedOverTime


def cox_immortal_time_excluded(
    observed: ObservedOverTime,
    *,
    clock: Literal["from_exposure", "from_time_zero"] = "from_exposure",
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of the exposed, followed from exposure on, against the never exposed from time zero on.

    The immortal months are no longer counted as exposed, but nor are they counted as unexposed, where they belong.
    They are the diagnostic `months_dropped`. Exposure at or after the end of observation is none.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    Everybody exposed is so from time zero, or from entry, on; otherwise as `cox`.

    Breaks when
    -----------
    Exposure begins later. The never exposed are then those who died or were lost before their turn, as well as
    those who were never meant for it, and the months that would balance these early deaths have been dropped:
    favours the exposed, though less than `cox_ever_exposed`. `from_exposure` sets, besides, months since exposure
    beside months since time zero, so that a hazard that changes with time adds a bias of its own.

    Parameters
    ----------
    clock : {"from_exposure", "from_time_zero"}
        Months of the exposed are counted from exposure (time zero is moved), or from time zero (entry is late).
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
    Levesque, Hanley, Kezouh and Suissa 2010, doi 10.1136/bmj.b5087. Suissa 2008, doi 10.1093/aje/kwm324.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    kept = without_immortal_time(observed, clock)
    dropped = (observed.time - observed.entry).sum() - (kept.time - kept.entry).sum()
    diagnostics = counts(kept) | {"months_dropped": float(max(dropped, 0.0))}
    return refusal(estimand, kept, diagnostics) or log_hazard_ratio(
        estimand, kept, diagnostics, covariates=covariates, ties=ties
    )


def without_immortal_time(observed: ObservedOverTime, clock: str) -> Observed:
    """One row per patient, the exposed from exposure on, by a clock that is set back to 0 there or runs from time zero."""
    exposed = observed.exposed_from < observed.time
    start = np.where(exposed, observed.exposed_from, 0.0)
    entry = np.maximum(observed.entry, start)
    if clock == "from_time_zero":
        return fixed(observed, exposed=exposed, entry=entry)
    return fixed(observed, exposed=exposed, entry=entry - start, time=observed.time - start)
