"""One cohort as a literature: its patients dealt into studies of unequal size, each analysed on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._bootstrap import numbered
from biasim.methods._checks import CONDITIONAL, IN_EXPOSED, MARGINAL, persons, take
from biasim.methods.cox import cox
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_weighted import cox_weighted
from biasim.types import Floats, Integers, Observed

ANALYSES: Mapping[str, Callable[[Observed], Estimate]] = MappingProxyType({
    "crude": cox,
    "adjusted": lambda observed: cox(observed, adjust=True),
    "weighted": cox_weighted,
    "matched": cox_matched,
})
CLAIMS = MappingProxyType({"crude": MARGINAL, "adjusted": CONDITIONAL, "weighted": MARGINAL, "matched": IN_EXPOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Literature:
    """What the studies report, those with an estimate only; and how the largest of all ended."""

    estimate: Floats
    standard_error: Floats
    largest: Estimate


def literature(observed: Observed, studies: int, largest_over_smallest: float, of: str) -> Literature:
    """Every study's own estimate, from the smallest study to the largest."""
    found = [ANALYSES[of](study) for study in dealt(observed, studies, largest_over_smallest)]
    usable = [estimate for estimate in found if estimate.status is Status.OK]
    return Literature(
        estimate=np.array([estimate.estimate for estimate in usable]),
        standard_error=np.array([estimate.standard_error for estimate in usable]),
        largest=found[-1],
    )


def dealt(observed: Observed, studies: int, largest_over_smallest: float) -> list[Observed]:
    """The data of each study, each patient in one: shuffled by a generator keyed by the data, whatever the order of the rows."""

    def deal() -> list[Observed]:
        place, size = _numbered(observed)
        key = blake2b(b"studies" + np.sort(observed.time).tobytes(), digest_size=16).digest()
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(key, "little")))
        study = np.repeat(np.arange(studies), sizes(size, studies, largest_over_smallest))[rng.permutation(size)]
        of_row = study[place]
        return [take(observed, np.flatnonzero(of_row == number)) for number in range(studies)]

    return observed.once(("studies", studies, largest_over_smallest), deal)


def _numbered(observed: Observed) -> tuple[Integers, int]:
    """As `numbered`; where no two rows share a time or a patient the time alone tells them apart, which is quicker."""
    order = np.argsort(observed.time)
    ascending = observed.time[order]
    if (ascending[1:] > ascending[:-1]).all() and persons(observed.patient) == observed.size:
        return np.argsort(order), observed.size
    return numbered(observed)


def sizes(size: int, studies: int, largest_over_smallest: float) -> Integers:
    """Sizes in geometric progression that add up to `size`, ascending but for rounding."""
    share = largest_over_smallest ** np.linspace(0.0, 1.0, studies)
    ends = np.rint(size * share.cumsum() / share.sum()).astype(np.int64)
    return np.diff(ends, prepend=0)
