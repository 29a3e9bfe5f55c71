"""Whether an answer is plausible: the ruler in its world, and what E-values and tipping points say of the same hazard ratio."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from biasim.config.study import Design
from biasim.engine.plan import plan
from biasim.engine.replicate import replicate
from biasim.engine.ruler import Ruler, ruler
from biasim.engine.sensitivity import Analysis, of_rows
from biasim.engine.solve import Target
from biasim.engine.truth_of import alone

SIZE = 5_000  # patients, to see whether many die


class Plausible(NamedTuple):
    """What stands beside an answer."""

    ruler: Ruler | None  # None where the world hides nothing
    analysis: Analysis  # for E-values and tipping points


def plausible(design: Design, method: str, target: Target, seed: int) -> Plausible:
    """The ruler of the world of the answer, and the wanted hazard ratio as an analysis to be explained.

    Without an interval of what is wanted, the limits of the analysis are the hazard ratio itself.
    """
    own = replace(design, methods={method: design.methods[method]})
    seen = next(iter(of_rows(replicate(plan(alone(own), seed, size=SIZE), 0))), None)
    low, high = (target.value if limit is None else limit for limit in (target.low, target.high))
    analysis = Analysis(design=design.name, method=method, estimate=target.value, low=low, high=high,
                        common=seen.common if seen else True)  # fmt: skip
    return Plausible(ruler(own, seed), analysis)
