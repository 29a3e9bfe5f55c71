"""What becomes known of studies: which are written up, and what a reader can make of those that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

import numpy as np

from biasim.kernels.pooling import Heterogeneity, Pooled, pool
from biasim.kernels.selection import precision_effect, selection_model
from biasim.kernels.small_studies import trim_and_fill
from biasim.methods._checks import NORMAL_975
from biasim.types import Bools, Floats, Observed


def lot(observed: Observed) -> float:
    """A number from 0 to 1 that the times of these data decide, as if drawn: the same whatever the chance it is held against."""
    digest = blake2b(b"written up" + np.sort(observed.time).tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2.0**64


def taken(estimate: Floats, standard_error: Floats, drawn: Floats, share: float) -> Bools:
    """Whether results are written up: significant in favour of exposure at 5% two-sided always, others with chance `share`."""
    return (np.asarray(estimate) < -NORMAL_975 * np.asarray(standard_error)) | (np.asarray(drawn) < share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """How studies are pooled."""

    heterogeneity: Heterogeneity
    hartung_knapp: bool

    def pool(self, estimate: Floats, standard_error: Floats) -> Pooled:
        return pool(estimate, standard_error, heterogeneity=self.heterogeneity, hartung_knapp=self.hartung_knapp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A pooled estimate after a remedy; nan where it has none, and what it found on the way."""

    estimate: float
    standard_error: float
    low: float
    high: float
    told: Mapping[str, float]


def filled(estimate: Floats, standard_error: Floats, model: Model) -> Mended:
    """Pooled with mirror images of the studies that seem to lack a partner on the unfavourable side."""
    more = trim_and_fill(estimate, standard_error, heterogeneity=model.heterogeneity, missing_right=True)
    found = model.pool(more.estimate, more.standard_error)
    told = {"studies_filled": float(np.count_nonzero(more.filled))}
    return Mended(
        estimate=found.estimate, standard_error=found.standard_error, low=found.low, high=found.high, told=told
    )


def without_error(estimate: Floats, standard_error: Floats, model: Model) -> Mended:
    """The limit of a study without error."""
    found = precision_effect(estimate, standard_error)
    return Mended(estimate=found.estimate, standard_error=found.standard_error, low=found.low, high=found.high, told={})


def modelled(estimate: Floats, standard_error: Floats, model: Model) -> Mended:
    """The effect in a model of who is written up."""
    found = selection_model(estimate, standard_error)
    told = {"chance_written_up": found.chance} if np.isfinite(found.chance) else {}
    return Mended(
        estimate=found.estimate, standard_error=found.standard_error, low=found.low, high=found.high, told=told
    )


REMEDIES: Mapping[str, Callable[[Floats, Floats, Model], Mended]] = MappingProxyType({
    "trim_and_fill": filled, "precision_effect": without_error, "selection_model": modelled,
})  # fmt: skip
