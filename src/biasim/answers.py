"""What comes out: a method's estimate, an estimand's truth, a measure's value, each with its error and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from biasim.types import Floats


class Status(StrEnum):
    """How an analysis ended. Everything but OK carries no usable estimate and is counted."""

    OK = "ok"
    NOT_CONVERGED = "not converged"
    NO_PATIENTS = "no patients"
    NOBODY_EXPOSED = "nobody exposed"
    NOBODY_UNEXPOSED = "nobody unexposed"
    NO_EVENTS = "no events"
    SEPARATION = "separation"
    SINGULAR = "singular"
    BEYOND_FOLLOW_UP = "beyond follow-up"
    NO_COVARIATES = "no covariates"
    NO_MATCHES = "no matches"
    MISSING_VALUES = "missing values"
    NOT_WRITTEN_UP = "not written up"  # there was an estimate; no reader ever sees it


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a method reports. Hazard ratios are on the log scale; months and probabilities are not transformed."""

    estimand: str  # the estimand it claims, e.g. "marginal_log_hazard_ratio", "rmst_difference(horizon=60)"
    estimate: float = np.nan
    standard_error: float = np.nan
    low: float = np.nan  # 95% confidence interval
    high: float = np.nan
    status: Status = Status.OK
    message: str = ""
    diagnostics: Mapping[str, float] = field(default_factory=dict)


def on_log_scale(estimand: str) -> bool:
    """Whether values of an estimand, as methods claim it, are log hazard ratios: lower favours surgery."""
    return estimand.partition("(")[0].endswith("log_hazard_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The value of an estimand in a cohort, with its Monte Carlo standard error."""

    value: float
    mcse: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """One method's results over replicates: usable rows only, shape (r,); `attempts` counts the failed ones too."""

    estimate: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A performance measure with its Monte Carlo standard error."""

    value: float
    mcse: float
