"""Records that are incomplete where another part of the record says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from biasim.design._chance import chance, standardised
from biasim.design.recording._columns import places
from biasim.errors import BiasimError
from biasim.types import Cohort, Measured
from biasim.units import OddsRatio, Probability, Switch


def incomplete_by_column(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    by: str,
    share: Annotated[Probability, Switch(0.0)] = 0.2,
    columns: tuple[str, ...] = (),
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 2.0,
) -> Measured:
    """Some covariates are missing, all of them together, by the value of a covariate that everybody has.

    Missing at random: given the column `by`, who lacks the others has nothing to do with what they would have said.

    Where the bias comes from
    -------------------------
    Among the `share` without the covariate a missing indicator adjusts for nothing, so that their part of the confounding comes
    back: favours surgery where the fitter women are operated. An odds ratio above 1 says which women they are, and changes
    that part with them; at 1 they are any. The complete records alone are a sample selected by `by`: no effect appears
    that is not there as long as `by` is adjusted for or confounds nothing, but fewer women speak. Imputation that knows `by`
    uses all.

    Parameters
    ----------
    by
        The measured column that decides; it stays complete.
    share
        Probability that the record of a woman with an average value of `by` is incomplete. Default: 0.2, assumed: between
        those of two registers, 0.13 and 0.29 (missing_any_key_seer, missing_any_key_ncdb).
    columns
        Measured columns that an incomplete record lacks; none named means all but `by`.
    odds_ratio
        Odds ratio of an incomplete record per standard deviation of `by`. Default: 2, assumed.

    Returns
    -------
    Measured
        The same columns, nan where missing.

    Raises
    ------
    UnknownColumn
        When `by`, or a name in `columns`, is not measured.
    BiasimError
        When `by` has gaps already.

    Source
    ------
    White and Carlin 2010, doi 10.1002/sim.3944.
    """
    (driver,) = places(measured, (by,), "recording.incomplete_by_column.by")
    wanted = places(measured, columns, "recording.incomplete_by_column.columns")
    decides = measured.values[:, driver]
    if np.isnan(decides).any():
        raise BiasimError(f"recording.incomplete_by_column.by: '{by}' has gaps at this step. Put this part before their cause.")
    missing = rng.random(cohort.size) < chance(share, (odds_ratio, standardised(decides)))
    values = measured.values.copy()
    values[np.ix_(missing, wanted[wanted != driver])] = np.nan
    return replace(measured, values=values)
