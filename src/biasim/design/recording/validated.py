"""Records of which some have been checked."""

from __future__ import annotations

import numpy as np

from biasim.design.recording._columns import places
from biasim.types import Cohort, Measured
from biasim.units import Probability


def validated(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    columns: tuple[str, ...] = (),
    share: Probability = 0.3,
) -> Measured:
    """In a random part of the women the covariates are measured once more, well, and kept beside the usual record.

    It stands before the parts that make errors: the second measurement is what the covariate is at this step of the record.

    Where the bias comes from
    -------------------------
    Nowhere: the women are chosen by chance. Whoever analyses them alone loses precision; whoever fills in the rest (multiple
    imputation that knows the usual record) gets most of it back, also where the error differs between the groups, as far as
    the imputation knows that it does.

    Parameters
    ----------
    columns
        Measured columns that are measured once more; none named means all.
    share
        Share of the women in whom that is done.

    Returns
    -------
    Measured
        The columns as they were, then `<column>_validated` for each that was measured once more, nan for the other women.

    Raises
    ------
    UnknownColumn
        When a name in `columns` is not measured.

    Source
    ------
    Freedman et al. 2008, doi 10.1002/sim.3361.
    """
    wanted = places(measured, columns, "recording.validated.columns")
    chosen = rng.random(cohort.size) < share
    again = np.where(chosen[:, None], measured.values[:, wanted], np.nan)
    known_from = measured.known_from
    return Measured(
        names=(*measured.names, *(f"{measured.names[place]}_validated" for place in wanted)),
        values=np.concatenate((measured.values, again), axis=1),
        known_from=None if known_from is None else np.concatenate((known_from, known_from[wanted])),
    )
