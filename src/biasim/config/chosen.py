"""Which design and which method of one or of two studies: those named, else the first, of two the first that both have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from biasim.config.lines import Analysis
from biasim.config.study import Study
from biasim.errors import BiasimError, meant


def named(typed: str) -> tuple[str, str]:
    """Study and design of `STUDY:design`; a colon before a slash or a backslash belongs to a path."""
    study, colon, design = typed.rpartition(":")
    return (study, design) if colon and study and not {"/", "\\"}.intersection(design) else (typed, "")


def chosen(studies: tuple[Study, Study], designs: tuple[str, str], method: str = "") -> tuple[Analysis, Analysis]:
    """Two analyses. A design named for one study alone is looked for in the other; a method by its label.

    Where no label is in both designs, the first method of each. Raises BiasimError, with the likely intention, for a name
    that is not there.
    """
    held: list[Mapping[str, Any]] = [study.scenarios[0].designs for study in studies]
    shared = [name for name in held[0] if name in held[1]]
    either = next(filter(None, designs), "")
    if not either and not shared:
        there = "; ".join(f"{study.name} has {', '.join(names)}" for study, names in zip(studies, held, strict=True))
        raise BiasimError(f"no design is in both: {there}. Name them: biasim diff {studies[0].name}:NAME {studies[1].name}:NAME")
    wanted = [name or either or shared[0] for name in designs]
    for study, name in zip(studies, wanted, strict=True):
        one_of(study, name)  # a design that is not there is told before a method
    first, second = (one_of(study, name, method) for study, name in zip(studies, wanted, strict=True))
    labels = [list(names[name].methods) for names, name in zip(held, wanted, strict=True)]
    both = [] if method else [label for label in labels[0] if label in labels[1]]
    return (replace(first, method=both[0]), replace(second, method=both[0])) if both else (first, second)


def one_of(study: Study, design: str = "", method: str = "") -> Analysis:
    """One analysis of a study: the first design and its first method where none is named. Raises BiasimError."""
    designs = study.scenarios[0].designs
    name = design or next(iter(designs))
    if name not in designs:
        raise BiasimError(f"{_place(study, 'designs')}: no design called '{name}'. {meant(name, list(designs))}")
    known = list(designs[name].methods)
    if method and method not in known:
        place = _place(study, f"designs.{name}.methods")
        raise BiasimError(f"{place}: no method of '{name}' is called '{method}'. {meant(method, known)}")
    return Analysis(study=study, design=name, method=method or known[0])


def _place(study: Study, path: str) -> str:
    """`configs/paradox.yaml:14`."""
    return f"{study.source}:{study.where[path][0]}" if path in study.where else study.source
