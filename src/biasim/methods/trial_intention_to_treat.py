"""The hazard ratio between the arms of a trial, whatever was done."""

from __future__ import annotations

from typing import Literal

from biasim.answers import Estimate
from biasim.methods._checks import AS_ASSIGNED, CONDITIONAL, MARGINAL, chosen, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._trial import arm_counts, by_arm, no_trial
from biasim.types import ObservedTrial


def trial_intention_to_treat(
    observed: ObservedTrial,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
) -> Estimate:
    """The log hazard ratio of being assigned to surgery by Cox regression, whether or not the operation was done.

    The same answer as `cox` where the exposure is `intended`. The diagnostics count those of the control arm who were
    operated (`crossed_over`) and those of the surgery arm who were not (`not_operated`).

    Claims
    ------
    The marginal log hazard ratio, the conditional one when adjusted, of being assigned (`strategies=assigned`): of the
    operation only where everybody keeps to her arm.

    Assumes
    -------
    Arms assigned by chance at time zero; proportional hazards; censoring that carries no information.

    Breaks when
    -----------
    Patients cross over or are never operated: the arms become alike, and as an answer about the operation the estimate is
    diluted towards no effect. It remains a valid test of no effect at all.

    Parameters
    ----------
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone. What became known after randomisation may be
        a consequence of the arm.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.
    robust : bool
        Sandwich error, one cluster per patient.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x.
    """
    estimand = (CONDITIONAL if adjust else MARGINAL) + AS_ASSIGNED
    covariates = chosen(observed, adjust)
    diagnostics = arm_counts(observed)
    arms = by_arm(observed)
    return (
        no_trial(estimand, observed, diagnostics)
        or refusal(estimand, arms, diagnostics)
        or log_hazard_ratio(
            estimand,
            arms,
            diagnostics,
            covariates=covariates,
            clusters=(arms.patient,) if robust else None,
            ties=ties,
        )
    )
