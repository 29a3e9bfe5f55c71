"""Deaths by cause: which of them an analysis counts, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from biasim.answers import Estimate, Status
from biasim.methods._checks import counts, failed, nobody, refusal
from biasim.types import Bools, Observed

Cause = Literal["cancer", "other"]
CODE = {"cancer": 1, "other": 2}  # as in Observed.cause
NAMED = {"cancer": "from the cancer", "other": "from other causes"}
UNRECORDED = "the cause of death is not recorded"


def by_cause(observed: Observed, cause: Cause) -> tuple[Bools, Bools]:
    """Who died of `cause`, and who of anything else, counted by the study as an event or not. Causes must be recorded."""
    died = observed.cause == CODE[cause]
    return died, (observed.event | (observed.cause > 0)) & ~died


def died_of(observed: Observed, cause: Cause) -> Observed:
    """The same data with deaths of one cause as events; the others end observation. Causes must be recorded."""
    return replace(observed, event=by_cause(observed, cause)[0])


def counts_by_cause(observed: Observed, cause: Cause) -> dict[str, float]:
    """The usual counts, and deaths of `cause`, in all and among the exposed, where causes are recorded."""
    diagnostics = counts(observed)
    if observed.cause is not None:
        died, _ = by_cause(observed, cause)
        diagnostics |= {"events_of_cause": float(died.sum()), "events_of_cause_exposed": float((died & observed.exposed).sum())}
    return diagnostics


def no_causes(estimand: str, observed: Observed, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis that needs causes of death and has none, or has an empty arm; None when it may go on."""
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    if not observed.event.any():
        return refusal(estimand, observed, diagnostics)
    return failed(estimand, Status.MISSING_VALUES, UNRECORDED, diagnostics) if observed.cause is None else None


def cause_refused(estimand: str, observed: Observed, cause: Cause, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis that cannot give a hazard ratio of deaths of `cause`; None when it may."""
    if missing := no_causes(estimand, observed, diagnostics):
        return missing
    found = refusal(estimand, died_of(observed, cause), diagnostics)
    return found and replace(found, message=f"deaths {NAMED[cause]}: {found.message}")
