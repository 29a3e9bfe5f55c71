"""The admitted patients once all operated and once not; the hazard ratio over time as observed and as it is in truth."""

from __future__ import annotations

import numpy as np

from biasim.answers import Status
from biasim.kernels.proportionality import proportionality, smoothed
from biasim.methods._checks import NORMAL_975
from biasim.methods.cox import cox
from biasim.types import Cohort, Floats, Observed, ObservedOverTime

STEP = 1.0  # month between the points of a stored curve
Row = tuple[str, str, float | None, float, float | None, float | None, float | None]


def both_ways(cohort: Cohort, observed: Observed, time_zero: Floats, grace: float, assigned: bool) -> dict[str, Floats]:
    """Months from time zero to death if all are operated by month `grace` from diagnosis, and if nobody is, nobody lost.

    `assigned`: if all are in the arm of surgery of a trial, or all in the other, and keep to it or not as they would. Under
    either strategy those count whom it lets live to time zero.
    """
    rows, under = observed.patient, cohort.potential.under
    if assigned and cohort.treatment.arms is not None:
        operated, unoperated = (under(wait) for wait in cohort.treatment.arms)
    else:
        operated, unoperated = under(np.minimum(cohort.treatment.wait, grace)), cohort.potential.unoperated
    lived = {"all operated": operated, "nobody operated": unoperated}
    months = {group: survival[rows] - time_zero[rows] for group, survival in lived.items()}
    return {group: months[months > 0.0] for group, months in months.items()}


def hazard_ratio_rows(design: str, observed: Observed, truth: dict[str, Floats], longest: float) -> list[Row]:
    """The log hazard ratio of exposure over time, smoothed, as observed and in truth, for an exposure fixed at time zero.

    Design, kind, month, log ratio, low, high, p. The row of kind `constant` is the ratio of Cox regression, with the p-value of
    the test that it is constant. The truth is the same smooth curve of the patients lived `both_ways`, watched until the last
    month observed; its band is left out, as each woman is in it twice.
    """
    if isinstance(observed, ObservedOverTime):
        return []
    estimate = cox(observed, proportionality="km")
    if estimate.status is not Status.OK:
        return []
    p = estimate.diagnostics.get("zph_p")
    rows: list[Row] = [(design, "constant", None, estimate.estimate, estimate.low, estimate.high, p)]
    entry = observed.entry if observed.entry.any() else None
    seen = proportionality(observed.time, observed.event, observed.exposed[:, None], entry=entry)
    grid = np.arange(np.ceil(seen.month[0]), min(seen.month[-1], longest), STEP)
    operated, unoperated = truth.values()
    months, last = np.concatenate((operated, unoperated)), float(observed.time.max())
    strategy = np.repeat([1.0, 0.0], (len(operated), len(unoperated)))[:, None]
    true = proportionality(np.minimum(months, last), months <= last, strategy)
    for kind, found in (("observed", seen), ("truth", true)):
        curve = smoothed(found, 0, grid) if found.status is Status.OK else None
        if curve is not None:
            value, half = curve[0], NORMAL_975 * curve[1]
            for month, ratio, low, high in np.column_stack((grid, value, value - half, value + half)).tolist():
                rows.append((design, kind, month, ratio, *((low, high) if kind == "observed" else (None, None)), None))
    return rows
