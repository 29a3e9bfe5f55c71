"""Deaths by cause: those asked for, and all others."""

from __future__ import annotations

from typing import Literal

from biasim.answers import Estimate, Status
from biasim.methods._checks import counts, failed, nobody, refusal
from biasim.types import Bools, Observed

Cause = Literal["cancer", "other"]
CODE = {"cancer": 1, "other": 2}
UNKNOWN = "causes of death are not recorded"


def by_cause(observed: Observed, cause: Cause) -> tuple[Bools, Bools]:
    """Who died of `cause`, and who of anything else. Causes must be recorded."""
    died = observed.event & (observed.cause == CODE[cause])
    return died, observed.event & ~died


def counts_by_cause(observed: Observed, cause: Cause) -> dict[str, float]:
    """The usual counts, and deaths of `cause`, in all and among the exposed, where causes are recorded."""
    diagnostics = counts(observed)
    if observed.cause is not None:
        died, _ = by_cause(observed, cause)
        diagnostics |= {"events_of_cause": float(died.sum()), "events_of_cause_exposed": float((died & observed.exposed).sum())}
    return diagnostics


def cause_refused(estimand: str, observed: Observed, cause: Cause, diagnostics: dict[str, float]) -> Estimate | None:
    """The row of an analysis that cannot give a hazard ratio of deaths of `cause`; None when it may."""
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    if not observed.event.any():
        return refusal(estimand, observed, diagnostics)
    if observed.cause is None:
        return failed(estimand, Status.MISSING_VALUES, UNKNOWN, diagnostics)
    died, _ = by_cause(observed, cause)
    of = {"cancer": "of the cancer", "other": "of another cause"}[cause]
    if not died.any():
        return failed(estimand, Status.NO_EVENTS, f"no death {of} among {observed.size} patients", diagnostics)
    for arm, within in (("exposed", observed.exposed), ("unexposed", ~observed.exposed)):
        if not died[within].any():
            message = f"no death {of} among the {arm}: the hazard ratio has no finite estimate"
            return failed(estimand, Status.SEPARATION, message, diagnostics)
    return None
