"""Treatment: a randomised trial in which prognosis decides who departs from her arm."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.cohort.treatment._choice import by_scores, probability_with_share
from biasim.cohort.treatment._trial import AT_DIAGNOSIS, Protocol, assigned, entering
from biasim.types import Course, Floats, Patients, Treatment
from biasim.units import RANDOMISATION, Gives, OddsRatio, Probability, Switch


def randomised_selectively(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    protocol: Protocol = AT_DIAGNOSIS,
    adherence: Annotated[Probability, Switch(1.0)] = 0.856,
    crossover: Annotated[Probability, Switch(0.0)] = 0.168,
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 0.6,
    hidden_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 0.6,
    responder_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 2.0,
) -> Annotated[Treatment, Gives(RANDOMISATION)]:
    """The trial of `randomised`, in which the fitter women of either arm are the ones who are operated on.

    With its draws, and to the last bit its trial where every odds ratio is 1 and crossovers come no `later`.

    Equation
    --------
    logit P(operated | arm) = a_arm + log(OR) z_recorded + log(OR_h) z_hidden + log(OR_r) response

    Where the bias comes from
    -------------------------
    With adherence below 1 or a crossover above 0 the arms become alike, which dilutes a true effect between them and makes none.
    With an odds ratio or hidden odds ratio below 1, or a responder odds ratio above 1, those who are operated are the fitter ones
    of their arm: comparing by what was done, leaving out or censoring those who departed from their arm favours surgery, as in
    an observational study. Odds ratios the other way round favour no surgery. The arms as chance made them stay comparable.

    Parameters
    ----------
    protocol
        Month of randomisation, who qualifies, refusal, months from randomisation to the operation, and by how many months an
        operation in the control arm comes later than that.
    adherence
        Share of the surgery arm who are operated on, whatever the odds ratios. Default: 0.856, of E2108 (compliance_lrt_e2108).
    crossover
        Share of the control arm who are operated on. Default: 0.168, of E2108 (crossover_control_e2108).
    odds_ratio
        Odds ratio of being operated on, in either arm, per standard deviation of worse recorded prognosis. Default: assumed.
    hidden_odds_ratio
        The same for the hidden prognosis. Default: assumed.
    responder_odds_ratio
        The same of responders against stable disease, and of stable disease against progressors, where the response is known
        by the month of the operation. Default: assumed.

    Source
    ------
    Hernan and Robins 2017, doi 10.1056/NEJMsm1605385.
    """
    enters, arm, done = entering(patients, course, rng, protocol)
    log_odds = by_scores(patients, odds_ratio, hidden_odds_ratio)
    surgery_at = protocol.at + protocol.delay
    arms = []
    for share, month in ((adherence, surgery_at), (crossover, surgery_at + protocol.later)):
        responded = log(responder_odds_ratio) * course.response * (month >= course.evaluated)
        chance = np.zeros(patients.size)
        chance[enters] = selected((log_odds + responded)[enters], share)
        arms.append(np.where(enters & (done < chance), month, np.inf))
    return assigned(enters, arm < 0.5, (arms[0], arms[1]), protocol.at)


def selected(log_odds: Floats, share: float) -> Floats:
    """Chances with these log odds that are `share` on average; exactly that for everybody where nothing selects."""
    return probability_with_share(log_odds, share) if log_odds.any() else np.full(log_odds.shape, share)
