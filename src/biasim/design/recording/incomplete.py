"""Records that are incomplete."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from biasim.design._chance import chance, standardised
from biasim.design.recording._columns import places
from biasim.types import Cohort, Measured
from biasim.units import OddsRatio, Probability, Switch


def incomplete(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    share: Annotated[Probability, Switch(0.0)] = 0.2,
    columns: tuple[str, ...] = (),
    odds_ratio_recorded: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    odds_ratio_hidden: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    odds_ratio_survival: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    completed_by_surgery: Annotated[Probability, Switch(0.0)] = 0.0,
) -> Measured:
    """Some covariates are missing in an incomplete record, all of them together.

    Where the bias comes from
    -------------------------
    Among the `share` with an incomplete record a missing indicator adjusts for nothing, so that their part of the confounding
    comes back: favours surgery where the fitter women are operated. The complete records alone, and imputation, lose by it
    precision and nothing else while it is chance that decides (every odds ratio 1). With an odds ratio recorded other than 1
    the women that remain are others than all; imputation from what is left guesses their scores wrong, and confounding comes
    back. By hidden prognosis or survival (odds ratio hidden, odds ratio survival) women are selected by when they die; alone
    that changes the size of a true effect and makes none. When, besides, an operation completes the record (completed by
    surgery above 0), only the unoperated are selected so: with an odds ratio survival below 1 the unoperated in the analysis
    of complete records are those who lived long, which favours no surgery.

    Parameters
    ----------
    share
        Probability that the record of a woman of average prognosis and survival is incomplete. Default: 0.2, assumed: between
        those of two registers, 0.13 and 0.29 (missing_any_key_seer, missing_any_key_ncdb).
    columns
        Measured columns that an incomplete record lacks; none named means all. A category is a set of columns: name all
        of them.
    odds_ratio_recorded
        Odds ratio of an incomplete record per standard deviation of the recorded log hazard. Default: 1, the switch, as of
        the following.
    odds_ratio_hidden
        Odds ratio of an incomplete record per standard deviation of the hidden log hazard. Default: none of it.
    odds_ratio_survival
        Odds ratio of an incomplete record per standard deviation of the log of survival: below 1 where those who die
        early are never worked up. Default: none of it.
    completed_by_surgery
        Probability that an operation supplies what was missing. Default: none of it.

    Returns
    -------
    Measured
        The same columns, nan where missing.

    Raises
    ------
    UnknownColumn
        When a name in `columns` is not measured.
    """
    patients = cohort.patients
    wanted = places(measured, columns, "recording.incomplete.columns")
    lacking, completed = rng.random((2, cohort.size))
    probability = chance(
        share,
        (odds_ratio_recorded, standardised(patients.recorded_log_hazard)),
        (odds_ratio_hidden, standardised(patients.hidden_log_hazard)),
        (odds_ratio_survival, standardised(np.log(cohort.death))),
    )
    missing = (lacking < probability) & ~(cohort.operated & (completed < completed_by_surgery))
    values = measured.values.copy()
    values[np.ix_(missing, wanted)] = np.nan
    return replace(measured, values=values)
