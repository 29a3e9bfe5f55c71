"""The log hazard ratios of `patients.de_novo`; the numbers live in world files alone."""

from __future__ import annotations

from dataclasses import dataclass

from biasim.units import LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLogHazard:
    """Log hazard ratios of what a registry could hold; `age` per decade, `sites_over_one` per further site."""

    age: LogRatio
    year: LogRatio
    hr_pos_her2_pos: LogRatio
    hr_neg_her2_pos: LogRatio
    tnbc: LogRatio
    grade3: LogRatio
    T3: LogRatio
    T4: LogRatio
    N2: LogRatio
    N3: LogRatio
    lung: LogRatio
    liver: LogRatio
    brain: LogRatio
    other: LogRatio
    sites_over_one: LogRatio
    cci1: LogRatio
    cci2: LogRatio
    medicaid: LogRatio
    medicare: LogRatio
    uninsured: LogRatio
    academic: LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenLogHazard:
    """Log hazard ratios of what no registry holds; `burden` per unit of log tumour load."""

    burden: LogRatio
    ps1: LogRatio
    ps2: LogRatio
    ps3: LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Prognosis:
    """Log hazard ratios against the reference patient."""

    recorded: RecordedLogHazard
    hidden: HiddenLogHazard
