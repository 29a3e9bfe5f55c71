"""The pooled hazard ratio of a literature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from math import isfinite
from typing import Annotated, Any, Literal

from biasim.answers import Estimate, Status
from biasim.methods._checks import counts, estimated, failed, refusal
from biasim.methods._publication import REMEDIES, Model
from biasim.methods._studies import CLAIMS, literature, told
from biasim.types import Observed
from biasim.units import PositiveCount, Probability, Switch, Unit, Within

SizeRatio = Annotated[float, Unit("number"), Within(1.0)]


def meta_analysis(
    observed: Observed,
    *,
    studies: PositiveCount = 12,
    spread: SizeRatio = 10.0,
    of: Literal["crude", "adjusted", "weighted", "matched"] = "adjusted",
    model: Literal["fixed", "dersimonian_laird", "paule_mandel", "reml", "hartung_knapp"] = "reml",
    written_up: Annotated[Probability, Switch(1.0)] = 1.0,
    remedy: Literal["none", "trim_and_fill", "precision_effect", "selection_model"] = "none",
) -> Estimate:
    """The log hazard ratio of exposure pooled over studies that share the design, and so its bias.

    The patients are dealt into studies of geometrically growing size, at random but always alike for the same data; each
    study is analysed by Cox regression and the estimates are pooled by inverse variance. Studies without an estimate are
    left out and counted. Agreement between the studies (`i2` near 0, `q_p` and `egger_p` large) says nothing about bias:
    a flaw that all share pools to a narrow interval around a wrong value.

    Claims
    ------
    What each study claims: the conditional log hazard ratio when adjusted, the marginal one when not (in the exposed when
    matched).

    Assumes
    -------
    What each study's analysis assumes; studies large enough for normal estimates whose errors are known. A random-effects
    model expects effects that vary normally between studies; patients dealt at random from one cohort share one effect, so
    that a normal interval is then somewhat wide where tau^2 is estimated above 0, and a fixed effect is right.

    Breaks when
    -----------
    The studies share a bias: pooling narrows the interval and leaves the bias. Studies are small (some twenty deaths or
    fewer): those without an estimate drop out, and errors that depend on the estimates weight the rest, which draws the
    pooled value away from or towards 0 and can look like publication bias (`egger_p`). Few studies: normal intervals of
    random effects are too narrow under real heterogeneity; hartung_knapp is made for that. Studies are written up by their
    result: below 1, `written_up` favours the exposed, small studies most. The remedies look at the funnel of what was written up:
    a selection model is right where it is true; the other two take every slope of small studies for selection.

    Parameters
    ----------
    studies : int
        How many the patients are dealt into.
    spread : float
        Patients in the largest study over patients in the smallest; 1 for studies of one size.
    of : {"crude", "adjusted", "weighted", "matched"}
        The analysis of each study: Cox regression on exposure alone or on all covariates, or after weighting or matching
        by the propensity score.
    model : {"fixed", "dersimonian_laird", "paule_mandel", "reml", "hartung_knapp"}
        One common effect, or random effects with that estimator of their variance; hartung_knapp takes reml and an interval
        by the t distribution.
    written_up : float
        Chance that a study is written up which is not significant in favour of exposure at 5%; only those written up are pooled.
        Default: 1, the switch. Published: 0.41 (see `written_up`).
    remedy : {"none", "trim_and_fill", "precision_effect", "selection_model"}
        What is reported: the pooled estimate; that with images of the studies that seem to be missing; the limit of a study
        without error by regression on the errors; or one effect beside a chance to be written up, by maximum likelihood.

    References
    ----------
    DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2. Restricted maximum likelihood: Viechtbauer 2005,
    doi 10.3102/10769986030003261. Hartung-Knapp: Sidik and Jonkman 2002, doi 10.1002/sim.1262. I^2: Higgins and Thompson
    2002, doi 10.1002/sim.1186. Small studies: Egger et al. 1997, doi 10.1136/bmj.315.7109.629. Remedies: Duval and Tweedie
    2000, doi 10.1111/j.0006-341X.2000.00455.x; Stanley and Doucouliagos 2014, doi 10.1002/jrsm.1095; Vevea and Hedges 1995,
    doi 10.1007/BF02294384.
    """
    estimand = CLAIMS[of]
    diagnostics = counts(observed)
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    reports = literature(observed, studies, spread, of)
    seen = reports.written(written_up)
    found = reports.estimate[seen], reports.standard_error[seen]
    heterogeneity = {"fixed": "none", "hartung_knapp": "reml"}.get(model, model)
    how = Model(heterogeneity=heterogeneity, hartung_knapp=model == "hartung_knapp")
    pooled = how.pool(*found)
    diagnostics |= told(pooled, *found, studies, len(seen) - pooled.studies)
    if not len(seen):
        largest = reports.largest
        return failed(estimand, largest.status, f"no study has an estimate; the largest: {largest.message}", diagnostics)
    if not pooled.studies:
        return failed(estimand, Status.NOT_WRITTEN_UP, f"none of {len(seen)} studies was written up", diagnostics)
    if model == "hartung_knapp" and pooled.studies < 2:
        return failed(estimand, Status.SINGULAR, "only one study has an estimate: no spread between studies", diagnostics)
    answer = pooled if remedy == "none" else REMEDIES[remedy](*found, how)
    diagnostics |= {} if remedy == "none" else answer.told
    message = "" if isfinite(answer.estimate) else f"{remedy} has no value for these {pooled.studies} studies"
    given = estimated(estimand, answer.estimate, answer.standard_error, diagnostics, message)
    return replace(given, low=answer.low, high=answer.high) if given.status is Status.OK else given


def studies_table(observed: Observed, parameters: Mapping[str, Any]) -> list[tuple[int, float, float, float, bool]]:
    """(number, estimate, standard error, what is pooled, whether written up) of studies with an estimate, smallest first."""
    defaults = {name: value.default for name, value in signature(meta_analysis).parameters.items()}
    asked = defaults | dict(parameters)
    reports = literature(observed, asked["studies"], asked["spread"], asked["of"])
    reported = meta_analysis(observed, **parameters).estimate
    columns = (reports.estimate, reports.standard_error, reports.written(asked["written_up"]))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(number, estimate, error, reported, seen) for number, (estimate, error, seen) in enumerate(rows, start=1)]
