"""The hazard ratio of another analysis, provided that a journal takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp
from types import MappingProxyType
from typing import Annotated, Literal

from biasim.answers import Estimate, Status
from biasim.methods._checks import failed
from biasim.methods._publication import lot, taken
from biasim.methods.cox import cox
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted
from biasim.types import Observed
from biasim.units import Probability, Switch

Adjust = bool | tuple[str, ...]
ANALYSES: Mapping[str, Callable[[Observed, Adjust], Estimate]] = MappingProxyType({
    "cox": lambda observed, adjust: cox(observed, adjust=adjust),
    "cox_matched": lambda observed, adjust: cox_matched(observed, using=named(adjust)),
    "cox_weighted": lambda observed, adjust: cox_weighted(observed, using=named(adjust)),
    "cox_stratified_score": lambda observed, adjust: cox_stratified_score(observed, using=named(adjust)),
})


def written_up(
    observed: Observed,
    *,
    of: Literal["cox", "cox_matched", "cox_weighted", "cox_stratified_score"] = "cox",
    adjust: bool | tuple[str, ...] = False,
    share: Annotated[Probability, Switch(1.0)] = 0.41,
) -> Estimate:
    """The estimate of another method where it is written up: always if significant in favour of exposure, else by chance.

    A result that is not written up is a row with the status NOT_WRITTEN_UP; the share of those that are is the convergence of the
    method. Whether a result without significance is lucky depends on the data alone, whatever `share` is.

    Claims
    ------
    What the method that it reports claims.

    Assumes
    -------
    What that method assumes, and that every study is written up (`share` 1).

    Breaks when
    -----------
    What is written up depends on the result: the estimates that readers see favour the exposed, the more so the smaller the
    studies. Of normal estimates with error s about an effect b, a share p = P(Z < -1.96 - b/s) is significant in favour; what
    is read has the mean b - s (1 - share) f(1.96 + b/s) / (share + (1 - share) p), f the normal density: 2.34 errors below 0
    where there is no effect and significance alone counts.

    Parameters
    ----------
    of : str
        The method, with its defaults.
    adjust : bool or tuple of str
        Covariates of the method; of its score, where it has one (all measured where none are named).
    share : float
        Chance that a result is written up which is not significant in favour of exposure at 5%, two-sided. Default: 0.41,
        the median of the shares of trials without a positive finding that were published, 0.11 to 0.85 (Hopewell et al.
        2009); that positive ones always are is assumed.

    Raises
    ------
    BiasimError
        A name in `adjust` that was not measured.

    References
    ----------
    Hopewell, Loudon, Clarke, Oxman and Dickersin 2009, doi 10.1002/14651858.MR000006.pub3. Exaggeration: Gelman and Carlin
    2014, doi 10.1177/1745691614551642.
    """
    found = ANALYSES[of](observed, adjust)
    if found.status is not Status.OK or taken(found.estimate, found.standard_error, lot(observed), share):
        return found
    message = f"hazard ratio {exp(found.estimate):.2f} ({exp(found.low):.2f} to {exp(found.high):.2f}): not written up"
    return failed(found.estimand, Status.NOT_WRITTEN_UP, message, found.diagnostics)


def named(adjust: Adjust) -> tuple[str, ...]:
    """The covariates of a score: those named, or all."""
    return () if isinstance(adjust, bool) else adjust
