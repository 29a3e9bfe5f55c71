"""The pooled hazard ratio of a literature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from math import isfinite
from typing import Annotated, Any, Literal

from biasim.answers import Estimate, Status
from biasim.kernels.pooling import Pooled, pool
from biasim.kernels.small_studies import egger
from biasim.methods._checks import counts, estimated, failed, refusal
from biasim.methods._studies import CLAIMS, Literature, literature
from biasim.types import Observed
from biasim.units import PositiveCount, Unit, Within

SizeRatio = Annotated[float, Unit("number"), Within(1.0)]


def meta_analysis(
    observed: Observed,
    *,
    studies: PositiveCount = 12,
    spread: SizeRatio = 10.0,
    of: Literal["crude", "adjusted", "weighted", "matched"] = "adjusted",
    model: Literal["fixed", "dersimonian_laird", "paule_mandel", "reml", "hartung_knapp"] = "reml",
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
    random effects are too narrow under real heterogeneity; hartung_knapp is made for that.

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

    References
    ----------
    DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2. Restricted maximum likelihood: Viechtbauer 2005,
    doi 10.3102/10769986030003261. Hartung-Knapp: Sidik and Jonkman 2002, doi 10.1002/sim.1262. I^2: Higgins and Thompson
    2002, doi 10.1002/sim.1186. Small studies: Egger et al. 1997, doi 10.1136/bmj.315.7109.629.
    """
    estimand = CLAIMS[of]
    diagnostics = counts(observed)
    if refused := refusal(estimand, observed, diagnostics):
        return refused
    reports = literature(observed, studies, spread, of)
    heterogeneity = {"fixed": "none", "hartung_knapp": "reml"}.get(model, model)
    pooled = pool(
        reports.estimate, reports.standard_error, heterogeneity=heterogeneity, hartung_knapp=model == "hartung_knapp"
    )
    diagnostics |= _told(pooled, reports, studies)
    if not pooled.studies:
        largest = reports.largest
        return failed(estimand, largest.status, f"no study has an estimate; the largest: {largest.message}", diagnostics)
    if model == "hartung_knapp" and pooled.studies < 2:
        return failed(estimand, Status.SINGULAR, "only one study has an estimate: no spread between studies", diagnostics)
    found = estimated(estimand, pooled.estimate, pooled.standard_error, diagnostics)
    return replace(found, low=pooled.low, high=pooled.high) if found.status is Status.OK else found


def _told(pooled: Pooled, reports: Literature, studies: int) -> dict[str, float]:
    """What a meta-analysis prints beside its estimate, where there is a value."""
    told = {
        "studies": float(studies),
        "studies_used": float(pooled.studies),
        "tau2": pooled.tau2,
        "i2": pooled.i2,
        "q": pooled.q,
        "q_p": pooled.q_p,
        "prediction_low": pooled.prediction_low,
        "prediction_high": pooled.prediction_high,
        "egger_p": egger(reports.estimate, reports.standard_error).p,
    }
    return {name: float(value) for name, value in told.items() if isfinite(value)}


def studies_table(observed: Observed, parameters: Mapping[str, Any]) -> list[tuple[int, float, float, float]]:
    """(number, estimate, standard error, pooled estimate) of every study with an estimate, smallest first."""
    defaults = {name: value.default for name, value in signature(meta_analysis).parameters.items()}
    asked = defaults | dict(parameters)
    reports = literature(observed, asked["studies"], asked["spread"], asked["of"])
    pooled = meta_analysis(observed, **parameters).estimate
    pairs = zip(reports.estimate.tolist(), reports.standard_error.tolist(), strict=True)
    return [(number, *pair, pooled) for number, pair in enumerate(pairs, start=1)]
