"""What enters the model of a propensity score: the covariates as they are, bent, and multiplied with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from biasim.kernels.splines import quantile_knots, restricted_cubic
from biasim.methods._balance import smd
from biasim.types import Floats, Integers, Observed

Specification = Literal["linear", "splines", "interactions", "both"]
KNOTS = 4
PATIENTS_PER_COLUMN = 10  # of the smaller arm, for a column beyond the linear ones to be allowed; Peduzzi et al. 1996
DIGITS = 9  # of a standardised difference: what lies beyond could be the order of the rows


@dataclass(frozen=True, slots=True)
class Score:
    """The covariates of a propensity score, none named meaning all measured, and the form in which they enter."""

    covariates: tuple[str, ...] = ()
    specification: Specification = "linear"


def specified(observed: Observed, columns: Integers, specification: Specification) -> Floats:
    """The design matrix of the score, (n, k): the covariates in `columns`, then what the specification adds.

    Splines add two columns (restricted cubic, four knots at quantiles) for each covariate with at least three different knots;
    interactions are the products of two centred covariates. Columns are added as long as the smaller arm holds
    `PATIENTS_PER_COLUMN` patients for each column of the whole, first for the covariates furthest out of balance, splines
    before products, so that with many covariates on few patients the linear model is left. Peduzzi, Concato, Kemper, Holford
    and Feinstein 1996, doi 10.1016/S0895-4356(96)00236-3.
    """
    values = observed.covariates if len(columns) == len(observed.names) else observed.covariates[:, columns]
    if specification == "linear":
        return values
    exposed = int(np.count_nonzero(observed.exposed))
    room = min(exposed, observed.size - exposed) // PATIENTS_PER_COLUMN - len(columns)
    centred, order = _urgent(observed, columns, values)
    added: list[Floats] = []
    if specification != "interactions":
        for bent in _splines(centred):
            if bent.shape[1] > room:
                break
            added.append(bent)
            room -= bent.shape[1]
    if specification != "splines":
        most = max(k for k in range(len(order) + 1) if k * (k - 1) // 2 <= max(room, 0))
        one, other = np.triu_indices(most, 1)
        added.append(centred[:, one] * centred[:, other])
    return np.concatenate((values, *added), axis=1)


def _urgent(observed: Observed, columns: Integers, values: Floats) -> tuple[Floats, Integers]:
    """The columns that vary, standardised, the one furthest out of balance first, and their places among `columns`."""
    differences = np.abs(np.round(smd(observed)[columns], DIGITS))
    order = np.argsort(-differences, kind="stable")
    order = order[np.ptp(values, axis=0)[order] > 0.0]
    some = values[:, order]
    return (some - some.mean(axis=0)) / some.std(axis=0), order


def _splines(centred: Floats) -> Iterator[Floats]:
    """What each covariate gets beside its straight line; two-valued ones nothing."""
    for column, knots in zip(centred.T, quantile_knots(centred, KNOTS), strict=True):
        bent = restricted_cubic(column, knots)
        if bent.shape[1]:
            yield bent
