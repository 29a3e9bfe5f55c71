"""Example tables for the figures: replicate 0 of scenario 0, one cohort of the study's own size.

The truth curves show the patients whom the design admits, from the same time zero, under the two strategies that its
methods are judged by: all operated, and nobody, of those whom either strategy lets live to time zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from biasim.config.study import Design
from biasim.engine.alignment import frame, judged_from
from biasim.engine.as_counted import as_counted
from biasim.engine.both_ways import Lived, both_ways, hazard_ratio_rows
from biasim.engine.plan import Plan
from biasim.engine.replicate import Place, cohorts, view
from biasim.engine.streams import Streams
from biasim.kernels import kaplan_meier
from biasim.methods._propensity import balance_table
from biasim.methods.meta_analysis import studies_table
from biasim.methods.most_favourable import models_table
from biasim.types import Bools, Cohort, Floats, Observed, ObservedOverTime

COLUMNS = {
    "curves": ("design", "group", "kind", "month", "survival", "low", "high"),
    "at_risk": ("design", "group", "month", "at_risk", "events"),
    "person_time": ("design", "patient", "group", "wait", "decided", "end", "died", "time_zero"),
    "hazard_ratio": ("design", "kind", "month", "log_ratio", "low", "high", "p"),
    "studies": ("design", "method", "study", "estimate", "standard_error", "pooled", "written_up"),
    "vibration": ("design", "method", "model", "estimate", "p", "reported"),
    "balance": ("design", "method", "covariate", "smd_before", "smd_after"),
}
LISTS = {"meta_analysis": ("studies", studies_table), "most_favourable": ("vibration", models_table)}  # what is behind one number
STEP = 0.5  # months between the points of a stored curve
LONGEST = 120.0  # months
PATIENTS = 30  # in the person-time picture
Rows = list[tuple[object, ...]]


def examples(planned: Plan, designs: Iterable[Design]) -> dict[str, Rows]:
    """The rows of each example table, all designs of a scenario."""
    streams = Streams(planned.seed, 0)
    made = cohorts(planned, streams)
    tables: dict[str, Rows] = {name: [] for name in COLUMNS}
    for design, parts in zip(designs, planned.designs, strict=True):
        cohort = made[parts.world]
        observed = view(planned, parts, cohort, streams)
        time_zero = parts.view["time_zero"](cohort)
        at = Place(planned, streams, design.name, "exposure")
        exposure = at(parts.view["exposure"], cohort, time_zero, streams("exposure"))
        for group, (start, stop, died) in spells(observed):
            curve = kaplan_meier.curve(stop, died, entry=start)
            tables["curves"] += curve_rows(design.name, group, "observed", curve)
            tables["at_risk"] += at_risk_rows(design.name, group, start, stop, died)
        assigned = frame(design).get("strategies") == "assigned"
        counted = as_counted(cohort, parts.view, streams)
        lived = both_ways(counted, observed, judged_from(design, time_zero), last_month(design, time_zero), assigned)
        for group, curve in true_curves(lived):
            tables["curves"] += curve_rows(design.name, group, "truth", curve)
        ratios = hazard_ratio_rows(design.name, observed, lived, LONGEST)
        tables["hazard_ratio"] += [(*row[:3], settled(row[3]), *row[4:]) for row in ratios]
        tables["person_time"] += person_time_rows(design.name, cohort, observed, time_zero, exposure.decided)
        for label, method in design.methods.items():
            found = balance_table(observed, method.name, method.parameters)
            if method.name in LISTS and observed.size:
                name, listed = LISTS[method.name]
                tables[name] += [(design.name, label, *row) for row in listed(observed, method.parameters)]
            tables["balance"] += [(design.name, label, name, settled(before), settled(after)) for name, before, after in found]
    return tables


def settled(difference: float) -> float:
    """A difference without what rounding leaves of 0, which is another on every machine."""
    return difference if abs(difference) > 1e-12 else 0.0


def spells(observed: Observed) -> Iterator[tuple[str, tuple[Floats, Floats, Bools]]]:
    """Start, stop and death of the person-time with and without exposure: what the Kaplan-Meier curves are made of.

    Where exposure begins during follow-up, a patient counts as unexposed until then and enters the curve
    of the exposed late (Simon and Makuch 1984, doi 10.1002/sim.4780030106).
    """
    exposed, entry, time, event = observed.exposed, observed.entry, observed.time, observed.event
    begins = observed.exposed_from if isinstance(observed, ObservedOverTime) else np.where(exposed, 0.0, np.inf)
    both = {
        "exposed": (np.maximum(entry, begins), time, event),
        "unexposed": (entry, np.minimum(time, begins), event & (begins >= time)),
    }
    for group, (start, stop, died) in both.items():
        spent = start < stop
        if spent.any():
            yield group, (start[spent], stop[spent], died[spent])


def true_curves(lived: Lived) -> Iterator[tuple[str, kaplan_meier.Curve]]:
    """How the admitted patients live `both_ways`, from time zero: nobody is dead at month 0."""
    for group, (months, happens) in lived.items():
        if len(months):
            yield group, kaplan_meier.curve(months, happens)


def last_month(design: Design, time_zero: Floats) -> float:
    """The month from diagnosis by which the strategy of surgery has operated on everybody, as the estimands have it."""
    begun = frame(design)
    reached = time_zero[np.isfinite(time_zero)]
    return begun["grace"] + (float(reached.min()) if begun["population"] == "randomised" and len(reached) else 0.0)


def curve_rows(design: str, group: str, kind: str, curve: kaplan_meier.Curve) -> Rows:
    """A curve on a grid, with 95 % limits, as far as somebody is followed."""
    low, high = kaplan_meier.interval(curve, "log")
    grid = np.arange(0.0, min(curve.last, LONGEST) + STEP / 2, STEP)
    lines = (curve.survival, low, high)
    values = (kaplan_meier.at(curve, line, grid, before=1.0).tolist() for line in lines)
    return [(design, group, kind, *point) for point in zip(grid.tolist(), *values, strict=True)]


def at_risk_rows(design: str, group: str, start: Floats, stop: Floats, died: Bools) -> Rows:
    """Patients watched at each third month, and deaths so far. Who enters the group later is not yet there."""
    grid = np.arange(0.0, min(float(stop.max()), LONGEST) + 3.0, 3.0)
    before = np.searchsorted(np.sort(start), grid, side="left") + (grid == 0.0) * np.count_nonzero(start <= 0.0)
    at_risk = before - np.searchsorted(np.sort(stop), grid, side="left")
    deaths = np.searchsorted(np.sort(stop[died]), grid, side="right")
    return [(design, group, *point) for point in zip(grid.tolist(), at_risk.tolist(), deaths.tolist(), strict=True)]


def person_time_rows(
    design: str, cohort: Cohort, observed: Observed, time_zero: Floats, decided: Floats
) -> Rows:
    """The first patients of either group, half and half where there are enough; months from diagnosis.

    `wait` is the planned month of surgery: some die or are lost before it.
    """
    exposed, unexposed = np.flatnonzero(observed.exposed), np.flatnonzero(~observed.exposed)
    taken = min(len(exposed), max(PATIENTS // 2, PATIENTS - len(unexposed)))
    chosen = np.concatenate([exposed[:taken], unexposed[: PATIENTS - taken]])
    planned = cohort.treatment.wait
    rows: Rows = []
    for row in chosen:
        patient = observed.patient[row]
        start = float(time_zero[patient])
        wait = float(planned[patient])
        rows.append((
            design,
            int(patient),
            "exposed" if observed.exposed[row] else "unexposed",
            wait if np.isfinite(wait) else None,
            float(decided[patient]) if observed.exposed[row] else None,
            start + float(observed.time[row]),
            bool(observed.event[row]),
            start,
        ))  # fmt: skip
    return rows
