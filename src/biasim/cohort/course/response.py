"""Course: response or progression under systemic therapy, the same chances for everybody."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.types import Course, Patients
from biasim.units import HazardRatio, PositiveMonths, Probability, Switch


def response(
    patients: Patients,
    rng: np.random.Generator,
    *,
    responding: Probability = 0.3,
    progressing: Probability = 0.2,
    evaluated: PositiveMonths = 3.0,
    responder_hazard_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0,
    progressor_hazard_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0,
) -> Course:
    """Each patient responds, is stable or progresses, whatever her prognosis at diagnosis.

    Equation
    --------
    P(responds) = r, P(progresses) = p; hazard x HR_r or HR_p from the month of evaluation on

    Where the bias comes from
    -------------------------
    Response changes the hazard and is seen before many operations are planned. Surgery offered
    to responders and withheld from progressors favours surgery, however completely the state
    at diagnosis has been measured. Response alone, without such a choice, biases nothing.

    Parameters
    ----------
    responding
        Share who respond.
    progressing
        Share who progress; where the two shares exceed 1 together, response goes first.
    evaluated
        Month from diagnosis at which the response is seen and the hazard changes.
    responder_hazard_ratio
        Hazard of responders from then on, against stable disease. Default: none of it.
    progressor_hazard_ratio
        Hazard of progressors from then on, against stable disease. Default: none of it.
    """
    draw = rng.random(patients.size)
    responded = draw < responding
    progressed = ~responded & (draw >= 1.0 - progressing)
    return Course(
        evaluated=evaluated,
        response=responded.astype(np.int8) - progressed.astype(np.int8),
        log_ratio=np.log(responder_hazard_ratio) * responded + np.log(progressor_hazard_ratio) * progressed,
    )
