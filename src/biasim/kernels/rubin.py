"""Rubin's rules: one estimate from those of several completed data sets, and what the missing values cost."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isinf, sqrt

import numpy as np
from scipy.special import stdtrit

from biasim.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """The combined estimate with its t interval."""

    estimate: float
    standard_error: float
    low: float
    high: float
    degrees_of_freedom: float
    increase: float  # of the variance by missing values, relative to the mean variance within
    lost: float  # share of the information that the missing values took, (increase + 2 / (df + 3)) / (increase + 1)


def combined(estimate: Floats, standard_error: Floats, *, complete: float = inf, level: float = 0.95) -> Combined:
    """Combine m >= 2 estimates (m,) with their errors (m,), `complete` being the degrees of freedom without missing values.

    Total variance: the mean of the squared errors plus (1 + 1/m) times the variance between the estimates. Rubin 1987, Multiple
    Imputation for Nonresponse in Surveys, section 3.1; degrees of freedom as Barnard and Rubin 1999, doi
    10.1093/biomet/86.4.948. Conventions are those of `pool.scalar` of R's mice 3.15.
    """
    y, s = np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, dtype=np.float64)
    m, within = len(y), float(np.mean(s**2))
    between = (1.0 + 1.0 / m) * float(np.var(y, ddof=1))
    total = within + between
    freedom = _freedom(m, between / total, complete)
    half = float(stdtrit(freedom, (1.0 + level) / 2.0)) * sqrt(total)
    middle, increase = float(y.mean()), between / within
    return Combined(
        estimate=middle,
        standard_error=sqrt(total),
        low=middle - half,
        high=middle + half,
        degrees_of_freedom=freedom,
        increase=increase,
        lost=(increase + 2.0 / (freedom + 3.0)) / (increase + 1.0),
    )


LEAST = 1e-4  # share of the variance between imputations, below which it is taken as this


def _freedom(m: int, share: float, complete: float) -> float:
    """Degrees of freedom when `share` of the variance lies between the m imputations."""
    share = max(share, LEAST)
    many = (m - 1) / share**2
    if isinf(complete):
        return many
    seen = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    return many * seen / (many + seen)
