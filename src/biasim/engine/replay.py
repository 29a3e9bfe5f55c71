"""One replicate again, alone: the cohorts, what each design saw, what each method said."""

from __future__ import annotations

from dataclasses import dataclass

from biasim.config.study import Study
from biasim.engine.plan import plan
from biasim.engine.replicate import Row, analyse, cohorts, view
from biasim.engine.streams import Streams
from biasim.errors import BiasimError
from biasim.types import Cohort, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Everything of one replicate."""

    study: Study
    scenario: int
    replicate: int
    cohorts: dict[str, Cohort]  # by design
    observed: dict[str, Observed]  # by design
    rows: list[Row]  # one per analysis, in the order of the study


def replay(study: Study, *, replicate: int, scenario: int = 0) -> Replayed:
    """Rebuild a replicate from its keyed streams; equal to what a run of any length stored.

    Raises BiasimError for a scenario that the study does not have, PartFailed as in a run.
    """
    found = [one for one in study.scenarios if one.number == scenario]
    if not found:
        raise BiasimError(f"no scenario {scenario}: '{study.name}' has scenarios 0 to {len(study.scenarios) - 1}")
    if replicate < 0:
        raise BiasimError(f"no replicate {replicate}: replicates are counted from 0")
    planned = plan(found[0], study.seed)
    streams = Streams(study.seed, replicate)
    made = cohorts(planned, streams)
    seen = {design.name: view(planned, design, made[design.world], streams) for design in planned.designs}
    return Replayed(
        study=study,
        scenario=scenario,
        replicate=replicate,
        cohorts={design.name: made[design.world] for design in planned.designs},
        observed=seen,
        rows=[row for design in planned.designs for row in analyse(planned, design, seen[design.name], streams)],
    )
