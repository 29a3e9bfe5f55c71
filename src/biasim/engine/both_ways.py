"""The admitted patients once all operated and once not; the hazard ratio over time as observed and as it is in truth."""

from __future__ import annotations

import numpy as np

from biasim.answers import Status
from biasim.kernels.proportionality import proportionality, smoothed
from biasim.methods._checks import NORMAL_975
from biasim.methods.cox import cox
from biasim.types import Bools, Cohort, Floats, Observed, ObservedOverTime

STEP = 1.0  # month between the points of a stored curve
Lived = dict[str, tuple[Floats, Bools]]  # strategy -> months from time zero to the outcome, and whether it came at all
Row = tuple[str, str, float | None, float, float | None, float | None, float | None]


def both_ways(cohort: Cohort, observed: Observed, time_zero: Floats, grace: float, assigned: bool) -> Lived:
    """Months from time zero to the outcome if all are operated by month `grace` from diagnosis, and if nobody is, nobody lost.

    `cohort` holds the outcome in place of death (`as_counted`); what competes with it ends observation. `assigned`: if all are
    in the arm of surgery of a trial, or all in the other, and keep to it or not as they would. Under either
    strategy those count whom it lets live to time zero without the outcome.
    """
    rows, potential = observed.patient, cohort.potential
    if assigned and cohort.treatment.arms is not None:
        waits = cohort.treatment.arms
    else:
        waits = (np.minimum(cohort.treatment.wait, grace), np.full(cohort.size, np.inf))
    lived: Lived = {}
    for group, wait in zip(("all operated", "nobody operated"), waits, strict=True):
        happens = potential.under(wait)[rows] - time_zero[rows]
        ends = happens if potential.competing is None else potential.competing(wait)[rows] - time_zero[rows]
        there = np.minimum(happens, ends) > 0.0
        lived[group] = np.minimum(happens, ends)[there], (happens <= ends)[there]
    return lived


def hazard_ratio_rows(design: str, observed: Observed, truth: Lived, longest: float) -> list[Row]:
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
    months, happens = (np.concatenate(both) for both in zip(*truth.values(), strict=True))
    last = float(observed.time.max())
    strategy = np.repeat([1.0, 0.0], [len(lived) for lived, _ in truth.values()])[:, None]
    true = proportionality(np.minimum(months, last), happens & (months <= last), strategy)
    for kind, found in (("observed", seen), ("truth", true)):
        curve = smoothed(found, 0, grid) if found.status is Status.OK else None
        if curve is not None:
            value, half = curve[0], NORMAL_975 * curve[1]
            for month, ratio, low, high in np.column_stack((grid, value, value - half, value + half)).tolist():
                rows.append((design, kind, month, ratio, *((low, high) if kind == "observed" else (None, None)), None))
    return rows
