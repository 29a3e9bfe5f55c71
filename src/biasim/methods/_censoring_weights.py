"""Weights that undo artificial censoring: clones that go on stand for those like them who left the arm."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Literal

import numpy as np

from biasim.answers import Status
from biasim.methods._checks import chosen
from biasim.methods._clones import Clones
from biasim.methods._surgery_models import CumulativeHazard, Waiting, by_cox, by_months, chance_by_end
from biasim.types import Bools, Floats, Observed
from biasim.units import UpperShare

LARGEST = 230.0  # log of the largest weight, so that squares and sums stay finite
SAID = MappingProxyType({
    Status.SEPARATION: "censoring weights: the covariates tell exactly who is operated",
    Status.NOT_CONVERGED: "censoring weights: the model of surgery did not converge",
    Status.SINGULAR: "censoring weights: the information matrix is singular",
    Status.MISSING_VALUES: "a covariate of the censoring weights has missing values: impute them, or use complete cases",
})


@dataclass(frozen=True, slots=True, kw_only=True)
class CensoringModel:
    """How the weights of artificial censoring are made."""

    model: Literal["cox", "pooled_logistic", "none"] = "cox"
    using: tuple[str, ...] = ()  # none named: all that are measured
    truncate: UpperShare | None = None  # weights of an arm are cut at this quantile of its clones' last weights


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmWeights:
    """The weights of one arm's clones: growing with the hazard of surgery, or one step; cut at `most`."""

    growing: CumulativeHazard | None  # of the unoperated: exp(cumulative hazard so far)
    fixed: Floats  # (n,) from `until` on; before it `growing`, or 1
    until: float
    most: float = inf

    def late(self) -> Floats:
        """(n,) from the last change on."""
        return np.minimum(self.fixed, self.most)

    def early(self, months: Floats, own: Floats) -> Floats:
        """(k, r) just before each of k months up to the last change, for rows of the hazard `own` (r, q)."""
        assert self.growing is not None
        grown = self.growing.before(months).T @ own.T
        if self.cut or self.most < inf:
            np.minimum(grown, LARGEST, out=grown)
            return np.minimum(np.exp(grown, out=grown), self.most, out=grown)
        return np.exp(grown, out=grown)

    @property
    def cut(self) -> bool:
        """Whether some weight is too large for a number."""
        return bool(len(self.fixed)) and float(self.fixed.max()) >= np.exp(LARGEST)

    def at_own(self, months: Floats) -> Floats:
        """(n,) of each clone just before a month of her own."""
        if self.growing is None:
            return np.where(months > self.until, self.late(), np.minimum(1.0, self.most))
        grown = np.einsum("nq,qn->n", self.growing.own, self.growing.before(months))
        return np.minimum(np.exp(np.minimum(grown, LARGEST)), self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of both arms, or why there are none."""

    operated: ArmWeights | None = None
    unoperated: ArmWeights | None = None
    status: Status = Status.OK

    @property
    def message(self) -> str:
        return SAID.get(self.status, f"censoring weights: {self.status}")


def covariates_of(observed: Observed, found: Clones, model: CensoringModel) -> tuple[Floats, Floats, Bools]:
    """The covariates of the weights, the months from which they are known, and which patients lack a value they need.

    What becomes known only after the last month in which a clone can be censored is left out. A value that is missing
    because its patient was no longer observed when it became known is never used, and set to 0.
    """
    columns = chosen(observed, model.using or True)
    known_from = np.zeros(len(observed.names)) if observed.known_from is None else observed.known_from
    columns = columns[_known(known_from[columns], found.forbidden)]
    values, known_from = observed.covariates[:, columns], known_from[columns]
    missing = np.isnan(values)
    lacking = (missing & (observed.time[:, None] > known_from)).any(axis=1)
    return np.where(missing, 0.0, values), known_from, lacking


def weights_of(found: Clones, covariates: Floats, known_from: Floats, copies: Floats, model: CensoringModel) -> Weights:
    """Weights of both arms for patients that are each in the (re)sample `copies` times."""
    ones = np.ones(len(copies))
    if model.model == "none":
        one = ArmWeights(growing=None, fixed=ones, until=inf)
        return Weights(operated=one, unoperated=one)
    waiting = Waiting(
        entry=found.entry,
        stop=np.minimum(np.minimum(found.surgery, found.time), found.forbidden),
        operated=found.departs,
        covariates=covariates,
        known_from=known_from,
        copies=copies,
        limit=found.forbidden,
    )
    growing, status = (by_cox if model.model == "cox" else by_months)(waiting)
    if growing is None:
        return Weights(status=status)
    chance, status = _chance(found, covariates, known_from, copies, model.model)
    if chance is None:
        return Weights(status=status)
    grown = np.exp(np.minimum(growing.total(), LARGEST))
    unoperated = ArmWeights(growing=growing, fixed=grown, until=growing.last)
    operated = ArmWeights(growing=None, fixed=1.0 / np.maximum(chance, np.exp(-LARGEST)), until=found.grace)
    if model.truncate is None:
        return Weights(operated=operated, unoperated=unoperated)
    return Weights(
        operated=_cut(operated, found.operated_end, found.entry, copies, model.truncate),
        unoperated=_cut(unoperated, found.unoperated_end, found.entry, copies, model.truncate),
    )


def _known(known_from: Floats, month: float) -> Bools:
    """Which covariates are known before a month, those of time zero always among them."""
    return (known_from < month) | (known_from <= 0.0)


def _chance(
    found: Clones, covariates: Floats, known_from: Floats, copies: Floats, model: str
) -> tuple[Floats | None, Status]:
    """The chance of being operated within the grace period given survival to its end, (n,); 1 for who is not put to the test.

    It is fitted in those observed beyond the grace period, because they are the ones whom the operated then stand for.
    """
    tested = np.flatnonzero(found.put_to_the_test)
    known = _known(known_from, found.grace)
    result = np.ones(len(copies))
    if not (copies[tested] > 0.0).any():
        return result, Status.OK
    later = np.flatnonzero((found.time > found.grace) & found.within)
    rows = np.union1d(tested, later)
    waiting = Waiting(
        entry=found.entry[rows],
        stop=np.minimum(found.surgery, found.grace)[rows],
        operated=found.within[rows],
        covariates=covariates[:, known][rows],
        known_from=known_from[known],
        copies=np.where(found.entry <= found.grace, copies, 0.0)[rows],
        limit=found.grace,
    )
    chance, status = chance_by_end(waiting, model, found.grace)
    if chance is not None:
        result[rows] = chance
    return (result if chance is not None else None), status


def _cut(arm: ArmWeights, end: Floats, entry: Floats, copies: Floats, share: float) -> ArmWeights:
    """The same weights, cut at a quantile of the last weight of every clone of the arm."""
    there = (copies > 0.0) & (entry < end)
    if not there.any():
        return arm
    last = arm.at_own(end)[there]
    most = float(np.quantile(last, share, method="inverted_cdf", weights=copies[there]))
    return ArmWeights(growing=arm.growing, fixed=arm.fixed, until=arm.until, most=most)
