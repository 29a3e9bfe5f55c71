"""Rates that are constant between known moments: what they accumulate, and when they have accumulated a given total.

Time here is any clock on which the rate is a step function. A Weibull hazard is brought to
that form by measuring time in its own cumulative hazard, so no grid is needed: the inversion
is exact, segment by segment, for all patients at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from biasim.types import Floats


def accumulate(moment: Floats | float, starts: Sequence[Floats | float], rates: Sequence[Floats | float]) -> Floats:
    """Total accumulated from 0 to `moment` at rate `rates[j]` from `starts[j]` on.

    `starts` ascend from 0 and may be scalars or (n,); an infinite start is a segment never
    reached. Rates are positive. Returns (n,).
    """
    with np.errstate(invalid="ignore"):
        total = np.minimum(moment, starts[1]) * rates[0] if len(starts) > 1 else np.multiply(moment, rates[0])
        for j in range(1, len(starts)):
            end = np.minimum(moment, starts[j + 1]) if j + 1 < len(starts) else moment
            total = np.where(np.greater(moment, starts[j]), total + (end - starts[j]) * rates[j], total)
    return total


def reach(total: Floats | float, starts: Sequence[Floats | float], rates: Sequence[Floats | float]) -> Floats:
    """The moment at which `total` has been accumulated: the exact inverse of `accumulate`.

    Within a segment the moment is start + remainder / rate, so a patient whose total is spent
    before the first change gets total / rates[0], untouched by anything that would come later.
    """
    moment = np.divide(total, rates[0])
    spent: Floats | float = 0.0
    with np.errstate(invalid="ignore"):
        for j in range(1, len(starts)):
            spent = spent + rates[j - 1] * (starts[j] - starts[j - 1])
            moment = np.where(np.greater(total, spent), starts[j] + (total - spent) / rates[j], moment)
    return moment
