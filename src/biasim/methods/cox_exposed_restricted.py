"""The hazard ratio of exposure when only those of the exposed count in whom it went well."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal, take
from biasim.methods._consequences import at_time_zero, known_later
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed


def cox_exposed_restricted(
    observed: Observed,
    *,
    consequence: str | None = None,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio by Cox regression of those exposed who show a consequence against all the unexposed.

    The usual wrong analysis of "patients operated with clear margins against patients not operated". The exposed
    whose `consequence` is 0 or not known are left out; the unexposed all stay. The diagnostic `dropped` counts
    those left out; the other counts are of the rest.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not.

    Assumes
    -------
    Among the exposed, who shows the consequence is unrelated to prognosis given the covariates; otherwise as `cox`,
    exposure fixed at time zero included.

    Breaks when
    -----------
    Those in whom exposure goes well are those with the better outlook, and that is not among the covariates: the
    exposed are selected for it and the unexposed are not. Favours the exposed. Where the column marks a bad turn it
    favours the unexposed.

    Parameters
    ----------
    consequence : str or None
        A column that is above 0 where the consequence is shown; None means the first that is known only after
        time zero, and restricts nothing where there is none.
    adjust : bool or tuple of str
        True adjusts for all covariates known at time zero, names for those alone; never for `consequence`.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    Raises
    ------
    BiasimError
        A `consequence` or a name in `adjust` that was not measured.

    References
    ----------
    Hernan, Hernandez-Diaz and Robins 2004, doi 10.1097/01.ede.0000135174.63482.43.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    shown = known_later(observed)[:1] if consequence is None else (consequence,)
    covariates = at_time_zero(observed, adjust, besides=shown)
    values = observed.covariates[:, chosen(observed, shown)]
    left_out = observed.exposed & ~(values > 0.0).all(axis=1)  # nan, not known, is not above 0
    rest = take(observed, np.flatnonzero(~left_out)) if left_out.any() else observed
    diagnostics = counts(rest) | {"dropped": float(np.count_nonzero(left_out))}
    return refusal(estimand, rest, diagnostics) or log_hazard_ratio(
        estimand, rest, diagnostics, covariates=covariates, ties=ties
    )
