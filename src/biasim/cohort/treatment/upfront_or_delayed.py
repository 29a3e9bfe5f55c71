"""Treatment: surgery upfront, or after systemic therapy with its result known, as registries describe the choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.cohort.levels import column, weighted_sum
from biasim.cohort.treatment._choice import outside_trial, probability
from biasim.types import Course, Floats, Patients, Treatment
from biasim.units import Deviation, Logit, LogRatio, PositiveMonths

PART = "treatment.upfront_or_delayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upfront:
    """Log odds of surgery before systemic therapy; `age` per decade, `ps` per ECOG class, `N23` for N2 or N3."""

    intercept: Logit
    year: LogRatio
    age: LogRatio
    T3: LogRatio
    T4: LogRatio
    sites_over_one: LogRatio
    liver: LogRatio
    brain: LogRatio
    cci2: LogRatio
    uninsured: LogRatio
    academic: LogRatio
    tnbc: LogRatio
    her2: LogRatio
    grade3: LogRatio
    N23: LogRatio
    burden: LogRatio
    ps: LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Delayed(Upfront):
    """Log odds of surgery after systemic therapy, among those not operated upfront; two terms for its result."""

    responded: LogRatio
    progressed: LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A lognormal wait from diagnosis; `spread` is the standard deviation of its logarithm."""

    median: PositiveMonths
    spread: Deviation


def upfront_or_delayed(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    upfront: Upfront,
    delayed: Delayed,
    upfront_wait: Wait,
    delayed_wait: Wait,
) -> Treatment:
    """A first choice at diagnosis, and a second one for the others once systemic therapy has been evaluated.

    Patients with occult metastases are thought to be curable and are all operated on upfront.

    Equation
    --------
    logit P(upfront) = x'b_u; else logit P(delayed) = x'b_d + response; waits ~ lognormal

    Where the bias comes from
    -------------------------
    Four ways, all of which favour surgery: it is chosen for patients with better performance
    status and less burden, which no registry holds; it is offered to responders and withheld
    from progressors; those who die during the wait count as never operated; and occult
    metastases are found only by operating.

    Parameters
    ----------
    upfront
        Logistic model of surgery before systemic therapy.
    delayed
        Logistic model of surgery after systemic therapy.
    upfront_wait
        Months from diagnosis to upfront surgery.
    delayed_wait
        Months from diagnosis to delayed surgery.
    """
    first, second, waits = rng.random(patients.size), rng.random(patients.size), rng.standard_normal(patients.size)
    columns = dict(patients.columns) | derived(patients, course)
    early = patients.occult | (first < probability(weighted_sum(columns, upfront, PART)))
    late = ~early & (second < probability(weighted_sum(columns, delayed, PART)))
    wait = np.where(
        early,
        upfront_wait.median * np.exp(upfront_wait.spread * waits),
        delayed_wait.median * np.exp(delayed_wait.spread * waits),
    )
    return outside_trial(early | late, wait)


def derived(patients: Patients, course: Course) -> dict[str, Floats]:
    """The terms of the two models that are not covariates as they stand."""

    def get(name: str) -> Floats:
        return column(patients.columns, name, PART)

    return {
        "sites_over_one": get("sites") - 1.0,
        "her2": get("hr_pos_her2_pos") + get("hr_neg_her2_pos"),
        "N23": get("N2") + get("N3"),
        "ps": get("ps1") + 2.0 * get("ps2") + 3.0 * get("ps3"),
        "responded": (course.response > 0).astype(float),
        "progressed": (course.response < 0).astype(float),
    }
