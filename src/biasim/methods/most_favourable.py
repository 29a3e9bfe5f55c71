"""The hazard ratio of whichever defensible analysis looks best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from math import exp
from typing import Annotated, Any, Literal

import numpy as np

from biasim.answers import Estimate
from biasim.methods._checks import CONDITIONAL, NORMAL_975, counts, estimated, refusal
from biasim.methods._models import Tried, answered, tried
from biasim.types import Observed
from biasim.units import PositiveCount, Switch


def most_favourable(
    observed: Observed,
    *,
    models: Annotated[PositiveCount, Switch(1)] = 12,
    chosen_by: Annotated[Literal["hazard_ratio", "p_value", "median"], Switch("median")] = "hazard_ratio",
) -> Estimate:
    """The log hazard ratio of exposure from the most favourable of many analyses, reported as if it were the only one.

    The analyses, in this order: Cox regression on all covariates, crude, matched, weighted, in fifths of the score, without
    deaths of the first three months, on the score, with overlap weights, with entropy balancing, crude without early deaths;
    then on all covariates but one, all but two, and so on. One without an estimate is passed over. Diagnostics: `models_tried`,
    `models_answered`, `reported` (its number), the vibration of effects `lowest`, `highest` (log hazard ratios) and
    `relative_hazard_ratio` (the one over the other), `share_significant`, `share_in_favour` (significant so).

    Claims
    ------
    The conditional log hazard ratio, as the first analysis does; with no effect all claims are one.

    Assumes
    -------
    The analysis was named before the data were seen (`models` 1); what that analysis assumes.

    Breaks when
    -----------
    It was chosen by its result: the lowest of many estimates that scatter about one truth is below it, the more, the
    more they scatter, and the interval of the one chosen knows nothing of the others: it favours the exposed. Which analyses are
    tried matters more than how many: where some are biased, the choice finds them. The median of all scatters about the
    middle of their claims; its error is the median error, which is not that of a median.

    Parameters
    ----------
    models : int
        How many analyses are tried, from the front of the list; 1 is the first alone. Default: assumed.
    chosen_by : {"hazard_ratio", "p_value", "median"}
        What is reported: the lowest hazard ratio, the one of most significance in favour of exposure, or the median of
        all (with the median error), which is no choice at all. Default: assumed.

    References
    ----------
    Vibration of effects: Patel, Burford and Ioannidis 2015, doi 10.1016/j.jclinepi.2015.05.029. Reporting all: Steegen,
    Tuerlinckx, Gelman and Vanpaemel 2016, doi 10.1177/1745691616658637.
    """
    diagnostics = counts(observed)
    if refused := refusal(CONDITIONAL, observed, diagnostics):
        return refused
    every = tried(observed, models)
    usable = answered(every)
    if not usable:
        return replace(every[0].found, estimand=CONDITIONAL, diagnostics=diagnostics)
    diagnostics |= vibration(every, usable)
    if chosen_by == "median":
        estimates = np.array([(one.found.estimate, one.found.standard_error) for one in usable])
        return estimated(CONDITIONAL, *np.median(estimates, axis=0), diagnostics)
    best = favourite(usable, chosen_by)
    diagnostics["reported"] = 1.0 + next(number for number, one in enumerate(every) if one is best)
    return estimated(CONDITIONAL, best.found.estimate, best.found.standard_error, diagnostics)


def favourite(usable: list[Tried], chosen_by: str) -> Tried:
    """The one that looks best for exposure; of equals the first."""
    return min(usable, key=lambda one: one.z if chosen_by == "p_value" else one.found.estimate)


def vibration(every: list[Tried], usable: list[Tried]) -> dict[str, float]:
    """How far the analyses are apart, and how many of them are significant."""
    estimates, z = np.array([(one.found.estimate, one.z) for one in usable]).T
    lowest, highest = float(estimates.min()), float(estimates.max())
    return {
        "models_tried": float(len(every)),
        "models_answered": float(len(usable)),
        "lowest": lowest,
        "highest": highest,
        "relative_hazard_ratio": exp(highest - lowest),
        "share_significant": float(np.mean(np.abs(z) > NORMAL_975)),
        "share_in_favour": float(np.mean(z < -NORMAL_975)),
    }


def models_table(observed: Observed, parameters: Mapping[str, Any]) -> list[tuple[str, float, float, bool]]:
    """(model, estimate, p, whether it is the one reported) of every analysis with an estimate; none where one was named."""
    asked = {name: value.default for name, value in signature(most_favourable).parameters.items()} | dict(parameters)
    usable = answered(tried(observed, asked["models"])) if asked["models"] > 1 else []
    best = favourite(usable, asked["chosen_by"]) if usable and asked["chosen_by"] != "median" else None
    return [(one.name, one.found.estimate, one.p, one is best) for one in usable]
