"""What every method does before and after its own work: refuse impossible data, count, make the interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite

import numpy as np

from biasim.answers import Estimate, Status, on_log_scale
from biasim.errors import BiasimError, meant
from biasim.kernels import sensitivity
from biasim.types import Integers, Observed, ObservedOverTime

NORMAL_975 = 1.959963984540054  # 97.5th percentile of the standard normal distribution
CONDITIONAL = "conditional_log_hazard_ratio"
BY_COLUMN = ("names", "known_from")  # what Observed holds once per covariate, not once per patient
MARGINAL = "marginal_log_hazard_ratio"
IN_EXPOSED = f"{MARGINAL}(target=exposed)"
AS_ASSIGNED = "(strategies=assigned)"  # what a claim adds where the arms of a trial are compared as they are
IN_OVERLAP = f"{MARGINAL}(target=overlap)"


def counts(observed: Observed) -> dict[str, float]:
    """Patients and deaths, in all and among those ever exposed. Someone with several rows counts once."""
    return dict(observed.once("counts", lambda: _counts(observed)))


def _counts(observed: Observed) -> dict[str, float]:
    exposed, event = observed.exposed, observed.event
    if isinstance(observed, ObservedOverTime):
        exposed = observed.exposed_from < observed.time
    size = persons(observed.patient)
    distinct = size == observed.size
    return {
        "size": float(size),
        "events": float(np.count_nonzero(event)),
        "exposed": float(np.count_nonzero(exposed) if distinct else persons(observed.patient[exposed])),
        "events_exposed": float(np.count_nonzero(event & exposed)),
    }


def persons(patient: Integers) -> int:
    """How many distinct patients; rows that ascend, as they do in a cohort, need no search."""
    return len(patient) if (patient[1:] > patient[:-1]).all() else len(np.unique(patient))


def failed(estimand: str, status: Status, message: str, diagnostics: Mapping[str, float] | None = None) -> Estimate:
    """The row of an analysis without a usable estimate."""
    return Estimate(estimand=estimand, status=status, message=message, diagnostics=diagnostics or {})


def nobody(estimand: str, observed: Observed, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis with an empty arm; None when both arms hold someone."""
    if not observed.size:
        return failed(estimand, Status.NO_PATIENTS, "no patient is eligible", diagnostics)
    if not observed.exposed.any():
        return failed(estimand, Status.NOBODY_EXPOSED, f"none of {observed.size} patients is exposed", diagnostics)
    if observed.exposed.all():
        message = f"all of {observed.size} patients are exposed throughout"
        return failed(estimand, Status.NOBODY_UNEXPOSED, message, diagnostics)
    return None


def refusal(estimand: str, observed: Observed, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis that cannot give a hazard ratio, whatever the fit; None when it may."""
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    if not observed.event.any():
        return failed(estimand, Status.NO_EVENTS, f"no death among {observed.size} patients", diagnostics)
    for arm, within in (("exposed", observed.exposed), ("unexposed", ~observed.exposed)):
        if not observed.event[within].any():
            message = f"no death among the {arm}: the hazard ratio has no finite estimate"
            return failed(estimand, Status.SEPARATION, message, diagnostics)
    return None


def estimated(
    estimand: str, estimate: float, standard_error: float, diagnostics: Mapping[str, float], message: str = ""
) -> Estimate:
    """The row of an analysis that ended: interval on the scale of the estimate; SINGULAR without a usable error.

    A hazard ratio carries its E-values: how strong a hidden confounder must be to explain it, and its interval, away.
    """
    estimate, standard_error = float(estimate), float(standard_error)
    if not (isfinite(estimate) and isfinite(standard_error) and standard_error > 0.0):
        found = f"estimate {estimate:.6g}, standard error {standard_error:.6g}"
        message = f"{message}: {found}" if message else f"no usable standard error: {found}"
        return failed(estimand, Status.SINGULAR, message, diagnostics)
    half = NORMAL_975 * standard_error
    if on_log_scale(estimand):
        diagnostics = {**diagnostics, **_e_values(estimate, half, diagnostics)}
    return Estimate(
        estimand=estimand,
        estimate=estimate,
        standard_error=standard_error,
        low=estimate - half,
        high=estimate + half,
        message=message,
        diagnostics=diagnostics,
    )


def _e_values(estimate: float, half: float, diagnostics: Mapping[str, float]) -> dict[str, float]:
    """E-values of a log hazard ratio, by the formula for common deaths unless few of the patients die."""
    common = diagnostics.get("events", 1.0) >= sensitivity.COMMON * diagnostics.get("size", 1.0)
    point, limit = sensitivity.e_values(estimate, estimate - half, estimate + half, common=common)
    return {"e_value": point, "e_value_limit": limit}


def chosen(observed: Observed, wanted: bool | tuple[str, ...], *, besides: tuple[str, ...] = ()) -> Integers:
    """Columns of the covariates: all of them, none, or those named; never the ones in `besides`.

    Raises BiasimError for a name that was not measured, with the likely intention.
    """
    if isinstance(wanted, bool):
        wanted = observed.names if wanted else ()
    for name in (*wanted, *besides):
        if name not in observed.names:
            raise BiasimError(f"covariate '{name}' is not measured. {meant(name, list(observed.names))}")
    return np.array([observed.names.index(name) for name in wanted if name not in besides], dtype=np.int64)


def take(observed: Observed, rows: Integers) -> Observed:
    """The same data with these rows only, in this order, repeats allowed."""
    held = {field.name: getattr(observed, field.name) for field in fields(observed) if field.init}
    by_row = {name: values[rows] for name, values in held.items() if name not in BY_COLUMN and values is not None}
    return type(observed)(**{**held, **by_row})
