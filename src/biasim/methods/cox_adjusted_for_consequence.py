"""The hazard ratio of exposure adjusted for something that the exposure may have brought about."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._consequences import at_time_zero, known_later
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed


def cox_adjusted_for_consequence(
    observed: Observed,
    *,
    consequences: tuple[str, ...] = (),
    adjust: bool | tuple[str, ...] = True,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression adjusted for what became known only after time zero.

    The usual wrong analysis of studies that "control for" margins, response or later treatment. The diagnostic
    `consequences` counts the columns; with none the fit is that of `cox`.

    Claims
    ------
    The conditional log hazard ratio; the marginal one when nothing at all is adjusted for.

    Assumes
    -------
    The named columns are no consequences in truth, or share no cause with death and do not carry the effect;
    otherwise as `cox`, exposure fixed at time zero included.

    Breaks when
    -----------
    A hidden cause of death also decides the consequence. Given, say, unclear margins, an exposed patient carries more
    disease than an unexposed one, who could not have any: favours the unexposed where the column says that all
    went well for the exposed, and the exposed where it says that it went badly. Where the consequence carries the
    effect, the effect is adjusted away. Response that comes before exposure and decides it is no consequence but a
    common cause; adjusting for it is right.

    Parameters
    ----------
    consequences : tuple of str
        The columns; none named means every one that is known only after time zero.
    adjust : bool or tuple of str
        Covariates besides: True means all that are known at time zero, names those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A name in `consequences` or `adjust` that was not measured.

    References
    ----------
    Rosenbaum 1984, Journal of the Royal Statistical Society A 147, 656-666.
    """
    consequences = consequences or known_later(observed)
    covariates = np.concatenate(
        (at_time_zero(observed, adjust, besides=consequences), chosen(observed, consequences))
    )
    estimand = CONDITIONAL if adjust or consequences else MARGINAL
    diagnostics = counts(observed) | {"consequences": float(len(consequences))}
    return refusal(estimand, observed, diagnostics) or log_hazard_ratio(
        estimand, observed, diagnostics, covariates=covariates, ties=ties
    )
