"""The keys of a study file and what may stand under them, apart from the choices of parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from biasim.units import HazardRatio, Unit, Within

Direction = Literal["favours surgery", "none", "against surgery"]
TRUTH_SIZE = 200_000  # mcse of a log hazard ratio about 0.005 when a third is operated and most have died


PatientCount = Annotated[int, Unit("patients"), Within(1, 10_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The one number of `run` that a scenario may have of its own."""

    size: PatientCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How much to simulate."""

    size: PatientCount
    replicates: Annotated[int, Unit("replicates"), Within(1, 10_000_000)]
    seed: Annotated[int, Unit("seed"), Within(0, 2**63 - 1)]
    truth: Annotated[int, Unit("patients"), Within(1_000, 10_000_000)] = TRUTH_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """What a design is to report: a hazard ratio, with its interval if there is one, or the one of a published study."""

    design: str = ""  # "": the first
    method: str = ""  # label; "": the first of the design
    hazard_ratio: HazardRatio | None = None
    low: HazardRatio | None = None  # 95% interval
    high: HazardRatio | None = None
    published: str = ""  # id of the evidence tables, in place of the three


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve:
    """Which parameter is unknown, or which two, where it is looked for, and what the design is to report with it."""

    unknown: Any  # a dotted path, or a list of two
    between: Any  # [low, high], or a list of two such
    until: Until


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFile:
    """The top of a study file, in the order of ADEMP."""

    study: str
    aim: str
    world: Any
    designs: Mapping[str, Any]
    estimands: tuple[Any, ...]
    performance: tuple[Any, ...]
    run: Run
    story: str = ""
    change: Mapping[str, Any] | None = None
    vary: Mapping[str, tuple[Any, ...]] | None = None
    switches: Mapping[str, Mapping[str, Any]] | None = None
    solve: Solve | None = None
    expect: Mapping[str, Direction] | None = None
    published: tuple[str, ...] = ()
