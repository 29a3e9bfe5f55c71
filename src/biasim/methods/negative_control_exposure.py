"""The hazard ratio of a trait that does nothing, chosen by the same hidden causes as exposure."""

from __future__ import annotations

from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import CONDITIONAL, chosen, counts, failed, refusal
from biasim.methods._hazard_ratio import coefficient_of_last
from biasim.types import Observed

CONSTANT = "the control exposure does not vary"


def negative_control_exposure(
    observed: Observed,
    *,
    column: str,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
) -> Estimate:
    """The log hazard ratio of a recorded trait that cannot bear on death, by Cox regression beside the exposure.

    The trait must share the hidden causes of exposure: a screening visit, a vaccination. Exposure stays in the
    regression, so that an effect of it is not taken for one of the trait. What is found is not an effect but a
    measure of what is hidden: 0 is expected, and an interval without 0 shows hidden confounding.

    Claims
    ------
    The conditional log hazard ratio of something that does nothing: the number to be compared with is 0. Per unit of
    the trait.

    Assumes
    -------
    The trait has no effect on death and none on exposure; for an answer of 0, all causes that it shares with
    death are among the covariates. Proportional hazards.

    Breaks when
    -----------
    The trait and death share a hidden cause: more frequent in a better outlook, the trait seems to protect
    (below 0). Silent about hidden causes of exposure that the trait does not share. Says that there is
    confounding, not how much: that depends on how strongly the trait is tied to the hidden cause.

    Parameters
    ----------
    column : str
        The trait: a covariate, 0/1 or of any scale.
    adjust : bool or tuple of str
        True adjusts for every other measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.
    robust : bool
        Sandwich error, one cluster per patient (Lin and Wei).

    Raises
    ------
    BiasimError
        A `column`, or a name in `adjust`, that was not measured, where anything was.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen and Cohen 2010, doi 10.1097/EDE.0b013e3181d61eeb. Shi, Miao and Tchetgen Tchetgen 2020,
    doi 10.1007/s40471-020-00243-4.
    """
    diagnostics = counts(observed)
    if not observed.names:
        empty = failed(CONDITIONAL, Status.NO_COVARIATES, "nothing is measured that could be a control exposure", diagnostics)
        return refusal(CONDITIONAL, observed, diagnostics) or empty
    covariates = chosen(observed, adjust, besides=(column,))
    if refused := refusal(CONDITIONAL, observed, diagnostics):
        return refused
    trait = observed.covariates[:, observed.names.index(column)]
    if not np.isnan(trait).any() and not np.ptp(trait):
        return failed(CONDITIONAL, Status.SINGULAR, CONSTANT, diagnostics)
    return coefficient_of_last(
        CONDITIONAL,
        observed,
        np.column_stack((observed.covariates[:, covariates], observed.exposed, trait)),
        diagnostics,
        clusters=(observed.patient,) if robust else None,
        ties=ties,
        called="the control exposure",
    )
