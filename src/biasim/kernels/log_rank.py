"""The log-rank test and its weighted family for any number of groups, with strata and delayed entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from biasim.kernels import tied_times
from biasim.types import Bools, Floats, Integers

RANK = 1e-11  # of the correlation matrix: an eigenvalue below this is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """Observed and expected deaths by group (g,), their covariance (g, g), and the test on `degrees` of freedom.

    Groups that are never at risk at a death (expected 0) are left out of the test, and `degrees` counts the comparisons that
    are independent; where no two groups are ever at risk together, chi2 is 0 and p 1 on 0 degrees.
    """

    groups: np.ndarray  # the distinct labels, sorted
    observed: Floats
    expected: Floats
    variance: Floats
    chi2: float
    degrees: int
    p: float


def log_rank(
    time: Floats,
    event: Bools,
    group: np.ndarray,
    *,
    entry: Floats | None = None,
    strata: np.ndarray | None = None,
    rho: float = 0.0,
) -> LogRank:
    """Compare the groups' mortality; `rho` weights each death by S(t-)^rho of the pooled curve of its stratum.

    rho 0 is the log-rank (Mantel-Haenszel) test, 1 Peto and Peto's modification of the Wilcoxon test. Harrington and
    Fleming 1982, doi 10.1093/biomet/69.3.553. Times apart by rounding only are one time, as in R's `survdiff`.
    """
    groups, member = _labels(np.asarray(group))
    layer = None if strata is None else np.unique(strata, return_inverse=True)[1]
    counted = _counted(time, event, member, len(groups), entry, layer)
    if counted is None:
        return _result(groups, np.zeros(len(groups)), np.zeros(len(groups)), np.zeros((len(groups),) * 2))
    cells, at_risk, deaths = counted
    return _result(groups, *_moments(at_risk, deaths, _weights(at_risk, deaths, cells.stop, rho)))


def deaths_and_at_risk(
    time: Floats, event: Bools, exposed: Bools, *, entry: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Each death time at which both arms are at risk: deaths (2, m), at risk (2, m), unexposed first, and S(t-) pooled, (m,)."""
    counted = _counted(time, event, np.asarray(exposed, dtype=np.int64), 2, entry, None)
    if counted is None:
        return np.zeros((2, 0)), np.zeros((2, 0)), np.zeros(0)
    cells, at_risk, deaths = counted
    told = (deaths.sum(axis=0) > 0.0) & (at_risk > 0.0).all(axis=0)
    return deaths[:, told], at_risk[:, told], _before(at_risk, deaths, cells.stop)[told]


def _counted(
    time: Floats, event: Bools, member: Integers, groups: int, entry: Floats | None, layer: Integers | None
) -> tuple[_Cells, Floats, Floats] | None:
    """The cells, and by group and cell (groups, m) who is at risk and who dies; None where nobody dies."""
    time, died = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    tied_times.refuse_nan(time=time, entry=entry)
    if entry is not None:
        time, entry = tied_times.merge(time, np.asarray(entry, dtype=np.float64))
        kept = entry < time
        time, died, member, entry = time[kept], died[kept], member[kept], entry[kept]
        layer = None if layer is None else layer[kept]
    if not died.any():
        return None
    cells = _cells(time, layer, merged=entry is not None)
    at_risk = cells.from_here_on(cells.of_row, member, groups)
    if entry is not None:
        first = cells.first_after(entry, layer)
        # not yet at risk in a cell: rows whose first cell is a later one; in its own first cell a row is at risk
        at_risk -= cells.from_here_on(first, member, groups) - cells.tally(first, member, groups)
    dead = np.flatnonzero(died)
    return cells, at_risk, cells.tally(cells.of_row[dead], member[dead], groups)


def _labels(group: np.ndarray) -> tuple[np.ndarray, Integers]:
    """The groups and the position of each row's; a boolean exposure has both, whoever is there."""
    if group.dtype == np.bool_:
        return np.array([False, True]), group.astype(np.int64)
    return np.unique(group, return_inverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """The distinct (stratum, time) pairs at which a row ends, in that order; somebody is at risk in each."""

    key: Integers  # (m,) stratum * len(grid) + position in grid
    stop: Integers  # (m,) one past the last cell of the same stratum
    of_row: Integers  # (n,)
    grid: Floats

    def tally(self, cell: Integers, member: Integers, groups: int) -> Floats:
        """Rows by group and cell, shape (groups, m)."""
        counts = np.bincount(member * len(self.key) + cell, minlength=len(self.key) * groups)
        return counts.astype(np.float64).reshape(groups, -1)

    def from_here_on(self, cell: Integers, member: Integers, groups: int) -> Floats:
        """Rows by group whose cell is this one or a later one of the stratum."""
        before = np.zeros((groups, len(self.key) + 1))
        self.tally(cell, member, groups).cumsum(axis=1, out=before[:, 1:])
        ended = before[:, -1:] if self.stop[0] == len(self.key) else before[:, self.stop]
        return ended - before[:, :-1]

    def first_after(self, entry: Floats, layer: Integers | None) -> Integers:
        """The first cell of the row's stratum after its entry; there is one, its own at the latest."""
        position = np.searchsorted(self.grid, entry, side="right")
        return np.searchsorted(self.key, position if layer is None else layer * len(self.grid) + position)


def _cells(time: Floats, layer: Integers | None, *, merged: bool) -> _Cells:
    """Cells of times that are `merged` with the entries already, or of times as they are."""
    order = np.argsort(time, kind="stable")
    ascending = time[order]
    begins = tied_times.new_values(ascending) if merged else tied_times.starts(ascending)
    of_row = np.empty(len(time), dtype=np.int64)
    of_row[order] = begins.cumsum() - 1
    grid = ascending[begins]
    if layer is None:
        return _Cells(key=np.arange(len(grid)), stop=np.full(len(grid), len(grid)), of_row=of_row, grid=grid)
    key, of_row = np.unique(layer * len(grid) + of_row, return_inverse=True)
    stratum = key // len(grid)
    return _Cells(key=key, stop=np.searchsorted(stratum, stratum, side="right"), of_row=of_row, grid=grid)


def _weights(at_risk: Floats, deaths: Floats, stop: Integers, rho: float) -> Floats | None:
    """S(t-)^rho of the pooled curve of the stratum; None for rho 0."""
    if rho == 0.0:
        return None
    before = _before(at_risk, deaths, stop)
    with np.errstate(divide="ignore"):
        return np.where(before > 0.0, before**rho, 0.0)  # nobody of the pooled curve is left: a negative rho has no weight there


def _before(at_risk: Floats, deaths: Floats, stop: Integers) -> Floats:
    """S(t-) of the pooled curve, begun anew in every stratum (cells of one stratum share `stop`)."""
    left = at_risk.sum(axis=0) - deaths.sum(axis=0)
    factor = np.maximum(left, 0.0) / at_risk.sum(axis=0)
    begins = np.flatnonzero(np.diff(stop, prepend=-1))
    before = np.empty_like(factor)
    for begin, end in zip(begins, np.append(begins[1:], len(stop)), strict=True):
        before[begin] = 1.0
        np.cumprod(factor[begin : end - 1], out=before[begin + 1 : end])
    return before


def _moments(at_risk: Floats, deaths: Floats, weight: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Weighted observed and expected deaths, and the hypergeometric covariance of their difference; input (groups, cells)."""
    total, died = at_risk.sum(axis=0), deaths.sum(axis=0)
    share = at_risk / total
    spread = died * (total - died) / np.maximum(total - 1.0, 1.0)
    if weight is not None:
        deaths, died, spread = deaths * weight, died * weight, spread * weight**2
    scaled = share * spread
    return deaths.sum(axis=1), share @ died, np.diag(scaled.sum(axis=1)) - scaled @ share.T


def _result(groups: np.ndarray, observed: Floats, expected: Floats, variance: Floats) -> LogRank:
    """The test on as many degrees of freedom as there are independent comparisons: groups never at risk together add none."""
    tested = np.flatnonzero(expected > 0.0)[1:]  # the differences sum to 0: one group is redundant
    spread = np.sqrt(np.maximum(variance.diagonal()[tested], 0.0))
    unit = np.where(spread > 0.0, spread, 1.0)
    difference = (observed - expected)[tested] / unit
    values, vectors = np.linalg.eigh(variance[np.ix_(tested, tested)] / np.outer(unit, unit))
    kept = values > RANK
    chi2 = float((((vectors.T @ difference)[kept]) ** 2 / values[kept]).sum())
    degrees = int(kept.sum())
    return LogRank(
        groups=groups, observed=observed, expected=expected, variance=variance, chi2=chi2, degrees=degrees,
        p=float(chdtrc(degrees, chi2)) if degrees else 1.0,
    )  # fmt: skip
