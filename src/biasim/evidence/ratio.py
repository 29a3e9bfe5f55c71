"""A published ratio with its interval, brought to 95% and to one orientation: operated against not operated."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist

from biasim.evidence.row import Row

LEVEL = 95.0  # percent: the level every interval is brought to


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Row):
    """A row whose figure is a ratio of operated to not operated; below 1 favours surgery."""

    hr: float | None
    low: float | None  # 95% confidence interval, converted where the paper printed another level
    high: float | None
    printed_level: float | None  # percent, as printed in the paper; None without an interval
    printed_ends: tuple[float, float] | None  # the interval before it was converted

    @property
    def converted(self) -> bool:
        """Whether the interval is a conversion of one printed at another level."""
        return self.low is not None and self.printed_level != LEVEL

    @property
    def figure(self) -> str:
        """`HR 0.61 (0.58 to 0.65)`."""
        return ratio_text(self)


def ratio_text(row: Ratio) -> str:
    """The ratio with its 95% interval in brackets; a dash where there is none."""
    if row.hr is None:
        return "-"
    name = "RR" if "relative" in row.what else "HR"
    if row.low is None or row.high is None:
        return f"{name} {spelled(row.hr)}"
    ends = (round(end, 2) if row.converted else end for end in (row.low, row.high))
    return f"{name} {spelled(row.hr)} ({' to '.join(spelled(end) for end in ends)})"


def spelled(value: float) -> str:
    """A ratio with the digits that were printed: two decimals, or three where the third is not zero."""
    text = f"{value:.3f}"
    return text.removesuffix("0")


def at_95(hr: float, low: float, high: float, level: float) -> tuple[float, float]:
    """The 95% interval of a hazard ratio whose interval was printed at `level` percent.

    The standard error of log hr is (ln high - ln low) / (2 z(level)). An interval printed at 95% is
    returned as printed, rounding included.
    """
    if level == LEVEL:
        return low, high
    standard_error = (log(high) - log(low)) / (2 * _z(level))
    reach = _z(LEVEL) * standard_error
    return exp(log(hr) - reach), exp(log(hr) + reach)


def _z(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 200)
