"""Records in classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.design.recording._columns import is_mark, places
from biasim.types import Cohort, Floats, Measured
from biasim.units import SeveralClasses, Switch


def coarsened(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    columns: tuple[str, ...] = (),
    classes: Annotated[SeveralClasses | None, Switch(None)] = 2,
) -> Measured:
    """Continuous covariates are known in classes only, cut at quantiles.

    Where the bias comes from
    -------------------------
    Within a class the worse women are still operated less often than the better ones, and nothing tells them apart any more:
    what of the confounding lies within the `classes` stays. Favours surgery where the fitter women are operated. Two classes
    leave about a third of it, five about a tenth.

    Parameters
    ----------
    columns
        Measured columns known in classes only; none named means all continuous ones. Columns of 0 and 1 are classes already.
    classes
        Number of classes of equal size; none leaves the column as it is. Default: 2, high or low, assumed.

    Returns
    -------
    Measured
        In the place of each such column one of 0 and 1 for each class after the first, `<column>_class_2` and so on; gaps stay
        gaps.

    Raises
    ------
    UnknownColumn
        When a name in `columns` is not measured.

    Source
    ------
    Cochran 1968, doi 10.2307/2528036.
    """
    wanted = places(measured, columns, "recording.coarsened.columns")
    if classes is None:
        return measured
    names: list[str] = []
    pieces: list[Floats] = []
    origin: list[int] = []  # the column that each new one comes from
    for place, name in enumerate(measured.names):
        column = measured.values[:, place]
        if place in wanted and not is_mark(column):
            piece = marks(column, classes)
            names += [f"{name}_class_{number}" for number in range(2, classes + 1)]
        else:
            piece = column[:, None]
            names.append(name)
        pieces.append(piece)
        origin += [place] * piece.shape[1]
    known_from = None if measured.known_from is None else measured.known_from[origin]
    return Measured(names=tuple(names), values=np.concatenate(pieces, axis=1), known_from=known_from)


def marks(column: Floats, classes: int) -> Floats:
    """Membership of each class after the first as 0/1, (n, classes - 1); nan where the value is."""
    gaps = np.isnan(column)
    cuts = np.quantile(column[~gaps], np.arange(1, classes) / classes)
    member = np.searchsorted(cuts, column, side="right")[:, None] == np.arange(1, classes)
    return np.where(gaps[:, None], np.nan, member)
