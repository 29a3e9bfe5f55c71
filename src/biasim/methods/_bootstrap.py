"""Standard errors by drawing patients again: every draw is a number of copies of each, so that no data are copied."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from biasim.types import Floats, Integers, Observed, ObservedOverTime

FEWEST = 0.8  # share of the draws that must give an estimate


def bootstrap_error(observed: Observed, draws: int, estimate: Callable[[Floats], float]) -> tuple[float, dict[str, float]]:
    """Standard deviation of `estimate(copies)` over `draws` resamples of the patients, and what became of the draws.

    `copies` (n,) says how often each row is in the resample; rows of one patient always go together. `estimate` returns
    nan where the resample gives none; with fewer than `FEWEST` usable draws the error is nan. Efron and Tibshirani
    1993, An Introduction to the Bootstrap, chapter 6.
    """
    found = np.array([estimate(copies) for copies in resamples(observed, draws)])
    usable = found[np.isfinite(found)]
    told = {"draws": float(draws), "draws_used": float(len(usable))}
    enough = len(usable) >= max(2.0, FEWEST * draws)
    return (float(usable.std(ddof=1)) if enough else np.nan), told


def resamples(observed: Observed, draws: int) -> Floats:
    """Copies of each row in every resample, (draws, n), drawn by patient, stratified by nothing.

    The generator is keyed by the data, and patients are numbered by what is observed of them: the same data give the same
    draws, whatever the order of the rows, and no method needs a random stream.
    """
    place, size = numbered(observed)
    key = blake2b(np.sort(observed.time).tobytes(), digest_size=16).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(key, "little")))
    copies = rng.multinomial(size, np.full(size, 1.0 / size), size=draws) if size else np.zeros((draws, 0))
    return copies.astype(np.float64)[:, place]


def numbered(observed: Observed) -> tuple[Integers, int]:
    """The number of the patient that each row belongs to, from 0 on in the order of her data, and how many there are."""
    begins = (observed.exposed_from,) if isinstance(observed, ObservedOverTime) else ()
    seen = (*observed.covariates.T, *begins, observed.entry, observed.exposed, observed.event, observed.time)
    order = np.lexsort(seen)
    _, first, member = np.unique(observed.patient[order], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    place = np.empty(observed.size, dtype=np.int64)
    place[order] = rank[member]
    return place, len(first)
