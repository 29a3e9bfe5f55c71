"""The difference in survival or in restricted mean survival, doubly robust."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._augmented import Wanted, contributions, followed
from biasim.methods._balance import balance_diagnostics
from biasim.methods._checks import chosen, counts, estimated, failed, nobody
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._propensity import weighted
from biasim.methods._two_curves import arms, too_short
from biasim.types import Observed
from biasim.units import PositiveMonths

ROUNDING = 1e-12  # of the largest possible difference: an error below it is that of a sum which is zero
LATE = "entry is delayed: who died before it is not observed, and survival from time zero cannot be weighted back"


def augmented_weighted(
    observed: Observed,
    *,
    contrast: Literal["survival_difference", "rmst_difference"] = "survival_difference",
    at: PositiveMonths = 36.0,
    horizon: PositiveMonths = 60.0,
    using: tuple[str, ...] = (),
    outcome: tuple[str, ...] = (),
    losses: Literal["kaplan_meier", "cox"] = "kaplan_meier",
) -> Estimate:
    """Survival of all if exposed minus survival of all if not, by augmented inverse-probability weighting.

    What a Cox model of each arm expects of every patient is averaged, and corrected by the weighted martingale residuals of
    those who were in the arm, the weight being the inverse of the propensity score times the chance of not being lost. The
    error is that of the estimated influence function. Only what happens up to the month plays a part.

    Claims
    ------
    `survival_difference(at=...)` in probabilities or `rmst_difference(horizon=...)` in months, in everyone; positive
    favours exposure.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates; overlap; exposure fixed at time zero; and either the
    Cox models of both arms are right, or the propensity score and the model of losses are: one of the two suffices. The
    error is right when all are. With only the score and losses right it errs on the safe side, since they are estimated
    by maximum likelihood; with only the Cox models right it may err either way (some 5 % too small where the score leaves
    out the one cause of exposure).

    Breaks when
    -----------
    Both are wrong: a common cause that is in neither model, or is hidden. Exposure is decided after time zero. Someone is
    nearly sure to be exposed, or to be lost (look at `largest_weight`). Few deaths per covariate in an arm: errors are then
    too small. BEYOND_FOLLOW_UP when an arm's observation ends before the month with someone alive, or entry is delayed.

    Parameters
    ----------
    contrast : {"survival_difference", "rmst_difference"}
        What is compared.
    at : float
        The month of a survival difference; without part in the other.
    horizon : float
        The month at which months of life stop being counted; without part in a survival difference.
    using : tuple of str
        Covariates of the propensity score; none named means all measured.
    outcome : tuple of str
        Covariates of the Cox models, of death and of loss; none named means all measured.
    losses : {"kaplan_meier", "cox"}
        Whether losses depend on the arm and time alone, or by Cox models on `outcome` too.

    Raises
    ------
    BiasimError
        A name in `using` or `outcome` that was not measured.

    References
    ----------
    Zhang and Schaubel 2012, doi 10.1111/j.1541-0420.2012.01759.x. Bai, Tsiatis and O'Brien 2013, doi 10.1111/biom.12042.
    Westling, Luedtke, Gilbert and Carone 2023, doi 10.1080/01621459.2023.2205060.
    """
    restricted = contrast == "rmst_difference"
    month = horizon if restricted else at
    estimand = f"rmst_difference(horizon={month:g})" if restricted else f"survival_difference(at={month:g})"
    diagnostics = counts(observed)
    columns = chosen(observed, outcome or True)
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    if message := LATE if observed.entry.any() else too_short(arms(observed), month):
        return failed(estimand, Status.BEYOND_FOLLOW_UP, message, diagnostics)
    made = weighted(observed, using=using)
    if made.message:
        return failed(estimand, made.status, made.message, diagnostics)
    data = followed(observed, month, observed.covariates[:, columns])
    if np.isnan(data.columns).any():
        return failed(estimand, Status.MISSING_VALUES, MISSING, diagnostics)
    if not data.died.any():
        return failed(estimand, Status.NO_EVENTS, f"no death by month {month:g} in either arm", diagnostics)
    diagnostics |= balance_diagnostics(observed, made.weights)
    wanted = Wanted(month=month, restricted_mean=restricted, losses_by_covariates=losses == "cox")
    means = []
    for name, arm in (("exposed", observed.exposed), ("unexposed", ~observed.exposed)):
        part = contributions(data, arm, made.weights, wanted)
        if part.status is not Status.OK:
            return failed(estimand, part.status, f"{name}: {part.message}", diagnostics)
        means.append(part.values)
        diagnostics |= {name + "_expected": float(part.values.mean()), name + "_largest_weight": part.largest_weight}
    difference = means[0] - means[1]
    error = float(difference.std(ddof=1)) / sqrt(observed.size)
    negligible = ROUNDING * (month if restricted else 1.0)
    return estimated(estimand, difference.mean(), error if error > negligible else 0.0, diagnostics)
