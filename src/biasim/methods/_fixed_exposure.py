"""Patients whose exposure begins during follow-up, as an analysis sees them that fixes it."""

from __future__ import annotations

from dataclasses import fields

from biasim.types import Bools, Floats, Observed


def fixed(observed: Observed, *, exposed: Bools, **changed: Floats) -> Observed:
    """The same rows as plain `Observed`, exposed or not for the whole of follow-up; `changed` replaces other fields."""
    held = {field.name: getattr(observed, field.name) for field in fields(Observed) if field.init}
    return Observed(**{**held, "exposed": exposed, **changed})
