"""Person-time in pieces: intervals in which exposure may begin, and covariates as they are known at each moment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from biasim.methods._checks import take
from biasim.types import Bools, Floats, Integers, Observed, ObservedOverTime

MOST = 240  # intervals: more would cost memory and hold one start of exposure each


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """One record per patient and interval begun while she lives, is followed and is not yet exposed; by patient, in time.

    Interval k holds the months `starts[k]` <= t < `starts[k + 1]`, the last one all that come. Records before a late entry
    are there too, since weights count from time zero, but say that they were not `seen`.
    """

    starts: Floats  # (intervals,) ascending from 0
    row: Integers  # (records,) row of the data
    interval: Integers  # (records,)
    begins: Bools  # (records,) exposure begins in it
    seen: Bools  # (records,) she was under observation in it
    first: Integers  # (records,) number of the patient's first record

    @property
    def ends(self) -> Floats:
        return np.append(self.starts[1:], np.inf)


def records(observed: ObservedOverTime, interval: float) -> Records:
    """The person-intervals at risk of beginning exposure; the last interval holds no start of anybody's.

    Intervals are `interval` months long, cut once more where a covariate becomes known; longer when there would be more
    than `MOST` of them.
    """
    starts = _starts(observed, interval)
    begin, stop = begun(observed), observed.time
    count = np.minimum(np.searchsorted(starts, stop, side="left"), np.searchsorted(starts, begin, side="right"))
    row = np.repeat(np.arange(observed.size), count)
    first = np.repeat(np.cumsum(count) - count, count)
    number = np.arange(len(row)) - first
    ends = np.append(starts[1:], np.inf)[number]
    entry = observed.entry[row]
    return Records(
        starts=starts,
        row=row,
        interval=number,
        begins=begin[row] < ends,
        seen=(entry <= 0.0) | (np.minimum(np.minimum(begin, stop)[row], ends) > entry),
        first=first,
    )


def begun(observed: ObservedOverTime) -> Floats:
    """Month in which exposure begins, inf for those in whom that is not seen."""
    return np.where(observed.exposed_from < observed.time, np.maximum(observed.exposed_from, 0.0), np.inf)


def _starts(observed: ObservedOverTime, interval: float) -> Floats:
    """Starts of the intervals up to the last start of exposure, and of the one after it."""
    begin = begun(observed)
    last = float(begin.max(initial=0.0, where=np.isfinite(begin)))
    width = min(max(interval, last / MOST), last + 1.0)
    regular = np.arange(int(last / width) + 2) * width
    known = late(observed.known_from)
    return np.unique(np.concatenate((regular, known[known < regular[-1]])))


def late(known_from: Floats | None) -> Floats:
    """Distinct months after time zero in which a covariate becomes known."""
    return np.zeros(0) if known_from is None else np.unique(known_from[known_from > 0.0])


def unexposed_and_exposed(observed: ObservedOverTime, table: Records) -> tuple[Observed, Integers]:
    """Rows at risk of death without covariates, one per record while unexposed and one from the start of exposure on.

    The second array holds the record that each row belongs to: of an exposed row, the one in which exposure began.
    """
    begin = begun(observed)
    opens, closes = table.starts[table.interval], table.ends[table.interval]
    first = np.flatnonzero(table.begins)
    record = np.concatenate((np.arange(len(table.row)), first))
    row, exposed = table.row[record], np.arange(len(record)) >= len(table.row)
    until = np.concatenate((np.minimum(np.minimum(observed.time, begin)[table.row], closes), observed.time[table.row[first]]))
    entry = np.maximum(observed.entry[row], np.concatenate((opens, begin[table.row[first]])))
    at_risk = np.flatnonzero(entry < until)
    row, until = row[at_risk], until[at_risk]
    rows = Observed(
        names=(),
        covariates=np.empty((len(row), 0)),
        exposed=exposed[at_risk],
        entry=entry[at_risk],
        time=until,
        event=observed.event[row] & (until == observed.time[row]),
        patient=observed.patient[row],
    )
    return rows, record[at_risk]


def as_known(observed: Observed, rows: Integers, months: Floats, columns: Integers) -> Floats:
    """Covariates of `rows` as known in `months`, (len(rows), len(columns)): 0 where the value is not known yet."""
    everything = np.array_equal(columns, np.arange(len(observed.names)))
    values = observed.covariates.take(rows, axis=0) if everything else observed.covariates[rows[:, None], columns]
    if observed.known_from is not None:
        for place, since in enumerate(observed.known_from[columns]):
            if since > 0.0:
                values[months < since, place] = 0.0
    return values


def when_known(intervals: Observed, known_from: Floats | None) -> Observed:
    """Rows at risk cut where a covariate becomes known, with 0 for its value before; nan before it does no harm."""
    rows = replace(intervals, known_from=known_from)
    for month in late(known_from):
        rows = split(rows, float(month))
    return replace(rows, covariates=as_known(rows, np.arange(rows.size), rows.entry, np.arange(len(rows.names))))


def split(rows: Observed, month: float) -> Observed:
    """Rows observed both before and after a month in two pieces: all of them up to it, then what comes after it."""
    later = np.flatnonzero((rows.entry < month) & (month < rows.time))
    ends = np.zeros(rows.size, dtype=np.bool_)
    ends[later] = True
    both = take(rows, np.concatenate((np.arange(rows.size), later)))
    return replace(
        both,
        entry=np.concatenate((rows.entry, np.full(len(later), month))),
        time=np.concatenate((np.where(ends, month, rows.time), rows.time[later])),
        event=np.concatenate((rows.event & ~ends, rows.event[later])),
    )
