"""The analyses of one data set that a referee would let pass, in the order in which a protocol would name them.

First all covariates adjusted for, then none, then the uses of a propensity score, early deaths left out; then Cox regressions on
fewer covariates, one left out, two left out, and so on. A category is in the model or out of it as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice
from math import erfc, sqrt

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods.cox import cox
from biasim.methods.cox_early_deaths_excluded import cox_early_deaths_excluded
from biasim.methods.cox_entropy_balanced import cox_entropy_balanced
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_score_adjusted import cox_score_adjusted
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted
from biasim.types import Observed

EARLY = 3.0  # months within which deaths are left out; assumed
Analysis = Callable[[Observed], Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One model and what came of it."""

    name: str
    found: Estimate

    @property
    def z(self) -> float:
        """Standard errors from no effect; negative favours exposure."""
        return self.found.estimate / self.found.standard_error

    @property
    def p(self) -> float:
        """Two-sided."""
        return erfc(abs(self.z) / sqrt(2.0))


def tried(observed: Observed, models: int) -> list[Tried]:
    """The first `models` of them, as far as the covariates reach, whether they have an estimate or not."""
    listed = islice(defensible(observed), models)
    return [observed.once(("model", name), partial(_done, name, analysis, observed)) for name, analysis in listed]


def _done(name: str, analysis: Analysis, observed: Observed) -> Tried:
    return Tried(name=name, found=analysis(observed))


def answered(models: list[Tried]) -> list[Tried]:
    """Those with an estimate."""
    return [one for one in models if one.found.status is Status.OK]


def defensible(observed: Observed) -> Iterator[tuple[str, Analysis]]:
    """Name and analysis of every model for these covariates."""
    yield "all covariates", partial(cox, adjust=True)
    yield "crude", cox
    if not observed.names:
        return
    yield "matched", cox_matched
    yield "weighted", cox_weighted
    yield "score in fifths", cox_stratified_score
    yield "without early deaths", partial(cox_early_deaths_excluded, months=EARLY, adjust=True)
    yield "score adjusted for", cox_score_adjusted
    yield "overlap weights", partial(cox_weighted, target="overlap")
    yield "balanced", cox_entropy_balanced
    yield "crude, without early deaths", partial(cox_early_deaths_excluded, months=EARLY)
    every = categories(observed)
    for left_out in range(1, len(every)):
        for out in combinations(every, left_out):
            dropped = {name for category in out for name in category}
            kept = tuple(name for name in observed.names if name not in dropped)
            yield f"without {', '.join(category[0] for category in out)}", partial(cox, adjust=kept)


def categories(observed: Observed) -> list[tuple[str, ...]]:
    """The covariates, neighbouring 0/1 columns of which no patient has two taken together: a category written out."""
    found: list[list[int]] = []
    values = observed.covariates
    marks = np.isin(values, (0.0, 1.0)).all(axis=0)
    for column in range(len(observed.names)):
        own = found[-1] if found else []
        together = own and marks[[*own, column]].all() and not (values[:, own].any(axis=1) & (values[:, column] == 1.0)).any()
        if together:
            own.append(column)
        else:
            found.append([column])
    return [tuple(observed.names[column] for column in own) for own in found]
