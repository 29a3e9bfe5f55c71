"""The hazard ratio between the arms of a trial among those who kept to their arm."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._trial import arm_counts, by_arm, left_arm, no_trial
from biasim.types import Observed, ObservedTrial
from biasim.units import Months


def trial_per_protocol(
    observed: ObservedTrial,
    *,
    window: Months = 12.0,
    deviations: Literal["left_out", "censored"] = "left_out",
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio of surgery against none by Cox regression among the patients who kept to their arm.

    As usually done: `left_out` drops every patient of the control arm who was ever operated and every patient of the surgery
    arm who was not operated within the window, for whatever reason, death among them. `censored` keeps everybody up to
    the month in which she leaves her arm: the operation in the control arm, the end of the window without one in the
    surgery arm. Neither is weighted.

    Claims
    ------
    The marginal log hazard ratio, the conditional one when adjusted.

    Assumes
    -------
    Whoever kept to her arm would have fared, on average, like those who did not; with `left_out`, moreover, that
    operations are done at once, so that nobody dies waiting for hers. Proportional hazards; censoring without information.

    Breaks when
    -----------
    Prognosis decides who crosses over or is never operated: either arm is left with better or worse patients. When
    those with the better outlook cross over, the control arm looks worse and surgery better. With `left_out`, deaths
    before a planned operation leave the surgery arm (immortal time), and in the control arm those who lived long
    enough to cross over leave it: both favour surgery, also when crossing over is by chance.

    Parameters
    ----------
    window : float
        Months from randomisation within which a patient of the surgery arm must be operated to have kept to it.
    deviations : {"left_out", "censored"}
        Whether those who did not keep to their arm are left out altogether, or censored when they leave it.
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
    Hernan and Robins 2017, doi 10.1056/NEJMsm1605385.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    told = arm_counts(observed)
    if refused := no_trial(estimand, observed, told):
        return refused
    sample = _kept_to_arm(observed, window) if deviations == "left_out" else censored(observed, left_arm(observed, window))
    told = {**told, **counts(sample), "left_out": float(observed.size - sample.size)}
    return refusal(estimand, sample, told) or log_hazard_ratio(estimand, sample, told, covariates=covariates, ties=ties)


def _kept_to_arm(observed: ObservedTrial, window: float) -> Observed:
    """Controls never operated, and those of the surgery arm operated within the window."""
    done = observed.exposed_from < observed.time
    kept = np.where(observed.assigned, done & (observed.exposed_from <= window), ~done)
    return take(by_arm(observed), np.flatnonzero(kept))


def censored(observed: ObservedTrial, left: np.ndarray) -> Observed:
    """The arms, everybody watched until she leaves hers; who leaves it at time zero is not at risk at all."""
    arms = by_arm(observed)
    cut = replace(arms, time=np.minimum(arms.time, left), event=arms.event & np.isinf(left))
    return take(cut, np.flatnonzero(cut.time > cut.entry))
