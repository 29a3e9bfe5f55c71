"""The hazard ratio of exposure for deaths that it cannot act on."""

from __future__ import annotations

from typing import Annotated, Literal

from biasim.answers import Estimate
from biasim.methods._cause import cause_refused, died_of, no_causes
from biasim.methods._checks import CONDITIONAL, MARGINAL, chosen, counts
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.types import Observed
from biasim.units import OTHER_CAUSES


def negative_control_outcome(
    observed: Observed,
    *,
    adjust: bool | tuple[str, ...] = False,
    ties: Literal["efron", "breslow"] = "efron",
    robust: bool = False,
) -> Annotated[Estimate, OTHER_CAUSES]:
    """The log hazard ratio of exposure for death from other causes, on which surgery of the tumour does not act.

    The Cox regression of `cox` with death from the cancer as censoring. What it finds is not an effect but a
    measure of what is wrong with the comparison: 0 is expected, and an interval without 0 shows confounding,
    or any other flaw that bears on both kinds of death, immortal time among them.

    Claims
    ------
    The conditional log hazard ratio when adjusted, the marginal one when not, of a surgery that does nothing: the
    number to be compared with is 0.

    Assumes
    -------
    Surgery has no effect on other deaths; they are told apart from deaths from the cancer; for an answer of 0, every
    common cause of exposure and of OTHER death among the covariates, and, where surgery does work, every common
    cause of both kinds of death too: else those whom it saves from the cancer are the frail, who die of something else.

    Breaks when
    -----------
    A common cause of exposure and other death is hidden: chosen by the better outlook, the exposed seem protected
    (below 0). It stays silent about a hidden cause that bears on death from the cancer alone, and is noisy: other
    deaths are few. MISSING_VALUES when the causes of death are not recorded.

    Parameters
    ----------
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
    Lipsitch, Tchetgen Tchetgen and Cohen 2010, doi 10.1097/EDE.0b013e3181d61eeb. Shi, Miao and Tchetgen Tchetgen 2020,
    doi 10.1007/s40471-020-00243-4.
    """
    estimand = CONDITIONAL if adjust else MARGINAL
    covariates = chosen(observed, adjust)
    if missing := no_causes(estimand, observed, counts(observed)):
        return missing
    control = died_of(observed, "other")
    diagnostics = counts(control)
    return cause_refused(estimand, observed, "other", diagnostics) or log_hazard_ratio(
        estimand,
        control,
        diagnostics,
        covariates=covariates,
        clusters=(control.patient,) if robust else None,
        ties=ties,
    )
