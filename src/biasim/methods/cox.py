"""The hazard ratio of exposure by Cox regression."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels import proportionality as kernel
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts, refusal
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Floats, Integers, Observed


def cox(
    observed: Observed,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
    strata: tuple[str, ...] = (),
    proportionality: Literal["km", "identity", "rank", "log"] | None = None,
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
    estimand an adjusted fit is off even without bias, because hazard ratios do not collapse. Patients who become exposed
    after time zero, as after a landmark, count as unexposed and dilute a true effect.

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
    proportionality : {"km", "identity", "rank", "log"} or None
        Test whether the hazard ratios are constant, against a change with g(t): 1 - S(t-), t, the rank of t, log t (R:
        `cox.zph`). The diagnostics then hold chi-squared and p of exposure (`zph_chi2`, `zph_p`), of all columns together
        (`zph_global_chi2`, `zph_global_p`), and the change of the log hazard ratio of exposure per unit of g, by one
        step (`zph_slope`): above 0 where a benefit fades, as one of immortal time does. The estimate stays as it is.

    Raises
    ------
    BiasimError
        A name in `adjust` or `strata` that was not measured.

    References
    ----------
    Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x. Efron 1977, doi 10.1080/01621459.1977.10480613.
    Lin and Wei 1989, doi 10.1080/01621459.1989.10478874. Grambsch and Therneau 1994, doi 10.1093/biomet/81.3.515.
    """
    estimand = CONDITIONAL if adjust or strata else MARGINAL
    covariates = chosen(observed, adjust, besides=strata)
    diagnostics = counts(observed)
    labels = _labels(observed, strata)
    found = refusal(estimand, observed, diagnostics) or log_hazard_ratio(
        estimand,
        observed,
        diagnostics,
        covariates=covariates,
        strata=labels,
        clusters=(observed.patient,) if robust else None,
        ties=ties,
    )
    if proportionality is None or found.status is not Status.OK:
        return found
    columns = np.column_stack((observed.covariates[:, covariates], observed.exposed))
    tests = _tests(observed, columns, labels, proportionality, ties)
    return replace(found, diagnostics={**found.diagnostics, **tests})


def _tests(observed: Observed, columns: Floats, strata: Integers | None, transform: str, ties: str) -> dict[str, float]:
    """The tests of proportional hazards that have a value; exposure is the last column."""
    entry = observed.entry if observed.entry.any() else None
    found = kernel.proportionality(
        observed.time, observed.event, columns, transform=transform, entry=entry, strata=strata, ties=ties
    )
    told = {"zph_chi2": found.chi2[-1], "zph_p": found.p[-1], "zph_slope": found.slope[-1],
            "zph_global_chi2": found.all_chi2, "zph_global_p": found.all_p}  # fmt: skip
    return {name: float(value) for name, value in told.items() if np.isfinite(value)}


def _labels(observed: Observed, strata: tuple[str, ...]) -> Integers | None:
    """A number per combination of the values of these covariates."""
    if not strata:
        return None
    values = observed.covariates[:, chosen(observed, strata)]
    return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)
