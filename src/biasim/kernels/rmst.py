"""Restricted mean survival time: the area under the Kaplan-Meier curve up to a horizon."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np

from biasim.kernels.kaplan_meier import Curve


def restricted_mean(fitted: Curve, horizon: float) -> tuple[float, float]:
    """Mean months lived up to `horizon`, and its standard error; (nan, nan) for a curve of nobody.

    The variance is that of the mean (not of the truncated lifetime): the sum over times of death of
    (area to the right)^2 d / (n (n - d)); a last death of everybody left adds nothing. Weighted counts enter
    as they are, as in R's `print(survfit, rmean=)`. A horizon beyond the last time carries the last value on,
    which is exact when survival is 0 there and a guess otherwise: ask `kaplan_meier.reaches` first.
    Irwin 1949, doi 10.1017/S0022172400014443; Royston and Parmar 2013, doi 10.1186/1471-2288-13-152.
    """
    if len(fitted.time) == 0:
        return nan, nan
    known = int(np.searchsorted(fitted.time, horizon, side="right"))
    moments = np.concatenate(([min(0.0, float(fitted.time[0]))], fitted.time[:known], [horizon]))
    level = np.concatenate(([1.0], fitted.survival[:known]))
    areas = (moments[1:] - moments[:-1]) * level
    to_the_right = areas[:0:-1].cumsum()[::-1]
    at_risk, deaths = fitted.at_risk[:known], fitted.events[:known]
    counted = (deaths > 0.0) & (at_risk > deaths)
    product = np.where(counted, at_risk * (at_risk - deaths), 1.0)
    variance = np.sum(to_the_right**2 * np.where(counted, deaths, 0.0) / product)
    return float(areas.sum() + moments[0]), sqrt(variance)
