"""The hazard ratio of a trial corrected for crossing over by a rank-preserving structural failure time model."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import MARGINAL, NORMAL_975, estimated, failed, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._rank_preserving import GRID, REACH, arm_test, ends_of_observation, falls, in_runs, unoperated
from biasim.methods._trial import arm_counts, by_arm, never_operated
from biasim.types import Floats, Observed, ObservedTrial

NEAR = 1.0  # of the deviate: closer to 0 the estimate divided by it is too unsteady for an error

def trial_rank_preserving(
    observed: ObservedTrial, *, recensor: bool = True, ties: Literal["efron", "breslow"] = "efron"
) -> Estimate:
    """The log hazard ratio of the surgery arm as observed against the control arm as it would have been unoperated.

    A month after the operation counts as exp(psi) months without. psi is the value at which the log-rank test finds no
    difference between the arms in survival without operation (g-estimation); then Cox regression compares the arms, the
    control arm being given these survival times. The error is the estimate divided by the log-rank deviate of the arms
    as they are, so that the p-value is that of intention to treat; with a deviate within 1 of 0 it is the error of the arms
    as they are plus a quarter of the spread of the estimate over the 95% limits of psi. Diagnostics: `psi`, its limits by
    inversion of the test where they lie within the range looked at, the `acceleration` of survival exp(-psi), the deviate
    `z`, and the number of `roots`, of which the one nearest to 0 is taken (more deaths count there).

    Claims
    ------
    The marginal log hazard ratio.

    Assumes
    -------
    Arms assigned by chance; the operation stretches the rest of life by the same factor whoever has it and whenever
    (common treatment effect); the surgery arm is operated as intended. Nothing about who crosses over: it may depend on
    prognosis, measured or not. Censoring by the end of the study only.

    Breaks when
    -----------
    The effect differs between those operated as assigned and those who cross over later (if the later operation does
    nothing, the correction exaggerates the effect), or many of the surgery arm are not operated, whose months are left as
    they were (dilution). Much loss to follow-up makes `recensor` incomplete. Where a third of the control arm crosses
    over and follow-up is short, intervals hold the truth some 93 % of the time.

    Parameters
    ----------
    recensor : bool
        Censor anew on the scale of survival without operation, at the earliest month that the end of a patient's
        observation could become. False favours surgery where the better outlook decides who
        crosses over and follow-up is short.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    References
    ----------
    Robins and Tsiatis 1991, doi 10.1080/03610929108830654. White, Babiker, Walker and Darbyshire 1999, Statistics in Medicine
    18, 2617-2634. Program: Bond, White and Allison 2017, doi 10.32614/RJ-2017-068.
    """
    diagnostics = arm_counts(observed)
    arms = by_arm(observed)
    if refused := never_operated(MARGINAL, observed, diagnostics) or refusal(MARGINAL, arms, diagnostics):
        return refused
    observed = in_runs(observed)
    arms = by_arm(observed)
    ends = ends_of_observation(observed) if recensor else None

    def test(psi: float) -> float:
        return arm_test(unoperated(observed, ends, psi))

    values = np.array([test(psi) for psi in GRID])
    roots = falls(test, 0.0, values, 1e-5)
    if not roots:
        message = f"no psi from {-REACH:g} to {REACH:g} makes the arms alike"
        return failed(MARGINAL, Status.NOT_CONVERGED, message, diagnostics)
    psi, z = min(roots, key=abs), arm_test(arms)
    diagnostics |= {"psi": psi, "acceleration": float(np.exp(-psi)), "z": z, "roots": float(len(roots))}
    for name, level in (("psi_low", NORMAL_975), ("psi_high", -NORMAL_975)):
        if limits := falls(test, level, values, 1e-3):
            diagnostics[name] = min(limits, key=lambda limit: abs(limit - psi))

    def compared(psi: float) -> Estimate:
        return log_hazard_ratio(MARGINAL, _corrected(arms, unoperated(observed, ends, psi)), diagnostics, ties=ties)

    plain, fit = log_hazard_ratio(MARGINAL, arms, diagnostics, ties=ties), compared(psi)
    if plain.status is not Status.OK or fit.status is not Status.OK:
        return fit if fit.status is not Status.OK else plain
    error = abs(fit.estimate / z) if z else 0.0
    if abs(z) < NEAR and "psi_low" in diagnostics and "psi_high" in diagnostics:
        spread = compared(diagnostics["psi_low"]).estimate - compared(diagnostics["psi_high"]).estimate
        error = plain.standard_error + abs(spread) / (2.0 * NORMAL_975)
    return estimated(MARGINAL, fit.estimate, max(error, plain.standard_error), fit.diagnostics)


def _corrected(arms: Observed, without: Observed) -> Observed:
    """The surgery arm as observed, the control arm without operations."""

    def chosen(name: str) -> Floats:
        return np.where(arms.exposed, getattr(arms, name), getattr(without, name))

    return replace(arms, entry=chosen("entry"), time=chosen("time"), event=chosen("event"))
