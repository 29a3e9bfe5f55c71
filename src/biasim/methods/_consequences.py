"""Which covariates are known at time zero only, and which ones later: what the exposure may have brought about."""

from __future__ import annotations

from biasim.methods._checks import chosen
from biasim.types import Integers, Observed


def known_later(observed: Observed) -> tuple[str, ...]:
    """The covariates that nobody knows at time zero, in the order of the data."""
    if observed.known_from is None:
        return ()
    return tuple(name for name, month in zip(observed.names, observed.known_from, strict=True) if month > 0.0)


def at_time_zero(observed: Observed, adjust: bool | tuple[str, ...], *, besides: tuple[str, ...]) -> Integers:
    """Columns to adjust for: True means all that are known at time zero; never the ones in `besides`.

    Raises BiasimError for a name that was not measured.
    """
    if adjust is True:
        later = known_later(observed)
        adjust = tuple(name for name in observed.names if name not in later)
    return chosen(observed, adjust, besides=besides)
