"""Missing covariates drawn from what is known of the patient: proper Bayesian draws, one column after the other.

Columns are imputed from the one with the fewest gaps to the one with the most, each from the complete columns and those filled
before it. Where every gap of a column is a gap of the next ones, too (values missing together, or more and more of them), these
are draws from the joint distribution, and that is all. Elsewhere chained equations follow: each column again, given all
others, a few times over. van Buuren and Groothuis-Oudshoorn 2011, doi 10.18637/jss.v045.i03.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from biasim.kernels.imputation_models import Model, drawn, modelled
from biasim.types import Bools, Floats

BY_CHANCE = 10.0  # women expected to be 1 in both columns, were they unrelated, from which that none is can be no accident


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One column to impute."""

    column: int
    two_valued: bool
    before: tuple[int, ...]  # columns of the same category imputed before it: where one of them is 1, this one is 0
    category: tuple[int, ...]  # all columns of its category, none of which says anything about another
    lacking: Bools  # (n,)


def completions(values: Floats, known: Floats, *, draws: int, cycles: int, rng: np.random.Generator) -> Iterator[Floats]:
    """`draws` copies of `values` (n, p) without gaps, from their own columns and those `known` of everybody (n, q).

    Columns without any value stay as they are. The first copies are the same however many are asked for.
    """
    plan = steps(values)
    gaps = np.isnan(values)
    whole = np.flatnonzero(~gaps.any(axis=0))
    first = [np.append(whole, [earlier.column for earlier in plan[:number]]) for number in range(len(plan))]
    nested = all((one.lacking <= other.lacking).all() for one, other in pairwise(plan))
    again = [] if nested else plan * cycles
    sources = [*first, *([np.flatnonzero(~gaps.all(axis=0))] * len(again))]
    sources = [from_[~np.isin(from_, step.category)].astype(np.int64) for from_, step in zip(sources, plan + again, strict=True)]
    kept: dict[int, Model] = {}  # models that no imputed value has a part in, the same for every draw
    for _ in range(draws):
        filled = values.copy()
        for step, from_ in zip(plan + again, sources, strict=True):
            predictors = np.concatenate((filled[:, from_], known), axis=1)
            possible = _open(filled, step)
            model = kept.get(step.column) or _model(filled, predictors, step, possible)
            if nested:
                kept[step.column] = model
            filled[step.lacking, step.column] = 0.0  # of another category; the others are drawn now
            wanted = step.lacking & possible
            filled[wanted, step.column] = drawn(model, predictors[wanted], rng)
        yield filled


def steps(values: Floats) -> list[Step]:
    """The columns with gaps, fewest first, those of one category together; never one without any value."""
    gaps = np.isnan(values)
    found = []
    for category in sorted(categories(values), key=lambda columns: int(gaps[:, columns[0]].sum())):
        for place, column in enumerate(category):
            seen = values[~gaps[:, column], column]
            found.append(
                Step(
                    column=column,
                    two_valued=len(np.unique(seen)) <= 2,
                    before=category[:place],
                    category=category,
                    lacking=gaps[:, column],
                )
            )
    return found


def categories(values: Floats) -> list[tuple[int, ...]]:
    """The columns with gaps and values, 0/1 columns together that are missing together and never 1 in the same patient.

    Such columns are a category written out, or behave like one: drawn by turns, each among those who have none of the ones
    before, they cannot make a patient of two subtypes. Two rare columns that have nothing to do with each other can be never both
    1 by accident: they count as a category only where, by their shares, at least 10 patients would be expected to have both.
    """
    gaps = np.isnan(values)
    found: list[list[int]] = []
    for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
        seen = values[~gaps[:, column]]
        own = next((group for group in found if _belongs(seen, gaps, group, column)), None)
        if own is None:
            found.append([column])
        else:
            own.append(column)
    return [tuple(group) for group in found]


def _belongs(seen: Floats, gaps: Bools, group: list[int], column: int) -> bool:
    """Whether a column continues the category of a group; `seen` are the patients in whom it is known.

    They must be never both 1, and so often 1 that unrelated columns would be both 1 in some: in `BY_CHANCE` patients or more.
    """
    together = (gaps[:, group[0]] == gaps[:, column]).all()
    if not together or not np.isin(seen[:, [*group, column]], (0.0, 1.0)).all():
        return False
    one, other = seen[:, group].any(axis=1), seen[:, column] == 1.0
    return not (one & other).any() and bool(one.sum() * other.mean() >= BY_CHANCE)


def _open(filled: Floats, step: Step) -> Bools:
    """Who may have a 1 in this column: nobody who has one in an earlier column of the category."""
    return ~(filled[:, step.before] == 1.0).any(axis=1) if step.before else np.ones(len(filled), dtype=bool)


def _model(filled: Floats, predictors: Floats, step: Step, possible: Bools) -> Model:
    """The model of a column, from those in whom it was recorded."""
    rows = possible & ~step.lacking
    return modelled(predictors[rows], filled[rows, step.column], two_valued=step.two_valued)
