"""What everyone would survive if exposed and if not, standardised over an adjusted Cox model."""

from __future__ import annotations

from math import inf, nan
from typing import Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.methods._bootstrap import bootstrap_error
from biasim.methods._checks import chosen, counts, estimated, failed, nobody
from biasim.methods._standardisation import Outcome, Question, fitted, standardised
from biasim.types import Observed
from biasim.units import Count, PositiveMonths

TOO_FEW = "too few resamples gave an estimate"


def g_computation(
    observed: Observed,
    *,
    contrast: Literal["survival_difference", "rmst_difference"] = "survival_difference",
    months: PositiveMonths = 36.0,
    target: Literal["ate", "att"] = "ate",
    baseline: Literal["shared", "by_arm"] = "shared",
    using: tuple[str, ...] = (),
    draws: Count = 0,
) -> Estimate:
    """Survival or months lived if everyone were exposed less if nobody were, averaged over an adjusted Cox model.

    Cox regression on exposure and covariates (tied deaths by Breslow), Breslow's baseline, each patient's two predicted
    curves, their mean over the patients of the target. Without `draws` the error is the infinitesimal jackknife of the
    whole estimate, one cluster per patient: coefficients, baseline and the sample of covariates all count.

    Claims
    ------
    `survival_difference(at=...)` or `rmst_difference(horizon=...)`, in the population named by `target`.

    Assumes
    -------
    Every common cause of exposure and death is among the covariates; proportional hazards of the covariates, and of
    exposure where the baseline is shared; the same ratios in both arms; censoring and delayed entry that carry no
    information given the covariates; exposure fixed at time zero.

    Breaks when
    -----------
    A common cause is hidden, exposure is decided after time zero (immortal time favours the exposed), or the model is
    wrong: an effect that wanes under a shared baseline is spread over all of follow-up. With few deaths per covariate
    the curves are too far apart. BEYOND_FOLLOW_UP when nobody is followed to the month (by arm: nobody of an arm).

    Parameters
    ----------
    contrast : {"survival_difference", "rmst_difference"}
        What is compared.
    months : float
        The month from time zero at which survival is compared, or up to which months lived are counted.
    target : {"ate", "att"}
        Over whose covariates the curves are averaged: everyone's, or those of the exposed.
    baseline : {"shared", "by_arm"}
        One baseline hazard with a hazard ratio of exposure, or one for each arm and no ratio.
    using : tuple of str
        Covariates to adjust for; none named means all measured.
    draws : int
        Resamples of patients through the whole analysis for the error; 0 for the infinitesimal jackknife.

    Raises
    ------
    BiasimError
        A name in `using` that was not measured.

    References
    ----------
    Robins 1986, doi 10.1016/0270-0255(86)90088-6. Chen and Tsiatis 2001, doi 10.1111/j.0006-341X.2001.01030.x.
    """
    word = "at" if contrast == "survival_difference" else "horizon"
    estimand = f"{contrast}({word}={months:g}{', target=exposed' if target == 'att' else ''})"
    columns = chosen(observed, using or True)
    diagnostics = counts(observed)
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    question = Question(
        columns=tuple(columns), by_arm=baseline == "by_arm", exposed_only=target == "att", month=months, area=word == "horizon"
    )
    if message := _too_short(observed, months, question.by_arm):
        return failed(estimand, Status.BEYOND_FOLLOW_UP, message, diagnostics)
    model = observed.once(("standardised", *columns, baseline), lambda: fitted(observed, question, np.ones(observed.size)))
    if model.status is not Status.OK:
        return failed(estimand, model.status, model.message, diagnostics)
    found = standardised(model, question)
    if not draws:
        return estimated(estimand, found.value, found.error(observed.patient), diagnostics)
    error, told = bootstrap_error(observed, draws, lambda copies: _again(observed, question, copies).value)
    return estimated(estimand, found.value, error, diagnostics | told, "" if np.isfinite(error) else TOO_FEW)


def _too_short(observed: Observed, months: float, by_arm: bool) -> str:
    """The sentence that says whose follow-up ends before a month; empty when nobody's does."""
    within = {"exposed": observed.exposed, "unexposed": ~observed.exposed} if by_arm else {"patients": observed.time > -inf}
    ends = {name: observed.time[rows].max() for name, rows in within.items()}
    short = [f"the {name} end at month {end:.4g}" for name, end in ends.items() if end < months]
    return f"follow-up does not reach month {months:g}: {' and '.join(short)}" if short else ""


def _again(observed: Observed, question: Question, copies: np.ndarray) -> Outcome:
    """The estimate in a resample; nan when there is none."""
    model = fitted(observed, question, copies)
    return standardised(model, question) if model.status is Status.OK else Outcome(value=nan, influence=copies)
