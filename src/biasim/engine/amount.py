"""How many patients a question is put to where nothing is said: enough replicates for an error, on a total that is affordable."""

from __future__ import annotations

from biasim.config.study import Study

LEAST = 20  # replicates: the standard error of a mean is then itself known to about a sixth


def amount(study: Study, patients: int, size: int | None, replicates: int | None) -> tuple[int, int]:
    """Size and replicates that make about `patients` in all: cohorts as large as the study's, but not fewer than `LEAST`."""
    if size is None:
        size = max(1, min(study.scenarios[0].size, patients // (replicates or LEAST)))
    return size, replicates or max(LEAST, patients // size)
