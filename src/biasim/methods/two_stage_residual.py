"""The hazard ratio of exposure by an instrument: what decides exposure and bears on death in no other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import cox as kernel
from biasim.kernels import logistic
from biasim.methods._bootstrap import bootstrap_error
from biasim.methods._checks import CONDITIONAL, chosen, counts, estimated, failed, refusal
from biasim.methods._hazard_ratio import MISSING, coefficient_of_last
from biasim.types import Floats, Observed
from biasim.units import Unit, Within

Draws = Annotated[int, Unit("count"), Within(2)]
NOTHING = "nothing is measured that could be an instrument"
CONSTANT = "the instrument does not vary beyond the covariates"


def two_stage_residual(
    observed: Observed, *, instrument: str, adjust: bool | tuple[str, ...] = False, draws: Draws = 200
) -> Estimate:
    """The log hazard ratio of exposure by two-stage residual inclusion.

    First stage: logistic regression of exposure on instrument and covariates. Second stage: Cox regression on exposure,
    covariates and the residual of the first, which stands in for the hidden causes. Both stages are refitted in
    every resample of the patients, and the error is the standard deviation over resamples. `first_stage_chi2` in
    the diagnostics is the Wald statistic of the instrument; below some 10 it is weak.

    Claims
    ------
    The conditional log hazard ratio given the covariates: not given the hidden causes too, which the residual stands for
    but does not tell.

    Assumes
    -------
    The instrument changes exposure, shares no cause with death, and bears on death through exposure alone, given
    the covariates; the first stage is logit-linear; weak or moderate hidden causes, whose effect on the log hazard is
    about proportional to the residual (with a hidden log hazard ratio of 1 per SD what is left is below 0.02).

    Breaks when
    -----------
    The instrument has a way of its own to death: centres that operate more and see better prognoses favour the
    exposed. A weak instrument gives estimates without a mean. Judged against the ratio given everything it is nearer to 0
    where many die and exposure works, as any analysis is that lacks a cause of death: -0.52 for -0.69, with a hidden
    log hazard ratio of 1 per SD.

    Parameters
    ----------
    instrument : str
        The covariate that serves as the instrument, such as the preference of the centre.
    adjust : bool or tuple of str
        True adjusts both stages for every other measured covariate, names for those alone.
    draws : int
        Resamples of the patients for the error.

    Raises
    ------
    BiasimError
        An `instrument`, or a name in `adjust`, that was not measured, where anything was.

    References
    ----------
    Terza, Basu and Rathouz 2008, doi 10.1016/j.jhealeco.2007.09.009. In Cox regression, and what is left of the bias:
    Martinez-Camblor, Mackenzie, Staiger, Goodney and O'Malley 2019, doi 10.1093/biostatistics/kxx062.
    """
    diagnostics = counts(observed)
    if not observed.names:
        return refusal(CONDITIONAL, observed, diagnostics) or failed(CONDITIONAL, Status.NO_COVARIATES, NOTHING, diagnostics)
    columns = chosen(observed, adjust, besides=(instrument,))
    if refused := refusal(CONDITIONAL, observed, diagnostics):
        return refused
    covariates = observed.covariates[:, columns]
    causes = np.column_stack((covariates, observed.covariates[:, observed.names.index(instrument)]))
    if np.isnan(causes).any():
        return failed(CONDITIONAL, Status.MISSING_VALUES, MISSING, diagnostics)
    first = logistic.fit(causes, observed.exposed)
    if first.status is not Status.OK:
        return failed(CONDITIONAL, first.status, f"first stage: {first.status}", diagnostics)
    if first.aliased[-1]:
        return failed(CONDITIONAL, Status.SINGULAR, CONSTANT, diagnostics)
    diagnostics["first_stage_chi2"] = float(first.coefficients[-1] ** 2 / first.covariance[-1, -1])
    found = coefficient_of_last(CONDITIONAL, observed, second_stage(observed, covariates, first), diagnostics)
    if found.status is not Status.OK:
        return found
    error, told = bootstrap_error(observed, draws, both_stages(observed, covariates, causes))
    return estimated(CONDITIONAL, found.estimate, error, {**diagnostics, **told})


def second_stage(observed: Observed, covariates: Floats, first: logistic.LogisticFit) -> Floats:
    """Covariates, what the first stage leaves of exposure, exposure: (n, p + 2)."""
    return np.column_stack((covariates, observed.exposed - first.probability, observed.exposed))


def both_stages(observed: Observed, covariates: Floats, causes: Floats) -> Callable[[Floats], float]:
    """The estimate as a function of the copies of each patient; nan where a stage has none."""
    entry = observed.entry if observed.entry.any() else None

    def estimate(copies: Floats) -> float:
        first = logistic.fit(causes, observed.exposed, weights=copies)
        if first.status is not Status.OK or first.aliased[-1]:
            return np.nan
        design = second_stage(observed, covariates, first)
        second = kernel.fit(observed.time, observed.event, design, entry=entry, weights=copies)
        return second.coefficients[-1] if second.status is Status.OK else np.nan

    return estimate
