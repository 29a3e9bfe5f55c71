"""Care: other treatment that goes with the choice of surgery."""

from __future__ import annotations

from math import log
from typing import Annotated

import numpy as np

from biasim.types import Care, Course, Patients, Treatment
from biasim.units import HazardRatio, Months, OddsRatio, Probability, Switch


def with_surgery(
    patients: Patients,
    course: Course,
    treatment: Treatment,
    rng: np.random.Generator,
    *,
    share: Probability = 0.7,
    odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 3.6,
    hazard_ratio: Annotated[HazardRatio, Switch(1.0)] = 0.6,
    prognosis_odds_ratio: Annotated[OddsRatio, Switch(1.0)] = 1.0,
    begins: Months = 0.0,
    later: Annotated[Months, Switch(0.0)] = 0.0,
) -> Care:
    """Women meant for surgery get other treatment (drugs, radiotherapy) more often, or less, or later, than the rest.

    In a trial "meant for surgery" is the arm. What she gets is settled with the choice: it is hers whether the operation
    takes place or not, and whatever it does. A study may write it down as the column `other_care`.

    Equation
    --------
    odds P(treated) = odds(share) x OR^(meant for surgery) x OR_p^z; hazard x HR from month `begins`, `later` if meant for surgery

    Where the bias comes from
    -------------------------
    Co-intervention: with an odds ratio above 1 the operated get more of a treatment that prolongs life (hazard ratio below 1),
    and its work is credited to surgery: favours surgery. With an odds ratio below 1 they get less of it, as in the surgical arm
    of a trial whose women never come to systemic therapy: favours no surgery. Where it begins later in those meant for surgery
    (`later` above 0), because the operation comes first, that favours no surgery as well. With a prognosis odds ratio other
    than 1 and any odds ratio but 1, who is treated tells both the group and the prognosis: adjusting for `other_care` alone
    then leaves, or makes, a difference between women of unlike prognosis.

    Parameters
    ----------
    share
        Share treated among women of average prognosis who are not meant for surgery. Default: 0.7, derived
        (hotton2021_esme: 69.6 %; chemotherapy or HER2-targeted therapy, as the calibration table has it, crude_or_surgery, or
        HER2-targeted therapy: the sources seen disagree).
    odds_ratio
        Odds ratio of being treated for those meant for surgery. Default: 3.6, derived (calibration table, crude_or_surgery:
        89.1 against 69.6 %).
    hazard_ratio
        Hazard ratio of the treatment, from the month on in which it begins. Default: assumed.
    prognosis_odds_ratio
        Odds ratio of being treated per standard deviation of worse prognosis, recorded and hidden. Default: assumed, none.
    begins
        Months from diagnosis to the treatment. Default: assumed.
    later
        Months by which it begins later in those meant for surgery. Default: assumed, none.
    """
    worse, spread = patients.log_hazard - patients.log_hazard.mean(), patients.log_hazard.std()
    worse = worse / spread if spread > 0.0 else np.zeros(patients.size)
    relative = np.where(treatment.intended, odds_ratio, 1.0) * np.exp(log(prognosis_odds_ratio) * worse)
    draw = rng.random(patients.size)
    treated = draw * (1.0 - share + share * relative) < share * relative
    return Care(
        begins=begins + later * treatment.intended,
        log_ratio=np.where(treated, log(hazard_ratio), 0.0),
        received=treated,
    )
