"""The hazard ratio of exposure by Cox regression."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Integers, Observed


def cox(
    observed: Observed,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
    strata: tuple[str, ...] = (),
) -> Estimate:
    """The log hazard ratio of exposure by Cox regression, crude or adjusted, with delayed entry honoured.

    Claims
    ------
    The conditional log hazard ratio when adjusted or stratified, the marginal one when neither.

    Assumes
    -------
    Proportional hazards; censoring and delayed entry that carry no information given the covariates; exposure
    fixed at time zero; for a causal reading, every common cause of exposure and death among the covariates.

    Breaks when
    -----------
    Exposure is decided after time zero (immortal time favours the exposed), a common cause is not measured, or
    there are fewer than some ten deaths per covariate (estimates drift away from 0). Judged against the marginal
    estimand an adjusted fit is off even without bias, because hazard ratios do not collapse.

    Parameters
    ----------
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone. A covariate that is a linear combination
        of others is left out; exposure that is one of them is SINGULAR.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.
    robust : bool
        Sandwich error, one cluster per patient (Lin and Wei).
    strata : tuple of str
        Covariates whose every combination of values gets its own baseline hazard; they are not adjusted for.

    Raises
    ------
    BiasimError
        A name in `adjust` or `strata` that was not measured.

    References
    ----------
    Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x. Efron 1977, doi 10.1080/01621459.1977.10480613.
    Lin and Wei 1989, doi 10.1080/01621459.1989.10478874.
    """
    estimand = CONDITIONAL if adjust or strata else MARGINAL
    covariates = chosen(observed, adjust, besides=strata)
    diagnostics = counts(observed)
    return refusal(estimand, observed, diagnostics) or log_hazard_ratio(
        estimand,
        observed,
        diagnostics,
        covariates=covariates,
        strata=_labels(observed, strata),
        clusters=(observed.patient,) if robust else None,
        ties=ties,
    )


def _labels(observed: Observed, strata: tuple[str, ...]) -> Integers | None:
    """A number per combination of the values of these covariates."""
    if not strata:
        return None
    values = observed.covariates[:, chosen(observed, strata)]
    return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)
