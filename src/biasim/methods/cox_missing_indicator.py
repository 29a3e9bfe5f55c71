"""The hazard ratio of exposure with missing values as a category of their own."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._hazard_ratio import coefficient_of_last
from biasim.types import Floats, Observed


def cox_missing_indicator(
    observed: Observed,
    *,
    adjust: bool | tuple[str, ...] = True,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression, every gap filled with one value and marked by an indicator.

    "Unknown" becomes a category, so that nobody is left out. Whatever constant fills the gaps, the indicator takes it up; here it
    is the mean of those known. Values that are missing together share an indicator. The diagnostics hold `incomplete`,
    the patients with a gap, and `indicators`, the columns with one. Without missing values it is `cox`.

    Claims
    ------
    The conditional log hazard ratio when adjusted; the marginal one when not, and then no gap matters.

    Assumes
    -------
    That a covariate with gaps is no common cause of exposure and death, as in a randomised trial; or that those with a gap are
    alike in it, or were treated without regard to it because it was unknown to the surgeon as well. Otherwise as `cox`.

    Breaks when
    -----------
    The covariate confounds: among those with a gap nothing is adjusted for, so that their share of the confounding comes back, in
    its own direction, even where values are missing completely at random; and the coefficient of exposure, one for all,
    mixes the adjusted comparison with the crude one.

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
    Groenwold, White, Donders, Carpenter, Altman and Moons 2012, doi 10.1503/cmaj.110977.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    columns = chosen(observed, adjust)
    values, indicators = marked(observed.covariates[:, columns])
    incomplete = np.isnan(observed.covariates[:, columns]).any(axis=1)
    told = {"incomplete": float(np.count_nonzero(incomplete)), "indicators": float(indicators.shape[1])}
    diagnostics = counts(observed) | told
    design = np.concatenate((values, indicators, observed.exposed[:, None]), axis=1)
    return refusal(estimand, observed, diagnostics) or coefficient_of_last(
        estimand, observed, design, diagnostics, ties=ties
    )


def marked(values: Floats) -> tuple[Floats, Floats]:
    """The columns with their gaps filled by the mean of those known (0 where nobody is), and the distinct indicators of gaps."""
    gaps = np.isnan(values)
    known = np.count_nonzero(~gaps, axis=0)
    mean = np.where(gaps, 0.0, values).sum(axis=0) / np.maximum(known, 1)
    different = {column.tobytes(): column for column in gaps.T if column.any()}
    indicators = np.array(list(different.values()), dtype=np.float64).reshape(len(different), len(values)).T
    return np.where(gaps, mean, values), indicators
