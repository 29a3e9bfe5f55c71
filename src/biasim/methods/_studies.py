"""One cohort as a literature: its patients dealt into studies of unequal size, each analysed on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from types import MappingProxyType

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.pooling import Pooled
from biasim.kernels.small_studies import begg, egger
from biasim.methods._bootstrap import numbered
from biasim.methods._checks import CONDITIONAL, IN_EXPOSED, MARGINAL, persons, take
from biasim.methods._publication import lot, taken
from biasim.methods.cox import cox
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_weighted import cox_weighted
from biasim.types import Bools, Floats, Integers, Observed

ANALYSES: Mapping[str, Callable[[Observed], Estimate]] = MappingProxyType({
    "crude": cox,
    "adjusted": lambda observed: cox(observed, adjust=True),
    "weighted": cox_weighted,
    "matched": cox_matched,
})
CLAIMS = MappingProxyType({"crude": MARGINAL, "adjusted": CONDITIONAL, "weighted": MARGINAL, "matched": IN_EXPOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Literature:
    """What the studies find, those with an estimate only; and how the largest of all ended."""

    estimate: Floats
    standard_error: Floats
    lot: Floats  # between 0 and 1, by which a study that is not significant in favour is written up or not
    largest: Estimate

    def written(self, share: float) -> Bools:
        """Which studies are written up when `share` is the chance of one that is not significant in favour."""
        return taken(self.estimate, self.standard_error, self.lot, share)


def literature(observed: Observed, studies: int, largest_over_smallest: float, of: str) -> Literature:
    """Every study's own estimate, from the smallest study to the largest."""

    def analyse() -> Literature:
        shares = dealt(observed, studies, largest_over_smallest)
        found = [(ANALYSES[of](study), lot(study)) for study in shares]
        usable = [(one.estimate, one.standard_error, drawn) for one, drawn in found if one.status is Status.OK]
        estimate, error, drawn = np.array(usable).reshape(len(usable), 3).T
        return Literature(estimate=estimate, standard_error=error, lot=drawn, largest=found[-1][0])

    return observed.once(("literature", studies, largest_over_smallest, of), analyse)


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


def told(pooled: Pooled, estimate: Floats, standard_error: Floats, studies: int, unwritten: int) -> dict[str, float]:
    """What a meta-analysis prints beside its estimate, where there is a value."""
    values = {
        "studies": studies,
        "studies_used": pooled.studies,
        "studies_unwritten": unwritten,
        "tau2": pooled.tau2,
        "i2": pooled.i2,
        "q": pooled.q,
        "q_p": pooled.q_p,
        "prediction_low": pooled.prediction_low,
        "prediction_high": pooled.prediction_high,
        "egger_p": egger(estimate, standard_error).p,
        "begg_p": begg(estimate, standard_error).p,
    }
    return {name: float(value) for name, value in values.items() if isfinite(value)}
