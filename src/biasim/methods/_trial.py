"""What the analyses of a randomised trial share: the arms as chance made them, and when somebody left her arm."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._checks import counts, failed, nobody
from biasim.types import Bools, Floats, Observed, ObservedTrial


def by_arm(observed: ObservedTrial) -> Observed:
    """The same patients, exposed being those assigned to surgery; what was done is left behind."""
    return observed.once("by arm", lambda: _by_arm(observed))


def _by_arm(observed: ObservedTrial) -> Observed:
    held = {field.name: getattr(observed, field.name) for field in fields(Observed) if field.init}
    return Observed(**{**held, "exposed": observed.assigned})


def operated(observed: ObservedTrial) -> Bools:
    """Who was operated while she was watched."""
    return observed.exposed_from < observed.time


def arm_counts(observed: ObservedTrial) -> dict[str, float]:
    """Patients and deaths, in all and in the surgery arm ("exposed"), and how many of each arm did as the other should."""
    done = operated(observed)
    return counts(by_arm(observed)) | {
        "crossed_over": float(np.count_nonzero(done & ~observed.assigned)),
        "not_operated": float(np.count_nonzero(~done & observed.assigned)),
    }


def no_trial(estimand: str, observed: ObservedTrial, diagnostics: dict[str, float]) -> Estimate | None:
    """The row of a trial with an empty arm; None when there is something to compare, whatever was done in the arms."""
    return nobody(estimand, by_arm(observed), diagnostics)


def never_operated(estimand: str, observed: ObservedTrial, diagnostics: dict[str, float]) -> Estimate | None:
    """The row of an analysis of what was done in a trial in which nobody was operated; None when somebody was."""
    if observed.size and not operated(observed).any():
        message = f"none of {observed.size} patients was operated: the arms were treated alike"
        return failed(estimand, Status.NOBODY_EXPOSED, message, diagnostics)
    return no_trial(estimand, observed, diagnostics)


def left_arm(observed: ObservedTrial, window: float) -> Floats:
    """The month at which she stopped doing what her arm asks, inf when she never did while watched.

    In the control arm that is the operation; in the surgery arm the end of the window, for those not operated by then. A
    patient of the surgery arm who dies within the window, not yet operated, has kept to her arm.
    """
    surgery = np.where(observed.exposed_from > window, window, np.inf)
    left = np.where(observed.assigned, surgery, observed.exposed_from)
    return np.where(left < observed.time, left, np.inf)
