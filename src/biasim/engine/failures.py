"""What can go wrong while a study runs, in words for the user."""

from __future__ import annotations

from biasim.errors import BiasimError


class PartFailed(BiasimError):
    """A part raised an exception: a defect of the part, or parameters it cannot work with.

    The text names scenario, replicate, design and part, so that `biasim replay` can rebuild it.
    """


class WorkerDied(BiasimError):
    """A worker process ended in the middle of a block, most often because the system ran out of memory."""
