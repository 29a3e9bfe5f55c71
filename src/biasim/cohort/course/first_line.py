"""Course: first-line systemic therapy, with response by subtype, performance status, burden and liver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.cohort.levels import OddsBySubtype, by_subtype, weighted_sum
from biasim.types import Course, Patients
from biasim.units import Logit, LogRatio, PositiveMonths


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a covariate adds to the log odds of responding, and to those of not progressing."""

    ps2: Logit
    ps3: Logit
    burden: Logit
    liver: Logit


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Log hazard ratios after the evaluation, against stable disease."""

    responded: LogRatio
    progressed: LogRatio


def first_line(
    patients: Patients,
    rng: np.random.Generator,
    *,
    evaluated: PositiveMonths,
    responding: OddsBySubtype,
    not_progressing: OddsBySubtype,
    shift: Shift,
    log_ratio: After,
) -> Course:
    """Response, stable disease or progression, ordered, from one uniform draw.

    Equation
    --------
    logit P(responds) = logit r[subtype] + shift'x; hazard x exp(log ratio) from the month of evaluation on

    Where the bias comes from
    -------------------------
    Response depends on performance status and burden, which no registry holds, changes the
    hazard, and is seen before most delayed operations. Surgery for responders favours surgery.

    Parameters
    ----------
    evaluated
        Month from diagnosis at which response is seen and the hazard changes.
    responding
        Probability of response by subtype, before the shift.
    not_progressing
        Probability of response or stable disease by subtype, before the shift.
    shift
        Logit shifts by covariate, the same for both probabilities.
    log_ratio
        Log hazard ratios from the evaluation on.
    """
    part = "course.first_line"
    shifted = weighted_sum(patients.columns, shift, part)
    draw = rng.random(patients.size)
    odds = draw / (1.0 - draw)  # draw < p exactly where its odds are below those of p
    responded = odds < np.exp(by_subtype(patients.columns, responding, part) + shifted)
    progressed = ~responded & (odds >= np.exp(by_subtype(patients.columns, not_progressing, part) + shifted))
    return Course(
        evaluated=evaluated,
        response=responded.astype(np.int8) - progressed.astype(np.int8),
        log_ratio=log_ratio.responded * responded + log_ratio.progressed * progressed,
    )
