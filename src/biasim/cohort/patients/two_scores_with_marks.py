"""Patients: the two prognostic scores, and two recorded marks for analyses that look for what is hidden."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.cohort.patients.two_scores import two_scores
from biasim.types import Patients
from biasim.units import Correlation, LogRatio, OddsRatio, Probability, Switch


def two_scores_with_marks(
    size: int,
    rng: np.random.Generator,
    *,
    recorded_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    hidden_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    correlation: Correlation = 0.0,
    preference_log_ratio: Annotated[LogRatio, Switch(0.0)] = 0.0,
    decoy_odds_ratio: OddsRatio = 1.0,
    decoy_share: Probability = 0.5,
) -> Patients:
    """Two standard normal scores as in `two_scores`, the preference of the patient's centre, and a decoy.

    Both marks are recorded. `preference`, standard normal, is higher in centres that like to operate: an instrument
    where `treatment.by_preference` heeds it. `decoy` is 0/1, a trait without any effect that goes with the hidden score: a
    negative control exposure. Their draws come after those of the scores, which are the ones of `two_scores`.

    Equation
    --------
    log hazard = b_r recorded + b_h hidden + b_p preference; logit P(decoy) = logit(share) + log(OR) hidden

    Where the bias comes from
    -------------------------
    The scores confound as in `two_scores`. A preference with a log ratio of its own is no instrument: the better care,
    or the better patients, of centres that like to operate are credited to surgery (below 0 it favours surgery).

    Parameters
    ----------
    recorded_log_ratio
        Log hazard ratio per standard deviation of the recorded score. Default: none of it.
    hidden_log_ratio
        Log hazard ratio per standard deviation of the hidden score. Default: none of it.
    correlation
        Correlation of the two scores; at 1 or -1 the recorded score says all there is to know.
    preference_log_ratio
        Log hazard ratio per standard deviation of the centre's preference. Default: none of it.
    decoy_odds_ratio
        Odds ratio of the decoy per standard deviation of worse hidden score; at 1 the decoy tells nothing.
    decoy_share
        Share with the decoy at a hidden score of 0.
    """
    scores = two_scores(
        size, rng, recorded_log_ratio=recorded_log_ratio, hidden_log_ratio=hidden_log_ratio, correlation=correlation
    )
    preference = rng.standard_normal(size)
    odds = np.exp(log(decoy_odds_ratio) * scores.columns["hidden_score"])
    draw = rng.random(size)
    decoy = draw * (1.0 - decoy_share + decoy_share * odds) < decoy_share * odds
    return Patients(
        columns={**scores.columns, "preference": preference, "decoy": decoy.astype(float)},
        recorded=(*scores.recorded, "preference", "decoy"),
        hidden=scores.hidden,
        recorded_log_hazard=scores.recorded_log_hazard + preference_log_ratio * preference,
        hidden_log_hazard=scores.hidden_log_hazard,
        diagnosed=scores.diagnosed,
        occult=scores.occult,
    )
