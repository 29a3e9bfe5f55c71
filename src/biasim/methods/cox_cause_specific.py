"""The hazard ratio of exposure for death of one cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from biasim.answers import Estimate
from biasim.methods._cause import by_cause, cause_refused, counts_by_cause
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed
from biasim.units import IF_OTHER


def cox_cause_specific(
    observed: Observed,
    *,
    cause: Annotated[Literal["cancer", "other"], IF_OTHER] = "cancer",
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
) -> Estimate:
    """The log hazard ratio of exposure for death of one cause, by Cox regression that censors all other deaths.

    The cause-specific hazard: deaths of the cause per month among those alive. Delayed entry is honoured. A death
    of unknown cause counts as one of another cause. MISSING VALUES where no causes are recorded.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, of death from this cause: with `cancer`
    in a world in which surgery acts on no other death, the conditional one is the world's own parameter.

    Assumes
    -------
    Proportional cause-specific hazards; causes are known without error; the covariates hold whatever drives both
    exposure and death of this cause. Nothing about how the causes depend on each other: that is needed only to read the
    ratio as what it would be with the other cause abolished.

    Breaks when
    -----------
    Those fit for surgery are also fit otherwise and that is not measured (confounding, most visible with `other`, on which
    surgery cannot act: a ratio below 1 there tells of it); the record names causes wrongly, and otherwise in the exposed. It is
    judged against the outcome of its design: where that is death, a ratio of all deaths, the ratio for cancer lies further from
    1, that for other causes nearer to it; `outcome: death_of_the_cancer` judges the ratio for cancer by its own truth.

    Parameters
    ----------
    cause : {"cancer", "other"}
        The deaths that count.
    adjust : bool or tuple of str
        True adjusts for every measured covariate, names for those alone.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.
    robust : bool
        Sandwich error, one cluster per patient (Lin and Wei).

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Prentice et al. 1978, doi 10.2307/2530374. Lau, Cole and Gange 2009, doi 10.1093/aje/kwp107.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    diagnostics = counts_by_cause(observed, cause)
    if refused := cause_refused(estimand, observed, cause, diagnostics):
        return refused
    return log_hazard_ratio(
        estimand,
        replace(observed, event=by_cause(observed, cause)[0]),
        diagnostics,
        covariates=covariates,
        clusters=(observed.patient,) if robust else None,
        ties=ties,
    )
