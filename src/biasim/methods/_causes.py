"""Deaths by cause: which of them an analysis counts, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from biasim.answers import Estimate, Status
from biasim.methods._checks import failed, nobody, refusal
from biasim.types import Observed

CANCER, OTHER = 1, 2  # the codes of Observed.cause
UNRECORDED = "the cause of death is not recorded"
NAMED = {CANCER: "from the cancer", OTHER: "from other causes"}


def died_of(observed: Observed, cause: int) -> Observed:
    """The same data with deaths of one cause as events; the others end observation. Needs the causes to be recorded."""
    return replace(observed, event=observed.event & (observed.cause == cause))


def no_causes(estimand: str, observed: Observed, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis that needs causes of death and has none, or has an empty arm; None when it may go on."""
    if empty := nobody(estimand, observed, diagnostics):
        return empty
    return failed(estimand, Status.MISSING_VALUES, UNRECORDED, diagnostics) if observed.cause is None else None


def refused(estimand: str, observed: Observed, cause: int, diagnostics: Mapping[str, float]) -> Estimate | None:
    """The row of an analysis of deaths of one cause that cannot give a hazard ratio, its message saying of which."""
    found = refusal(estimand, died_of(observed, cause), diagnostics)
    return found and replace(found, message=f"deaths {NAMED[cause]}: {found.message}")
