"""A cohort as a sequence of trials: in each, who begins exposure in its first interval against who does not yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.methods._person_time import Records, as_known, begun
from biasim.methods._starting import Chance, before, chance, log_ratios
from biasim.types import Bools, Floats, Integers, Observed, ObservedOverTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Rows at risk of death of all trials, with the covariates as known at the start of each; or the model that failed."""

    rows: Observed
    trial: Integers
    weights: Floats | None  # None: all 1
    failed: Chance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pieces:
    """Rows of trials: the record that each comes from, its trial, and its weight."""

    record: Integers
    trial: Integers
    entry: Floats
    until: Floats
    exposed: Bools
    weight: Floats


def nested_trials(
    observed: ObservedOverTime, table: Records, columns: Integers, *, last: float, later_exposure: str
) -> Trials:
    """All who are unexposed at its start are in a trial, unexposed until they begin, exposed from then on if that is early.

    Early is in the first interval. Who begins later leaves the trial then (`censored`), with weights against what that
    selects (`weighted`), or stays unexposed to the end (`ignored`).
    """
    count = min(int(np.count_nonzero(table.starts <= last)), len(table.starts) - 1)
    weighing = _weighing(observed, table, columns, count) if later_exposure == "weighted" else [None] * count
    failed = next((found for found in weighing if isinstance(found, Chance)), None)
    if failed is not None:
        weighing = [None] * count
    single = np.array([found is None for found in weighing], dtype=np.bool_)
    pieces = [_whole(observed, table, np.append(single, False), later_exposure), _exposed(observed, table, count)]
    pieces += [_followed(observed, table, m, stay) for m, stay in enumerate(weighing) if stay is not None]
    record, trial, entry, until, exposed, weight = (
        np.concatenate([getattr(piece, name) for piece in pieces]) for name in _Pieces.__dataclass_fields__
    )
    at_risk = np.flatnonzero(entry < until)
    row, trial = table.row[record[at_risk]], trial[at_risk]
    rows = Observed(
        names=observed.names,
        covariates=as_known(observed, row, table.starts[trial], np.arange(len(observed.names))),
        exposed=exposed[at_risk],
        entry=entry[at_risk],
        time=until[at_risk],
        event=observed.event[row] & (until[at_risk] == observed.time[row]),
        patient=observed.patient[row],
    )
    return Trials(rows=rows, trial=trial, weights=None if single.all() else weight[at_risk], failed=failed)


def _weighing(observed: ObservedOverTime, table: Records, columns: Integers, count: int) -> list[Floats | Chance | None]:
    """Per trial the log factors of staying unexposed, or None where the analysis conditions on all that tells who begins.

    The denominator is the chance given every covariate as known month by month; the numerator that given the covariates
    which the outcome model of the trial holds.
    """
    everything = np.arange(len(observed.names))
    known_from = np.zeros(len(observed.names)) if observed.known_from is None else observed.known_from
    conditional = [tuple(columns[known_from[columns] <= start].tolist()) for start in table.starts[:count]]
    found: dict[tuple[int, ...], Floats | Chance | None] = {}
    denominator = None
    for held in dict.fromkeys(conditional):
        if len(set(held)) == len(everything):
            found[held] = None
            continue
        denominator = denominator or chance(observed, table, everything, model="pooled_logistic")
        numerator = chance(observed, table, np.array(held, dtype=np.int64), model="pooled_logistic")
        failed = next((fitted for fitted in (denominator, numerator) if fitted.message), None)
        found[held] = failed or log_ratios(numerator, denominator)[0]
    return [found[held] for held in conditional]


def _whole(observed: ObservedOverTime, table: Records, single: Bools, later_exposure: str) -> _Pieces:
    """One unexposed row per patient and trial without weights; `single` (trials + 1,) ends with False."""
    record = np.flatnonzero(single[np.minimum(table.interval, len(single) - 1)])
    row, trial = table.row[record], table.interval[record]
    begin = begun(observed)[row]
    until = np.minimum(observed.time[row], begin)
    if later_exposure == "ignored":
        until = np.where(table.begins[record], until, observed.time[row])
    return _pieces(observed, table, record, trial, until=until, exposed=False)


def _followed(observed: ObservedOverTime, table: Records, trial: int, stay: Floats) -> _Pieces:
    """Unexposed rows of one trial, a row per interval with the weight of its middle; 1 in the first, where none leaves."""
    record = np.flatnonzero(table.interval >= trial)
    row, where = table.row[record], table.interval[record]
    until = np.minimum(np.minimum(observed.time, begun(observed))[row], table.ends[where])
    earlier = before(table, stay)
    origin = np.minimum(table.first[record] + trial + 1, len(table.row) - 1)  # of the second interval, where there is one
    with np.errstate(over="ignore"):
        weight = np.where(where > trial, np.exp(earlier[record] - earlier[origin] + 0.5 * stay[record]), 1.0)
    return _pieces(observed, table, record, np.full(len(record), trial), until=until, exposed=False, weight=weight)


def _exposed(observed: ObservedOverTime, table: Records, count: int) -> _Pieces:
    record = np.flatnonzero(table.begins & (table.interval < count))
    until = observed.time[table.row[record]]
    return _pieces(observed, table, record, table.interval[record], until=until, exposed=True)


def _pieces(
    observed: ObservedOverTime,
    table: Records,
    record: Integers,
    trial: Integers,
    *,
    until: Floats,
    exposed: bool,
    weight: Floats | None = None,
) -> _Pieces:
    row = table.row[record]
    begin = begun(observed)[row] if exposed else table.starts[table.interval[record]]
    return _Pieces(
        record=record,
        trial=trial,
        entry=np.maximum(observed.entry[row], begin),
        until=until,
        exposed=np.full(len(record), exposed),
        weight=np.ones(len(record)) if weight is None else weight,
    )
