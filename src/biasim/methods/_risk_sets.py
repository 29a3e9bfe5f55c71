"""Each newly exposed patient beside patients who are as likely to become exposed then, and have not been so far."""

from __future__ import annotations

import sys

import numpy as np

from biasim.answers import Status
from biasim.kernels import cox as kernel
from biasim.kernels.matching import without_rounding
from biasim.kernels.risk_set_matching import nearest_at_risk
from biasim.methods._checks import chosen, take
from biasim.methods._hazard_ratio import MISSING
from biasim.methods._lots import lots
from biasim.methods._propensity import NO_COVARIATES, Balanced, Links, links_of, none
from biasim.methods._specification import Specification, specified
from biasim.types import Floats, Integers, Observed, ObservedOverTime

SAID = {
    Status.SEPARATION: "time to exposure: a covariate tells who becomes exposed next",
    Status.NOT_CONVERGED: "time to exposure: Newton-Raphson did not converge",
    Status.SINGULAR: "time to exposure: the information matrix is singular",
}
JUST_BEFORE = 1e-6  # months, relative: who is exposed in the month in which a value becomes known, is with it known


def risk_set_links(
    observed: ObservedOverTime,
    *,
    ratio: int = 1,
    caliper: float | None = 0.2,
    using: tuple[str, ...] = (),
    specification: Specification = "linear",
) -> Links | Balanced:
    """The matched sets, by the hazard of becoming exposed; or why there are none."""
    columns = chosen(observed, using or True)
    if np.isnan(observed.covariates[:, columns]).any():
        return none(observed, Status.MISSING_VALUES, MISSING)
    waiting, stage, row = until_exposure(observed)
    if not waiting.event.any():
        return none(observed, Status.NOBODY_EXPOSED, "nobody becomes exposed during follow-up")
    if not len(columns) or not np.ptp(waiting.covariates[:, columns], axis=0).any():
        return none(observed, Status.NO_COVARIATES, NO_COVARIATES)
    design = specified(waiting, columns, specification)
    fit = kernel.fit(waiting.time, waiting.event, design, entry=waiting.entry)
    if fit.status is not Status.OK:
        return none(observed, fit.status, SAID.get(fit.status, f"time to exposure: {fit.status}"))
    score = without_rounding((design - design.mean(axis=0)) @ np.where(fit.aliased, 0.0, fit.coefficients))
    pairs = _matched(observed, waiting, score, stage, row, ratio=ratio, caliper=caliper)
    if not len(pairs):
        return none(observed, Status.NO_MATCHES, "no unexposed patient at risk within the caliper of a newly exposed one")
    return links_of(pairs[:, 0], pairs[:, 1])


def until_exposure(observed: ObservedOverTime) -> tuple[Observed, Integers, Integers]:
    """Person-time before exposure, one row per patient and stage; the stage; the row of `observed`.

    `event` and `exposed` say that exposure begins at `time`. A new stage begins where a covariate becomes known; until then
    it has its mean, the same for all. Who enters at time zero is at risk of exposure at once; who was exposed before
    she entered has no row.
    """
    before = np.where(observed.entry > 0.0, observed.entry, -1.0)
    start = np.maximum(observed.exposed_from, 0.0)
    stop, becomes = np.minimum(observed.time, start), start < observed.time
    known = np.zeros(len(observed.names)) if observed.known_from is None else np.asarray(observed.known_from)
    begins = np.array([-np.inf, *(moment - JUST_BEFORE * max(1.0, moment) for moment in np.unique(known[known > 0.0]))])
    ends = np.append(begins[1:], np.inf)
    stage, row = np.nonzero((before < ends[:, None]) & (stop > begins[:, None]) & (stop > before))
    covariates = observed.covariates[row]
    late = known > np.maximum(begins[stage], 0.0)[:, None] + 2.0 * JUST_BEFORE * np.maximum(begins[stage], 1.0)[:, None]
    if late.any():
        covariates = np.where(late, observed.covariates.mean(axis=0), covariates)
    last = stop[row] <= ends[stage]
    return (
        Observed(
            names=observed.names,
            covariates=covariates,
            exposed=becomes[row] & last,
            entry=np.maximum(before[row], begins[stage]),
            time=np.minimum(stop[row], ends[stage]),
            event=becomes[row] & last,
            patient=observed.patient[row],
        ),
        stage,
        row,
    )


def _matched(
    observed: ObservedOverTime, waiting: Observed, score: Floats, stage: Integers, row: Integers, *,
    ratio: int, caliper: float | None,
) -> Integers:  # fmt: skip
    """Rows of `observed`, (links, 2): a newly exposed patient and one of her controls.

    In order of time; together, the largest score first. Everyone is a control once at most in a stage: were those used up
    before a covariate became known left out after it, the others would differ from the exposed in it at the same score.
    """
    lot, width = lots(observed), sys.float_info.max if caliper is None else caliper
    ends = np.minimum(observed.time, observed.exposed_from)  # as a control
    links: list[tuple[int, int]] = []
    for number in range(int(stage.max()) + 1):
        inside = np.flatnonzero(stage == number)
        if not waiting.event[inside].any():
            continue
        spread = float(score[inside].std(ddof=1)) if len(inside) > 1 else 0.0
        value = score[inside] / spread if spread > 0.0 else np.zeros(len(inside))
        order = np.lexsort((lot[row[inside]], value))
        inside, value, person = inside[order], value[order], row[inside[order]]
        heads = np.flatnonzero(waiting.event[inside])
        heads = heads[np.lexsort((-heads, waiting.time[inside[heads]]))]
        made = nearest_at_risk(
            value, waiting.entry[inside], ends[person], heads, waiting.time[inside[heads]], ratio=ratio, width=width
        )
        if made:
            head, control = np.array(made).T
            links += zip(person[head].tolist(), person[control].tolist(), strict=True)
    return np.array(links, dtype=np.int64).reshape(-1, 2)


def followed(observed: ObservedOverTime, links: Links, *, censored: bool) -> Observed:
    """The sets in long form, months from the exposure that each belongs to; `exposed` is the part played in it."""
    head = np.arange(len(links.row)) <= links.of_set.max()  # the exposed come first, one to a set
    start, row = observed.exposed_from[links.row[head]][links.of_set], links.row
    sample = take(observed, row)
    changes = ~head & (sample.exposed_from < sample.time) & censored
    return Observed(
        names=observed.names,
        covariates=sample.covariates,
        exposed=head,
        entry=np.zeros(len(row)),
        time=np.where(changes, sample.exposed_from, sample.time) - np.maximum(start, 0.0),
        event=sample.event & ~changes,
        patient=sample.patient,
    )
