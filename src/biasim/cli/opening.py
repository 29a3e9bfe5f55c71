"""From what the user typed to a checked study: the one way in for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biasim.config.study import Study


def open_study(name: str) -> Study:
    """The study called `name` (a name in configs/ or a path), checked and tried on a few patients.

    Raises StudyRefused with every mistake; nothing has run then and nothing has been written.
    """
    from biasim.config.load import load, resolve
    from biasim.engine.dry_run import dry_run
    from biasim.evidence.published import published_ids

    study = load(resolve(name), published_ids=frozenset(published_ids()))
    dry_run(study)
    return study
